// A zip archive of files as they are, uncompressed, made while it is sent.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/env.h"
#include "net/http_server.h"

namespace fm::gateway {

struct ZipEntry {
  std::string name;
  std::string path;  // of the file on disk
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32 = 0;
};

// The whole archive as an answer of known length. Files above 4 GiB are written in the ZIP64 form.
// A file that has another size when it is sent breaks the answer off.
[[nodiscard]] net::ServerResponse zip_response(Env& env, std::span<const ZipEntry> entries);

}  // namespace fm::gateway
