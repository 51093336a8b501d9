// The web page of web/, built and gzipped when the program was.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace fm::server {

struct PageFile {
  std::string_view path;            // "/index.html", "/assets/index-D4kq1b2c.js"
  std::string_view type;            // "text/html; charset=utf-8"
  std::span<const std::byte> gzip;  // the content
  std::string_view etag;            // with its quotes; of the content before it was gzipped
  bool immutable = false;           // the content decides the name: it may be kept for ever
};

// In the order of their paths. The page itself is "/index.html".
[[nodiscard]] std::span<const PageFile> page_files();

// nullptr when there is none of this path; "/" is "/index.html".
[[nodiscard]] const PageFile* find_page_file(std::string_view path);

}  // namespace fm::server
