#include "storage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

constexpr std::string_view kUpload = "/upload/storage/v1/b/lake/o";

std::string header(const Reply& reply, std::string_view wanted) {
  for (const auto& [name, value] : reply.response.headers)
    if (name == wanted) return value;
  return "";
}

Reply multipart(TestCloud& test, std::string_view metadata, std::string_view bytes,
                std::string_view query = "") {
  return test.send("POST", fmt::format("{}?uploadType=multipart{}", kUpload, query),
                   fmt::format("--b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{}\r\n"
                               "--b\r\nContent-Type: application/octet-stream\r\n\r\n{}\r\n--b--",
                               metadata, bytes),
                   "multipart/related; boundary=b");
}

TEST(Storage, MultipartChecksSumsAndPreconditions) {
  TestCloud test;
  const std::string good = crc32c_text(crc32c("123456789"));
  EXPECT_EQ(good, "4waSgw==");  // 0xE3069283, the sum's check value
  EXPECT_EQ(multipart(test, R"({"name":"a","crc32c":"AAAAAA=="})", "123456789").response.status,
            400);
  EXPECT_EQ(multipart(test, R"({"name":"a","md5Hash":"x"})", "123456789").response.status, 400);
  EXPECT_EQ(multipart(test, R"({"name":"a","colour":"red"})", "1").response.status, 400);
  EXPECT_TRUE(test.cloud->objects("lake").empty());
  const std::string metadata = fmt::format(R"({{"name":"a/b","crc32c":"{}"}})", good);
  const Reply made = multipart(test, metadata, "123456789", "&ifGenerationMatch=0");
  ASSERT_EQ(made.response.status, 200) << made.response.body;
  const Json object = Json::parse(made.response.body).value();
  EXPECT_EQ(object.at("size").text(), "9");
  EXPECT_EQ(object.at("md5Hash").text(), "JfnnlDI7RTiF9RgfG2JNCw==");
  EXPECT_EQ(multipart(test, metadata, "123456789", "&ifGenerationMatch=0").response.status, 412);
  const std::string generation = object.at("generation").text();
  EXPECT_EQ(
      multipart(test, metadata, "123456789", "&ifGenerationMatch=" + generation).response.status,
      200);
  EXPECT_EQ(test.reason("DELETE", "/storage/v1/b/lake/o/a%2Fb?ifGenerationMatch=" + generation),
            "412 conditionNotMet");
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake/o/a/b"), "404 notFound");  // not encoded
  const Reply media =
      test.send("GET", "/storage/v1/b/lake/o/a%2Fb?alt=media", "", "", {{"Range", "bytes=2-4"}});
  EXPECT_EQ(media.response.status, 206);
  EXPECT_EQ(media.response.body, "345");
  EXPECT_EQ(test.send("DELETE", "/storage/v1/b/lake/o/a%2Fb").response.status, 204);
  EXPECT_EQ(test.reason("DELETE", "/storage/v1/b/lake/o/a%2Fb"), "404 notFound");
}

TEST(Storage, ListsByPrefixPageByPage) {
  TestCloud test;
  for (const char* name : {"x/1", "x/2", "x/3", "y/1"}) test.put_object(name, "bytes");
  std::string names;
  std::string token;
  int pages = 0;
  do {
    const Json page = test.expect(
        200, "GET",
        fmt::format("/storage/v1/b/lake/o?prefix=x%2F&maxResults=2&pageToken={}", token));
    for (const Json& item : page.at("items").items()) names += item.at("name").text() + " ";
    token = page.at("nextPageToken").text();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(names, "x/1 x/2 x/3 ");
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake/o?colour=red"), "400 invalidParameter");
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/other/o"), "404 notFound");
}

class Resumable : public testing::Test {
 protected:
  static constexpr std::size_t kUnit = Storage::kChunkBytes;

  std::string start(std::string_view query = "", const std::string& metadata = "") {
    const Reply reply =
        test.send("POST", fmt::format("{}?uploadType=resumable&name=big{}", kUpload, query),
                  metadata.empty() ? fmt::format(R"({{"crc32c":"{}"}})", crc32c_text(crc32c(bytes)))
                                   : metadata);
    EXPECT_EQ(reply.response.status, 200) << reply.response.body;
    return header(reply, "Location");
  }
  Reply put(const std::string& session, std::string_view range, std::string body = "") {
    return test.send("PUT", session, std::move(body), "", {{"Content-Range", std::string(range)}});
  }
  std::string piece(std::size_t from, std::size_t count) { return bytes.substr(from, count); }

  TestCloud test;
  std::string bytes = [] {
    std::string text;
    for (std::size_t i = 0; i < 2 * kUnit + 1000; ++i) text += static_cast<char>(i * 31 % 251);
    return text;
  }();
};

TEST_F(Resumable, StoresChunksInOrder) {
  const std::string session = start("&ifGenerationMatch=0");
  EXPECT_EQ(header(put(session, "bytes */*"), "Range"), "");
  Reply reply = put(session, fmt::format("bytes 0-{}/*", kUnit - 1), piece(0, kUnit));
  EXPECT_EQ(reply.response.status, 308);
  EXPECT_EQ(header(reply, "Range"), fmt::format("bytes=0-{}", kUnit - 1));
  // A gap, a length that is another, a chunk of another size.
  EXPECT_EQ(put(session, fmt::format("bytes {}-{}/*", 2 * kUnit, 3 * kUnit - 1), piece(0, kUnit))
                .response.status,
            400);
  EXPECT_EQ(
      put(session, fmt::format("bytes {}-{}/*", kUnit, 2 * kUnit - 1), "short").response.status,
      400);
  EXPECT_EQ(put(session, fmt::format("bytes {}-{}/*", kUnit, kUnit + 99), piece(kUnit, 100))
                .response.status,
            400);
  // What is there is not stored again.
  EXPECT_EQ(put(session, fmt::format("bytes 0-{}/*", kUnit - 1), piece(0, kUnit)).response.status,
            308);
  reply = put(session, fmt::format("bytes */{}", bytes.size()));
  EXPECT_EQ(reply.response.status, 308);
  EXPECT_EQ(header(reply, "Range"), fmt::format("bytes=0-{}", kUnit - 1));
  const std::string rest = fmt::format("bytes {}-{}/{}", kUnit, bytes.size() - 1, bytes.size());
  reply = put(session, rest, piece(kUnit, bytes.size()));
  ASSERT_EQ(reply.response.status, 200) << reply.response.body;
  EXPECT_EQ(test.cloud->objects("lake")[0].bytes.read_all().value(), bytes);
  // The answer was lost: the same again, and the question, give the object.
  EXPECT_EQ(put(session, rest, piece(kUnit, bytes.size())).response.body, reply.response.body);
  EXPECT_EQ(put(session, fmt::format("bytes */{}", bytes.size())).response.body,
            reply.response.body);
}

TEST_F(Resumable, ChecksPreconditionsAndSumsAtTheEnd) {
  const std::string session = start("&ifGenerationMatch=0");
  test.put_object("big", "another");
  const std::string all = fmt::format("bytes 0-{}/{}", bytes.size() - 1, bytes.size());
  EXPECT_EQ(put(session, all, bytes).response.status, 412);
  EXPECT_EQ(put(session, all, bytes).response.status, 404);  // that was its end
  const std::string wrong = start("", R"({"crc32c":"AAAAAA=="})");
  EXPECT_EQ(put(wrong, all, bytes).response.status, 400);
  EXPECT_EQ(test.cloud->objects("lake")[0].bytes.read_all().value(), "another");
}

TEST_F(Resumable, SessionsExpire) {
  const std::string session = start();
  test.advance(7 * kNanosPerDay);
  test.log_in();
  const std::string all = fmt::format("bytes 0-{}/{}", bytes.size() - 1, bytes.size());
  EXPECT_EQ(put(session, all, bytes).response.status, 410);
}

TEST_F(Resumable, KeepsAPartOfAChunkWhenTheConnectionBreaks) {
  bool kept_some = false;
  for (int attempt = 0; attempt < 20 && !kept_some; ++attempt) {
    const std::string session = start();
    test.cloud->script("storage.resumable.put", 1, Fault::kPartialChunk);
    const Reply reply =
        put(session, fmt::format("bytes 0-{}/*", 2 * kUnit - 1), piece(0, 2 * kUnit));
    EXPECT_TRUE(reply.lost);
    const std::string range = header(put(session, "bytes */*"), "Range");
    kept_some = range == fmt::format("bytes=0-{}", kUnit - 1);
  }
  EXPECT_TRUE(kept_some);
}

}  // namespace
}  // namespace fm::fakegcp
