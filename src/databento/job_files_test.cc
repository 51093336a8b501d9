// The JSON files of a batch job's folder.
#include <gtest/gtest.h>

#include "databento/historical_json.h"

namespace fm::databento::json {
namespace {

constexpr const char* kHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string file(const std::string& name, const std::string& size, const std::string& hash) {
  return R"({"filename":")" + name + R"(","size":)" + size + R"(,"hash":"sha256:)" + hash +
         R"(","urls":{"https":"https://h/v0/a","ftp":""}})";
}

TEST(JobFiles, AManifestNamesFilesWithSizeAndHash) {
  const auto manifest =
      read_manifest(R"({"job_id":"GLBX-20250617-C83SEA9BN7","files":[)" +
                    file("a.dbn", "3", kHash) + "," + file("condition.json", "0", kHash) + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message();
  EXPECT_EQ(manifest->job_id, "GLBX-20250617-C83SEA9BN7");
  ASSERT_EQ(manifest->files.size(), 2U);
  EXPECT_EQ(manifest->files[0].name, "a.dbn");
  EXPECT_EQ(manifest->files[0].size_bytes, 3U);
  EXPECT_EQ(manifest->files[0].sha256, kHash);
  EXPECT_TRUE(read_manifest(R"({"files":[]})")) << "an older one has no job_id";
}

TEST(JobFiles, AManifestThatIsNoneIsCorrupt) {
  const std::string cases[] = {
      "",
      "{",
      "[]",
      R"({"job_id":"x"})",
      R"({"files":{}})",
      R"({"files":[1]})",
      R"({"files":[)" + file("a.dbn", "-3", kHash) + "]}",
      R"({"files":[)" + file("a.dbn", "\"3\"", kHash) + "]}",
      R"({"files":[)" + file("a.dbn", "3", "abc") + "]}",
      R"({"files":[)" + file("../a.dbn", "3", kHash) + "]}",
      R"({"files":[)" + file("a/b.dbn", "3", kHash) + "]}",
      R"({"files":[)" + file("", "3", kHash) + "]}",
  };
  for (const std::string& body : cases) {
    const auto manifest = read_manifest(body);
    ASSERT_FALSE(manifest) << body;
    EXPECT_EQ(manifest.error().code(), Code::kCorrupt);
    EXPECT_TRUE(manifest.error().message().contains("expected a job's files")) << body;
  }
}

TEST(JobFiles, MetadataSayWhatWasAskedFor) {
  const auto metadata = read_job_metadata(
      R"({"version":1,"job_id":"J","query":{"dataset":"GLBX.MDP3","schema":"ohlcv-1m","limit":null}})");
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->job_id, "J");
  EXPECT_EQ(metadata->dataset, "GLBX.MDP3");
  EXPECT_EQ(metadata->schema, "ohlcv-1m");
  for (const char* body : {"", "[]", "{}", R"({"query":1})"}) {
    const auto read = read_job_metadata(body);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code(), Code::kCorrupt);
  }
}

}  // namespace
}  // namespace fm::databento::json
