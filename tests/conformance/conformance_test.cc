// What the mirror relies on in Cloud Storage and BigQuery, asked of every service that can be had.
// Where one is known to differ from Google, `kDeviations` says how, and the case is skipped there.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/json_text.h"
#include "base/testing_fault_env.h"
#include "conformance/place.h"
#include "google/bigquery.h"
#include "google/mirror_sql.h"
#include "google/storage.h"
#include "google/table_resource.h"
#include "lake/testing_rows.h"
#include "table/catalogue.h"

namespace fm::conformance {
namespace {

struct Deviation {
  Kind kind;
  std::string_view test;
  std::string_view how;
};
constexpr Deviation kDeviations[] = {
    {Kind::kFakeGcsServer, "ASessionSaysWhereItBrokeOff",
     "fake-gcs-server takes the question `bytes */N` for the end of the upload"},
    {Kind::kFakeGcsServer, "APieceThatComesTwiceCountsOnce",
     "fake-gcs-server appends a piece whatever its Content-Range says"},
    {Kind::kFakeGcsServer, "ASumThatDoesNotFitIsRefusedInPieces",
     "fake-gcs-server forgets the declared sum after the first piece"},
    {Kind::kFakeGcsServer, "AnObjectIsRemovedInOneGeneration",
     "fake-gcs-server removes an object whatever ifGenerationMatch says"},
    {Kind::kBigqueryEmulator, "AJobThatIsSentTwiceLoadsOnce",
     "bigquery-emulator loads the rows again, and answers with an internal error"},
    {Kind::kBigqueryEmulator, "AFailedJobsNameIsUsedUp",
     "bigquery-emulator keeps no job that failed to load"},
    {Kind::kBigqueryEmulator, "ADayIsReplacedAlone",
     "bigquery-emulator has no partitions: `table$YYYYMMDD` is another table"},
    {Kind::kBigqueryEmulator, "ADryRunCountsAndDoesNothing", "bigquery-emulator counts no bytes"},
};

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kDouble:
      return "Double";
    case Kind::kFakeGcsServer:
      return "FakeGcsServer";
    case Kind::kBigqueryEmulator:
      break;
  }
  return "BigqueryEmulator";
}

class Conformance : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    test.resize(test.find('/'));
    for (const Deviation& one : kDeviations)
      if (one.kind == GetParam() && one.test == test) GTEST_SKIP() << one.how;
    std::string why;
    place_ = Place::open(GetParam(), why);
    if (!place_) GTEST_SKIP() << why;
    const std::string unique = fmt::format("conformance-{:016x}", Env::posix().random());
    const auto made = place_->api().call(
        "POST", fmt::format("{}/storage/v1/b?project={}", place_->endpoints().storage, kProject),
        "bucket", fmt::format(R"({{"name":{},"location":"US"}})", json_quoted(unique)));
    if (GetParam() != Kind::kBigqueryEmulator) {
      ASSERT_TRUE(made) << made.error().message();
    }
    storage_.emplace(place_->api(), place_->endpoints(), unique);
  }

  std::string file_of(std::size_t bytes, char seed = 'a') {
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
      content[i] = static_cast<char>(seed + static_cast<char>(i * 31 % 23));
    const std::string path = directory_.file(fmt::format("{}-{}", bytes, seed));
    EXPECT_TRUE(write_text_atomically(Env::posix(), path, content));
    return path;
  }

  // A session for an object of two pieces, as the mirror opens one.
  std::string session(std::string_view name, std::string_view description) {
    const auto answer = place_->api().send(
        {.method = "POST",
         .url = fmt::format("{}/upload/storage/v1/b/{}/o?uploadType=resumable&name={}"
                            "&ifGenerationMatch=0",
                            place_->endpoints().storage, storage_->bucket(), name),
         .body = std::string(description),
         .content_type = "application/json"},
        name);
    EXPECT_TRUE(answer) << answer.error().message();
    return answer ? std::string(answer->header("location")) : "";
  }
  net::HttpResponse put(const std::string& url, std::string_view range, std::string body) {
    net::HttpRequest request{.method = "PUT",
                             .url = url,
                             .headers = {{"Content-Range", std::string(range)}},
                             .body = std::move(body),
                             .content_type = "text/plain"};
    auto answer = place_->api().try_once(request, "piece");
    EXPECT_TRUE(answer) << answer.error().message();
    return answer ? *std::move(answer) : net::HttpResponse{};
  }

  TestDirectory directory_;
  std::unique_ptr<Place> place_;
  std::optional<google::Storage> storage_;
};

constexpr std::size_t kPiece = 256 << 10;

class StorageConformance : public Conformance {};

TEST_P(StorageConformance, AFileBecomesAnObject) {
  const std::string name = "lake/candles_1m/root=ES/date=2025-06-16/part-0a.parquet";
  const auto made = storage_->upload(file_of(1'000), name);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->bytes, 1'000u);
  EXPECT_GT(made->generation, 0);
  const auto found = storage_->find(name);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->crc32c, made->crc32c);
  EXPECT_EQ((*found)->generation, made->generation);
  const auto content = storage_->read(name);
  ASSERT_TRUE(content && *content) << (content ? "none" : content.error().message());
  EXPECT_EQ((*content)->text, read_text(Env::posix(), file_of(1'000)).value());
  EXPECT_EQ((*content)->generation, made->generation);
  std::vector<std::string> names;
  ASSERT_TRUE(storage_->list("lake/candles_1m/", [&](const std::vector<google::Object>& page) {
    for (const auto& object : page) names.push_back(object.name);
    return Status{};
  }));
  EXPECT_EQ(names, std::vector<std::string>{name});
}

TEST_P(StorageConformance, AnObjectIsWrittenOnce) {
  ASSERT_TRUE(storage_->upload(file_of(1'000), "part"));
  EXPECT_TRUE(storage_->upload(file_of(1'000), "part"));  // an answer that was lost
  const auto other = storage_->upload(file_of(1'000, 'b'), "part");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kConflict) << other.error().message();
}

TEST_P(StorageConformance, ALargeFileGoesInPieces) {
  const std::size_t bytes = google::kUploadPieceBytes + 12'345;
  const auto made = storage_->upload(file_of(bytes), "large");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->bytes, bytes);
  EXPECT_TRUE(storage_->upload(file_of(bytes), "large"));
  const auto other = storage_->upload(file_of(bytes, 'b'), "large");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kConflict) << other.error().message();
}

TEST_P(StorageConformance, ASessionSaysWhereItBrokeOff) {
  const std::string url = session("broken", R"({"name":"broken"})");
  const std::string range = fmt::format("bytes */{}", 2 * kPiece);
  auto answer = put(url, range, "");
  EXPECT_EQ(answer.status, 308);
  EXPECT_TRUE(answer.header("range").empty());
  answer = put(url, fmt::format("bytes 0-{}/{}", kPiece - 1, 2 * kPiece), std::string(kPiece, 'x'));
  EXPECT_EQ(answer.status, 308);
  answer = put(url, range, "");
  EXPECT_EQ(answer.status, 308);
  EXPECT_EQ(answer.header("range"), fmt::format("bytes=0-{}", kPiece - 1));
}

TEST_P(StorageConformance, APieceThatComesTwiceCountsOnce) {
  const std::string url = session("twice", R"({"name":"twice"})");
  const std::string first = fmt::format("bytes 0-{}/{}", kPiece - 1, 2 * kPiece);
  EXPECT_EQ(put(url, first, std::string(kPiece, 'x')).status, 308);
  EXPECT_EQ(put(url, first, std::string(kPiece, 'x')).status, 308);
  const auto last = put(url, fmt::format("bytes {}-{}/{}", kPiece, 2 * kPiece - 1, 2 * kPiece),
                        std::string(kPiece, 'y'));
  EXPECT_EQ(last.status, 200) << last.body;
  const auto found = storage_->find("twice");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->bytes, 2 * kPiece);
}

TEST_P(StorageConformance, ASumThatDoesNotFitIsRefusedInPieces) {
  const std::string url = session("sum", R"({"name":"sum","crc32c":"AAAAAA=="})");
  EXPECT_EQ(put(url, fmt::format("bytes 0-{}/{}", kPiece - 1, kPiece + 1), std::string(kPiece, 'x'))
                .status,
            308);
  EXPECT_EQ(put(url, fmt::format("bytes {}-{}/{}", kPiece, kPiece, kPiece + 1), "y").status, 400);
  EXPECT_FALSE(storage_->find("sum").value());
}

TEST_P(StorageConformance, ATextIsReplacedByWhoKnowsItsGeneration) {
  EXPECT_FALSE(storage_->read("text").value());
  const auto first = storage_->write("text", "one", 0);
  ASSERT_TRUE(first && *first) << (first ? "refused" : first.error().message());
  EXPECT_FALSE(storage_->write("text", "two", 0).value());
  const auto second = storage_->write("text", "two", **first);
  ASSERT_TRUE(second && *second) << (second ? "refused" : second.error().message());
  EXPECT_GT(**second, **first);
  EXPECT_FALSE(storage_->write("text", "three", **first).value());
  EXPECT_EQ(storage_->read("text").value()->text, "two");
}

TEST_P(StorageConformance, AnObjectIsRemovedInOneGeneration) {
  auto made = storage_->upload(file_of(10), "part").value();
  google::Object other = made;
  ++other.generation;
  EXPECT_FALSE(storage_->remove(other).value());
  EXPECT_TRUE(storage_->find("part").value());
  EXPECT_TRUE(storage_->remove(made).value());
  EXPECT_FALSE(storage_->remove(made).value());
  EXPECT_FALSE(storage_->find("part").value());
}

INSTANTIATE_TEST_SUITE_P(On, StorageConformance,
                         ::testing::Values(Kind::kDouble, Kind::kFakeGcsServer),
                         [](const auto& one) { return std::string(name_of(one.param)); });

// Sessions of one root, as the mirror brings them: a table of days, files of a year.
class BigqueryConformance : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    dataset_ = fmt::format("d{:016x}", Env::posix().random());
    bigquery_.emplace(place_->api(), place_->endpoints(), std::string(kProject), "US");
    ASSERT_TRUE(
        bigquery_->create_dataset(dataset_, google::dataset_json(kProject, dataset_, "US")));
    ASSERT_TRUE(bigquery_->create_table(table(), google::table_json(sessions(), table())));
    lake_ = lake::Lake::open(Env::posix(), directory_.file("lake")).value();
  }

  static const table::Table& sessions() { return table::candle_sessions(); }
  google::TableName table(std::string_view ending = "") const {
    return {std::string(kProject), dataset_, "candle_sessions" + std::string(ending)};
  }

  // A file with one session, in the bucket: its address.
  std::string object_of(Date date, std::int64_t cvd_close) {
    const auto row = lake::session_row("ES", date, cvd_close, 1);
    table::BatchStream rows(row);
    EXPECT_TRUE(lake_->replace_dates(sessions(), "ES", rows, {}));
    const auto manifest = lake_->find(sessions(), lake::PartitionKey{"ES", date}).value();
    const auto& file = manifest->files.front();
    const std::string name = fmt::format("{}.parquet", file.name);
    const auto made = storage_->upload(lake_->store_path(file), name);
    EXPECT_TRUE(made) << made.error().message();
    return google::uri_of(storage_->bucket(), name);
  }

  google::LoadJob load_of(std::vector<std::string> uris, std::string_view ending = "") const {
    return {.table = table(ending),
            .uris = std::move(uris),
            .schema_json = google::schema_json(sessions())};
  }
  template <class What>
  google::Job done(const What& what, const std::string& id) {
    auto job = bigquery_->insert(what, id);
    if (job) job = bigquery_->wait(*std::move(job), 60 * kNanosPerSecond);
    EXPECT_TRUE(job) << job.error().message();
    return job ? *std::move(job) : google::Job{};
  }

  // "2025-06-16 7": dates and closes, in order.
  std::vector<std::string> rows() {
    std::vector<std::string> found;
    std::vector<google::ResultColumn> columns;
    const auto job = bigquery_->select(
        {fmt::format("SELECT trade_date, cvd_close FROM `{}` WHERE trade_date >= DATE '2000-01-01' "
                     "ORDER BY trade_date, cvd_close",
                     table().text()),
         1 << 30},
        columns, [&](google::Cells cells) {
          found.push_back(cells[0].value_or("-") + " " + cells[1].value_or("-"));
          return Status{};
        });
    EXPECT_TRUE(job) << job.error().message();
    return found;
  }

  std::string dataset_;
  std::optional<google::BigQuery> bigquery_;
  std::unique_ptr<lake::Lake> lake_;
};

const Date kMonday(2025, 6, 16);
using Lines = std::vector<std::string>;

TEST_P(BigqueryConformance, FilesBecomeRows) {
  const auto job = done(load_of({object_of(kMonday, 7)}), "load-1");
  EXPECT_FALSE(job.failed()) << job.error_message;
  EXPECT_EQ(job.rows, 1);
  EXPECT_EQ(rows(), Lines{"2025-06-16 7"});
}

TEST_P(BigqueryConformance, AJobThatIsSentTwiceLoadsOnce) {
  const auto load = load_of({object_of(kMonday, 7)});
  EXPECT_EQ(done(load, "load-1").rows, 1);
  EXPECT_EQ(done(load, "load-1").rows, 1);
  EXPECT_EQ(rows(), Lines{"2025-06-16 7"});
}

TEST_P(BigqueryConformance, AFailedJobsNameIsUsedUp) {
  const std::string missing = google::uri_of(storage_->bucket(), "missing.parquet");
  EXPECT_TRUE(done(load_of({missing}), "load-1").failed());
  EXPECT_TRUE(done(load_of({object_of(kMonday, 7)}), "load-1").failed());
  EXPECT_FALSE(done(load_of({object_of(kMonday, 7)}), "load-2").failed());
  EXPECT_EQ(rows(), Lines{"2025-06-16 7"});
}

TEST_P(BigqueryConformance, ADayIsReplacedAlone) {
  EXPECT_FALSE(done(load_of({object_of(kMonday, 7)}), "load-1").failed());
  lake_ = lake::Lake::open(Env::posix(), directory_.file("second")).value();
  EXPECT_FALSE(done(load_of({object_of(kMonday + 1, 8)}), "load-2").failed());
  lake_ = lake::Lake::open(Env::posix(), directory_.file("third")).value();
  auto again = load_of({object_of(kMonday + 1, 9)}, "$20250617");
  again.replace = true;
  const auto job = done(again, "load-3");
  EXPECT_FALSE(job.failed()) << job.error_message;
  EXPECT_EQ(rows(), (Lines{"2025-06-16 7", "2025-06-17 9"}));
}

TEST_P(BigqueryConformance, AMergeMakesThePartitionEqual) {
  EXPECT_FALSE(done(load_of({object_of(kMonday, 7)}), "load-1").failed());
  ASSERT_TRUE(bigquery_->create_table(table("_staging"),
                                      google::table_json(sessions(), table("_staging"))));
  lake_ = lake::Lake::open(Env::posix(), directory_.file("second")).value();
  EXPECT_FALSE(done(load_of({object_of(kMonday + 1, 8)}, "_staging"), "load-2").failed());
  const google::RowScope scope{
      .from = Date(2025, 1, 1), .before = Date(2026, 1, 1), .roots = {"ES"}};
  const auto job =
      done(google::QueryJob{google::merge_statement(sessions(), table(), table("_staging"), scope),
                            1 << 30},
           "merge-1");
  EXPECT_FALSE(job.failed()) << job.error_message;
  EXPECT_EQ(rows(), Lines{"2025-06-17 8"});
}

TEST_P(BigqueryConformance, ADryRunCountsAndDoesNothing) {
  EXPECT_FALSE(done(load_of({object_of(kMonday, 7)}), "load-1").failed());
  const auto dry = bigquery_->dry_run(fmt::format(
      "SELECT cvd_close FROM `{}` WHERE trade_date = DATE '2025-06-16'", table().text()));
  ASSERT_TRUE(dry) << dry.error().message();
  EXPECT_GT(dry->bytes, 0);
  EXPECT_EQ(dry->statement_type, "SELECT");
}

INSTANTIATE_TEST_SUITE_P(On, BigqueryConformance,
                         ::testing::Values(Kind::kDouble, Kind::kBigqueryEmulator),
                         [](const auto& one) { return std::string(name_of(one.param)); });

}  // namespace
}  // namespace fm::conformance
