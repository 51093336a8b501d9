#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "gateway/batch_jobs.h"
#include "gateway/testing_archive.h"
#include "gateway/testing_historical.h"

namespace fm::gateway {
namespace {

using net::HttpResponse;
using net::Parameters;
using testing::contains;
using testing::HistoricalTest;

// The text between `before` and the next quote.
std::string after(std::string_view text, std::string_view before) {
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return "";
  text.remove_prefix(at + before.size());
  return std::string(text.substr(0, text.find('"')));
}

class Batch : public HistoricalTest {
 protected:
  // Submits, waits until it is done, and returns its id.
  std::string done(const Parameters& more) {
    Parameters form = {{"dataset", "GLBX.MDP3"}, {"schema", "trades"},  {"symbols", "ESH4,NQH4"},
                       {"start", "2024-01-08"},  {"end", "2024-01-11"}, {"compression", "zstd"}};
    for (const auto& [name, value] : more) {
      std::erase_if(form, [&](const auto& pair) { return pair.first == name; });
      form.emplace_back(name, value);
    }
    const HttpResponse job = post("batch.submit_job", form);
    EXPECT_EQ(job.status, 200) << job.body;
    const std::string id = after(job.body, R"("id":")");
    for (int i = 0; i < 2000; ++i) {
      if (contains(get("batch.get_job_details", {{"job_id", id}}).body, R"("state":"done")"))
        return id;
      Env::posix().sleep_for(5'000'000);
    }
    ADD_FAILURE() << "job " << id << " does not end";
    return id;
  }
  std::vector<std::string> names(const std::string& id) {
    std::vector<std::string> out;
    std::string text = get("batch.list_files", {{"job_id", id}}).body;
    for (std::string name = after(text, R"("filename":")"); !name.empty();
         name = after(text, R"("filename":")")) {
      out.push_back(name);
      text = text.substr(text.find(name) + name.size());
    }
    return out;
  }
  std::string file(const std::string& id, const std::string& name) {
    return url(fmt::format("batch/download/REPLAY01/{}/{}", id, name));
  }
};

TEST_F(Batch, NamesFilesAsTheVendorDoes) {
  start();
  const std::vector<std::string> side = {"condition.json", "metadata.json", "symbology.json"};
  struct {
    Parameters more;
    std::vector<std::string> data;
  } const cases[] = {
      {{},
       {"glbx-mdp3-20240108.trades.dbn.zst", "glbx-mdp3-20240109.trades.dbn.zst",
        "glbx-mdp3-20240110.trades.dbn.zst"}},
      {{{"split_duration", "none"}, {"compression", "none"}},
       {"glbx-mdp3-20240108-20240110.trades.dbn"}},
      {{{"split_duration", "month"}, {"encoding", "csv"}},
       {"glbx-mdp3-20240108-20240110.trades.csv.zst"}},
      {{{"split_duration", "week"}, {"encoding", "json"}, {"compression", "none"}},
       {"glbx-mdp3-20240108-20240110.trades.json"}},
      {{{"split_duration", "none"}, {"split_symbols", "True"}},
       {"glbx-mdp3-20240108-20240110.trades.ESH4.dbn.zst",
        "glbx-mdp3-20240108-20240110.trades.NQH4.dbn.zst"}},
      {{{"start", "2024-01-09T00:00:30"}, {"split_duration", "day"}},
       {"glbx-mdp3-20240110.trades.dbn.zst"}},  // the 9th has no record left
      {{{"limit", "3"}},
       {"glbx-mdp3-20240108.trades.dbn.zst", "glbx-mdp3-20240109.trades.dbn.zst"}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> expected = side;
    expected.insert(expected.end(), c.data.begin(), c.data.end());
    expected.emplace_back("manifest.json");
    EXPECT_EQ(names(done(c.more)), expected) << net::encode_form(c.more);
  }
}

TEST_F(Batch, ItsFilesAreAnArchiveOfTheSameRecords) {
  start();
  const std::string id = done({});
  const std::vector paths = {dir_.file("jobs")};
  const auto copy = Archive::open(Env::posix(), paths);
  ASSERT_TRUE(copy) << copy.error().message();
  const ReadRequest everything{.dataset = "GLBX.MDP3", .schemas = {dbn::Schema::kTrades}};
  const auto bytes_of = [&](const Archive& archive) {
    std::string out;
    RecordStream stream = archive.read(everything).value();
    for (;;) {
      const RecordRun run = stream.next().value();
      if (run.empty()) return out;
      out.append(reinterpret_cast<const char*>(run.block.bytes.data()), run.block.bytes.size());
    }
  };
  EXPECT_EQ(bytes_of(**copy), bytes_of(*archive_));
  EXPECT_EQ(bytes_of(**copy).size(), 6 * sizeof(dbn::TradeMsg));
}

TEST_F(Batch, SideFilesSayWhatTheJobIs) {
  start();
  const std::string id = done({{"symbols", "ESH4,XXH4"}});
  const std::string metadata = fetch(file(id, "metadata.json")).body;
  EXPECT_TRUE(metadata.starts_with(
      fmt::format("{{\n    \"version\": 1,\n    \"job_id\": \"{}\",\n    \"query\": {{\n", id)))
      << metadata;
  EXPECT_TRUE(contains(metadata, "\"start\": 1704672000000000000,")) << metadata;
  const std::string symbology = fetch(file(id, "symbology.json")).body;
  EXPECT_TRUE(contains(symbology, "\"message\": \"Partially resolved\",\n    \"status\": 1\n}"))
      << symbology;
  const std::string condition = fetch(file(id, "condition.json")).body;
  EXPECT_EQ(std::ranges::count(condition, '{'), 3) << condition;
  const std::string manifest = fetch(file(id, "manifest.json")).body;
  EXPECT_TRUE(contains(manifest, "\"https\": \"" + file(id, "condition.json") + "\"")) << manifest;
  EXPECT_FALSE(contains(manifest, "\"filename\": \"manifest.json\"")) << manifest;
}

TEST_F(Batch, DownloadsAWholeAndInPieces) {
  start();
  const std::string id = done({});
  const std::string address = file(id, "glbx-mdp3-20240108.trades.dbn.zst");
  const std::string whole = fetch(address).body;
  const auto rest = client_->send({.url = address, .range_first = 10});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->status, 206);
  EXPECT_EQ(rest->body, whole.substr(10));
  const std::string listed = get("batch.list_files", {{"job_id", id}}).body;
  EXPECT_TRUE(contains(listed, fmt::format(R"("size":{},"hash":"sha256:)", whole.size())))
      << listed;
  const HttpResponse zip = get("batch.download", {{"job_id", id}});
  EXPECT_EQ(zip.header("content-type"), "application/zip");
  EXPECT_TRUE(contains(zip.body, whole));
  EXPECT_EQ(zip.header("content-length"), std::to_string(zip.body.size()));
}

TEST_F(Batch, RefusesWhatIsNotThere) {
  start();
  const std::string id = done({});
  EXPECT_EQ(get("batch.get_job_details", {{"job_id", "GLBX-1-X"}}).status, 404);
  EXPECT_EQ(get("batch.list_files", {}).status, 422);
  for (const char* const name : {"nothing.dbn", "0.dbn%2F", ""})
    EXPECT_EQ(fetch(file(id, name)).status, 404) << name;
  // The HTTP server itself answers paths that lead upwards.
  EXPECT_EQ(fetch(file(id, "..%2F..%2F0.dbn")).status, 400);
  EXPECT_EQ(fetch(url("batch/download/OTHER/" + id + "/metadata.json")).status, 404);
}

TEST_F(Batch, ListsJobsByStateAndTime) {
  start();
  EXPECT_EQ(get("batch.list_jobs", {}).body, "[]");
  const std::string id = done({});
  EXPECT_TRUE(contains(get("batch.list_jobs", {}).body, id));
  EXPECT_TRUE(contains(get("batch.list_jobs", {{"states", "queued,done"}}).body, id));
  EXPECT_EQ(get("batch.list_jobs", {{"states", "queued"}}).body, "[]");
  EXPECT_EQ(get("batch.list_jobs", {{"since", "2200-01-01"}}).body, "[]");
  EXPECT_EQ(get("batch.list_jobs", {{"states", "lost"}}).status, 422);
  const std::string brief = get("batch.list_jobs", {{"short", "True"}}).body;
  EXPECT_TRUE(brief.starts_with(R"([{"id":")" + id + R"(","state":"done","ts_received":")"))
      << brief;
}

TEST_F(Batch, LiesAboutHashesOnOrder) {
  start();
  const std::string right = get("batch.list_files", {{"job_id", done({})}}).body;
  ASSERT_TRUE(options_.faults.add("http-wrong-hash").value());
  start();
  const std::string wrong = get("batch.list_files", {{"job_id", done({})}}).body;
  const auto hash = [](const std::string& text) {
    return after(text.substr(text.find("20240108")), R"("hash":")");
  };
  EXPECT_EQ(hash(right).size(), 7 + 64U);
  EXPECT_NE(hash(right), hash(wrong));
  EXPECT_EQ(hash(right).substr(8), hash(wrong).substr(8));
}

TEST_F(Batch, AJobThatCannotBeReadDoesNotEndTheService) {
  start();
  {
    // The file became shorter after the archive was opened.
    auto file = Env::posix().create(dir_.file("1.dbn"), Create::kOverwrite).value();
    ASSERT_TRUE(file->truncate(600));
  }
  const HttpResponse job =
      post("batch.submit_job",
           with({{"schema", "trades"}, {"symbols", "ESH4"}, {"start", "2024-01-09"}}));
  // The damage is met when the cost is counted, or when the job runs.
  if (job.status == 200) {
    const std::string id = after(job.body, R"("id":")");
    for (int i = 0; i < 2000; ++i) {
      if (contains(get("batch.get_job_details", {{"job_id", id}}).body, "expired")) break;
      Env::posix().sleep_for(5'000'000);
    }
    EXPECT_EQ(get("batch.list_files", {{"job_id", id}}).status, 404);
  } else {
    EXPECT_EQ(job.status, 500) << job.body;
  }
  EXPECT_EQ(get("metadata.list_datasets", {}).status, 200);
}

TEST(SplitRange, CutsAtMidnightsOfUtc) {
  const Nanos start =
      static_cast<Nanos>(Date(2024, 12, 12).first_second() + 3600) * kNanosPerSecond;
  const Nanos end = static_cast<Nanos>(Date(2025, 1, 2).first_second() + 60) * kNanosPerSecond;
  struct {
    Split split;
    std::size_t parts;
    std::string first, last;
  } const cases[] = {{Split::kNone, 1, "20241212-20250102", "20241212-20250102"},
                     {Split::kYear, 2, "20241212-20241231", "20250101-20250102"},
                     {Split::kMonth, 2, "20241212-20241231", "20250101-20250102"},
                     {Split::kWeek, 4, "20241212-20241214", "20241229-20250102"},
                     {Split::kDay, 22, "20241212-20241212", "20250102-20250102"}};
  for (const auto& c : cases) {
    const auto parts = split_range(start, end, c.split);
    ASSERT_EQ(parts.size(), c.parts) << name(c.split);
    const auto text = [](const JobPart& part) {
      return fmt::format("{}-{}", part.first_day.yyyymmdd(), part.last_day.yyyymmdd());
    };
    EXPECT_EQ(text(parts.front()), c.first);
    EXPECT_EQ(text(parts.back()), c.last);
    EXPECT_EQ(parts.front().start, start);
    EXPECT_EQ(parts.back().end, end);
    for (std::size_t i = 1; i < parts.size(); ++i) EXPECT_EQ(parts[i].start, parts[i - 1].end);
  }
}

}  // namespace
}  // namespace fm::gateway
