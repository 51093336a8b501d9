#include "server/page.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <regex>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace fm::server {
namespace {

constexpr std::size_t kBundleBytesMax = 250'000;  // gzipped, everything

std::string gunzip(std::span<const std::byte> gzip) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string input(reinterpret_cast<const char*>(gzip.data()), gzip.size());
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK) {
    char buffer[16384];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, sizeof buffer - stream.avail_out);
  }
  EXPECT_EQ(state, Z_STREAM_END);
  inflateEnd(&stream);
  return text;
}

std::string text_of(std::string_view path) {
  const PageFile* file = find_page_file(path);
  EXPECT_NE(file, nullptr) << path;
  return file == nullptr ? std::string() : gunzip(file->gzip);
}

TEST(Page, IsSmall) {
  std::size_t bytes = 0;
  for (const auto& file : page_files()) bytes += file.gzip.size();
  EXPECT_GT(bytes, 1'000U);
  EXPECT_LE(bytes, kBundleBytesMax);
}

TEST(Page, RefersOnlyToItsOwnFiles) {
  const std::string html = text_of("/");
  const std::regex reference(R"re((?:src|href)="([^"]*)")re");
  int found = 0;
  for (std::sregex_iterator it(html.begin(), html.end(), reference), end; it != end; ++it) {
    std::string path = (*it)[1];
    ASSERT_TRUE(path.starts_with("./")) << path;
    EXPECT_NE(find_page_file(path.substr(1)), nullptr) << path;
    ++found;
  }
  EXPECT_GE(found, 3);  // icon, script, style
}

// Content-Security-Policy: default-src 'self'.
TEST(Page, HoldsNothingInline) {
  const std::string html = text_of("/index.html");
  for (const auto* forbidden : {"<style", "style=", "onload=", "\"javascript:", "\"data:"})
    EXPECT_EQ(html.find(forbidden), std::string::npos) << forbidden;
  const std::regex script(R"(<script[^>]*>([^<]*)</script>)");
  for (std::sregex_iterator it(html.begin(), html.end(), script), end; it != end; ++it)
    EXPECT_EQ((*it)[1], "");
}

TEST(Page, NamesFilesByContentWhereTheyMayBeKept) {
  std::set<std::string_view> etags;
  for (const auto& file : page_files()) {
    EXPECT_EQ(file.immutable, file.path.starts_with("/assets/")) << file.path;
    EXPECT_TRUE(file.etag.size() > 10 && file.etag.front() == '"' && file.etag.back() == '"');
    EXPECT_TRUE(etags.insert(file.etag).second) << file.path;
    EXPECT_NE(file.type, "") << file.path;
  }
}

TEST(Page, HasNothingElse) {
  for (const auto* path : {"", "index.html", "/assets/", "/../index.html", "//"})
    EXPECT_EQ(find_page_file(path), nullptr) << path;
}

}  // namespace
}  // namespace fm::server
