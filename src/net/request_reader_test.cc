#include "net/request_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace fm::net {
namespace {

using Stage = RequestReader::Stage;

// What a reader makes of bytes that come in pieces; the last of `sizes` goes for all that follow.
std::string read_in_pieces(std::string_view bytes, const std::vector<std::size_t>& sizes) {
  RequestReader reader({.body_bytes_max = 100});
  std::string held;
  for (std::size_t i = 0; reader.stage() < Stage::kWhole && (!bytes.empty() || !held.empty());
       ++i) {
    const std::size_t size = sizes.empty() ? bytes.size() : sizes[std::min(i, sizes.size() - 1)];
    const std::size_t count = std::min(std::max<std::size_t>(size, 1), bytes.size());
    held += bytes.substr(0, count);
    bytes.remove_prefix(count);
    const Stage before = reader.stage();
    const std::size_t taken = reader.feed(held);
    held.erase(0, taken);
    if (count == 0 && taken == 0 && reader.stage() == before) break;
  }
  const ServerRequest& request = reader.request();
  std::string out = fmt::format("{} {} {}?{} {}", static_cast<int>(reader.stage()), request.method,
                                request.path, reader.raw_query(), request.body);
  for (const auto& [name, value] : request.headers) out += fmt::format("|{}={}", name, value);
  if (reader.stage() == Stage::kRefused) out += fmt::format("!{}", reader.refusal().status);
  return out;
}

TEST(RequestReader, ReadsTheSameHoweverTheBytesCome) {
  const std::string chunked = "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> requests = {
      "GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nA:  b c \r\n\r\n",
      "POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
      chunked + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
      chunked + "zz\r\n\r\n",
      "POST /p HTTP/1.1\r\nContent-Length: 101\r\n\r\n",
      "GET /ok HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET /%2e%2e HTTP/1.1\r\n\r\n"};
  rc::check([&] {
    const std::string request = *rc::gen::elementOf(requests);
    const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 30));
    RC_ASSERT(read_in_pieces(request, sizes) == read_in_pieces(request, {}));
  });
  EXPECT_EQ(read_in_pieces(requests[2], {1}), "2 POST /p? abcde|transfer-encoding=chunked");
}

TEST(RequestReader, LeavesTheNextRequestAlone) {
  const std::string_view bytes = "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
  RequestReader reader({});
  EXPECT_EQ(reader.feed(bytes), bytes.size() / 2);
  EXPECT_EQ(reader.stage(), Stage::kWhole);
  EXPECT_TRUE(reader.keeps_alive());
}

TEST(Target, IsDecodedOnce) {
  struct {
    const char* target;
    const char* path;  // null: refused
    const char* query;
  } const cases[] = {{"/", "/", ""},
                     {"/a%2Fb+c?d=%20", "/a/b+c", "d=%20"},
                     {"/?a?b", "/", "a?b"},
                     {"/a?", "/a", ""},
                     {"/%25%32%65%25%32%65/", "/%2e%2e/", ""},
                     {"/..a/b../...", "/..a/b../...", ""},
                     {"/a/..", nullptr, ""},
                     {"/a/..%2Fb", nullptr, ""},
                     {"/%2E./a", nullptr, ""},
                     {"/%00", nullptr, ""},
                     {"/%7f", nullptr, ""},
                     {"/%", nullptr, ""},
                     {"/%a", nullptr, ""},
                     {"a", nullptr, ""},
                     {"", nullptr, ""}};
  for (const auto& c : cases) {
    const auto target = parse_target(c.target);
    ASSERT_EQ(target.has_value(), c.path != nullptr) << c.target;
    if (!target) continue;
    EXPECT_EQ(target->path, c.path);
    EXPECT_EQ(target->query, c.query);
  }
}

}  // namespace
}  // namespace fm::net
