#include "google/storage.h"

#include <gtest/gtest.h>

#include "google/testing_cloud.h"

namespace fm::google {
namespace {

using fakegcp::Fault;

class StorageTest : public ::testing::Test {
 protected:
  StorageTest()
      : endpoints_(cloud_.endpoints()),
        tokens_(cloud_.env, cloud_.credentials(), cloud_.transports()().value(),
                {.endpoints = endpoints_}),
        api_(cloud_.env, tokens_, cloud_.transports()().value()),
        storage_(api_, endpoints_, std::string(kBucket)) {}

  std::string file_of(std::uint64_t bytes, char seed = 'a') {
    const std::string path = cloud_.directory.file(fmt::format("{}-{}", bytes, seed));
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < content.size(); ++i)
      content[i] = static_cast<char>(seed + static_cast<char>(i * 31 % 61));
    auto out = cloud_.env.create(path, Create::kTruncate).value();
    EXPECT_TRUE(out->write(content));
    EXPECT_TRUE(out->close());
    return path;
  }

  TestCloud cloud_;
  Endpoints endpoints_;
  Tokens tokens_;
  Api api_;
  Storage storage_;
};

// In one request, and in pieces: at the edges of both.
TEST_F(StorageTest, UploadsFilesOfEverySize) {
  const std::uint64_t sizes[] = {0,
                                 1,
                                 kUploadWholeBytes - 1,
                                 kUploadWholeBytes,
                                 kUploadWholeBytes + 1,
                                 3 * kUploadPieceBytes,
                                 3 * kUploadPieceBytes + 12'345};
  for (const std::uint64_t size : sizes) {
    const std::string name = fmt::format("lake/{} bytes", size);
    const auto made = storage_.upload(file_of(size), name);
    ASSERT_TRUE(made) << size << ": " << made.error().message();
    EXPECT_EQ(made->bytes, size);
    const auto found = storage_.find(name);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->crc32c, made->crc32c);
    EXPECT_EQ((*found)->generation, made->generation);
  }
  EXPECT_EQ(cloud_.cloud->open_sessions(), 0u);
}

TEST_F(StorageTest, AnUploadThatIsThereIsTheSame) {
  const std::string file = file_of(1'000);
  const auto first = storage_.upload(file, "lake/a");
  const auto again = storage_.upload(file, "lake/a");
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->generation, again->generation);
  const auto other = storage_.upload(file_of(1'000, 'b'), "lake/a");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kConflict);
}

TEST_F(StorageTest, MendsWhatBreaksOnTheWay) {
  // One request, and four: a session and three pieces.
  const std::pair<std::string, std::uint64_t> files[] = {{file_of(1'000), 1},
                                                         {file_of(kUploadWholeBytes + 7), 4}};
  const Fault faults[] = {Fault::kRequestLost, Fault::kReplyLost,    Fault::kTooMany,
                          Fault::kUnavailable, Fault::kBadGateway,   Fault::kTimedOut,
                          Fault::kTwice,       Fault::kPartialChunk, Fault::kUnauthorized};
  int n = 0;
  for (const Fault fault : faults) {
    for (const auto& [file, requests] : files) {
      for (std::uint64_t at = 1; at <= requests; ++at) {
        const std::string name = fmt::format("lake/{}", ++n);
        cloud_.cloud->script("", at, fault);
        const auto made = storage_.upload(file, name);
        ASSERT_TRUE(made) << fakegcp::name(fault) << " at " << at << ": " << made.error().message();
        cloud_.cloud->stop_faults();
        cloud_.cloud->start_faults(1, 0);
      }
    }
  }
}

TEST_F(StorageTest, AFileThatIsGoneIsAnError) {
  const std::string file = file_of(10);
  ASSERT_TRUE(cloud_.env.remove(file));
  EXPECT_EQ(storage_.upload(file, "lake/gone").error().code(), Code::kNotFound);
}

// In one request, and in pieces.
TEST_F(StorageTest, AFileThatShrinksIsAnError) {
  for (const std::uint64_t size : {std::uint64_t{1'000}, kUploadWholeBytes + 7}) {
    const std::string file = file_of(size);
    const std::string shorter = file_of(size - 1, 'b');
    cloud_.env.on_open = [&](const std::string& path, std::unique_ptr<ReadableFile> opened) {
      return path == file ? Env::posix().open(shorter).value() : std::move(opened);
    };
    const auto refused = storage_.upload(file, fmt::format("lake/{}", size));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kTruncated);
    EXPECT_NE(refused.error().message().find(
                  fmt::format("ends at byte {}; expected {} bytes", size - 1, size)),
              std::string::npos)
        << refused.error().message();
  }
}

TEST_F(StorageTest, ListsPageByPageAndRemovesOneGeneration) {
  const std::string file = file_of(10);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(storage_.upload(file, fmt::format("lake/list/{}", i)));
  ASSERT_TRUE(storage_.upload(file, "other"));
  std::vector<Object> found;
  ASSERT_TRUE(storage_.list("lake/list/", [&](std::vector<Object> objects) -> Status {
    found.insert(found.end(), objects.begin(), objects.end());
    return {};
  }));
  ASSERT_EQ(found.size(), 5u);
  Object stale = found[0];
  ++stale.generation;
  EXPECT_EQ(storage_.remove(stale).value(), false);
  EXPECT_EQ(storage_.remove(found[0]).value(), true);
  EXPECT_EQ(storage_.remove(found[0]).value(), false);
  EXPECT_FALSE(storage_.find("lake/list/0").value());
}

TEST_F(StorageTest, ABucketThatIsNotThereSaysSo) {
  Storage nowhere(api_, endpoints_, "nowhere");
  EXPECT_EQ(nowhere.location().error().code(), Code::kNotFound);
  EXPECT_EQ(storage_.location().value(), "US");
}

}  // namespace
}  // namespace fm::google
