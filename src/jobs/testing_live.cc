#include "jobs/testing_live.h"

#include <set>

#include "jobs/session_account.h"
#include "jobs/testing_candles.h"
#include "lake/lake.h"
#include "synth/files.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

// What says where rows came from rather than what they are; and what a feed that ends within a
// trade date cannot know.
const std::set<std::string_view> kLeftOut = {"inputs", "complete", "seconds_covered",
                                             "seconds_in_gaps", "rejected"};

std::string cell(const table::RowBatch& batch, std::size_t column, std::size_t row) {
  if (batch.is_null(column, row)) return "null";
  switch (batch.table().columns[column].type) {
    case table::Type::kTimestamp:
    case table::Type::kInt64:
      return std::to_string(batch.int64s(column)[row]);
    case table::Type::kDate:
    case table::Type::kInt32:
      return std::to_string(batch.int32s(column)[row]);
    case table::Type::kInt8:
    case table::Type::kBool:
      return std::to_string(batch.int8s(column)[row]);
    case table::Type::kDouble:
      return fmt::format("{}", batch.doubles(column)[row]);
    case table::Type::kText:
      return std::string(batch.text(column, row));
  }
  return {};
}

std::vector<std::string> rows_of(const std::string& lake, const table::Table& table) {
  const auto view = lake::Lake::view(Env::posix(), lake);
  std::vector<std::string> rows;
  auto cursor = view->read(table, {});
  EXPECT_TRUE(cursor) << (cursor ? "" : cursor.error().message());
  if (!cursor) return rows;
  table::RowBatch batch(table);
  for (;;) {
    const auto more = (*cursor)->next(batch);
    EXPECT_TRUE(more) << (more ? "" : more.error().message());
    if (!more || !*more) return rows;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      std::string text;
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        const bool left_out =
            &table == &table::candle_sessions() && kLeftOut.contains(table.columns[column].name);
        if (table.columns[column].bookkeeping || left_out) continue;
        text += fmt::format("{}={} ", table.columns[column].name, cell(batch, column, row));
      }
      rows.push_back(std::move(text));
    }
  }
}

}  // namespace

void make_trades(const std::string& path, std::uint64_t trades, std::uint64_t seed, int days,
                 const std::vector<std::string>& roots) {
  synth::Options options;
  options.roots = roots;
  options.first_date = Date(2025, 6, 9);
  options.days = days;
  options.trades = trades;
  options.seed = seed;
  const auto written = synth::write_file(Env::posix(), path, market::Universe::builtin(),
                                         market::Calendar::builtin(), options);
  ASSERT_TRUE(written) << written.error().message();
}

std::unique_ptr<gateway::LiveServer> serve(const std::string& path, std::string_view faults,
                                           std::uint64_t seed) {
  const std::string paths[] = {path};
  auto archive = gateway::Archive::open(Env::posix(), paths);
  EXPECT_TRUE(archive) << (archive ? "" : archive.error().message());
  if (!archive) return nullptr;
  gateway::LiveServerOptions options;
  options.port = 0;
  options.speed = gateway::kSpeedMax;
  options.seed = seed;
  auto spec = gateway::FaultSpec::parse(faults);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message());
  if (!faults.empty() && spec) options.faults = *spec;
  auto server = gateway::LiveServer::start(Env::posix(), *std::move(archive), std::move(options));
  EXPECT_TRUE(server) << (server ? "" : server.error().message());
  return server ? *std::move(server) : nullptr;
}

LiveJobOptions feed_options(const gateway::LiveServer& server, const std::string& lake) {
  LiveJobOptions options;
  options.lake = lake;
  options.session.host = "127.0.0.1";
  options.session.port = server.port();
  options.session.dataset = "GLBX.MDP3";
  options.session.subscriptions = {{dbn::Schema::kTbbo, dbn::SType::kParent, {"ES.FUT", "ZL.FUT"}}};
  options.start = 0;
  options.until_end = true;
  options.backoff = {.floor = 1'000'000, .first = 2'000'000, .cap = 20'000'000, .healthy = 0};
  options.segment_bytes = 1 << 20;
  options.follower.flush_interval = 50'000'000;
  options.follower.retry_after = 20'000'000;
  return options;
}

Result<LiveStatus> run_feed(const LiveJobOptions& options, Env& env) {
  StopSignal stop;
  SilentObserver observer;
  return run_live(env, options, Secret("db-12345678901234567890123456789"), stop, observer);
}

void make_batch_lake(const std::string& path, const std::string& lake) {
  CandlesOptions options;
  options.inputs = {path};
  options.lake = lake;
  const CandlesReport report = run(options);
  ASSERT_GT(report.rows, 0U);
}

::testing::AssertionResult same_lakes(const std::string& expected, const std::string& found) {
  for (const table::Table* table :
       {&table::candles_1m(), &table::candles_1s(), &table::candle_session_contracts(),
        &table::candle_sessions()}) {
    const auto one = rows_of(expected, *table);
    const auto other = rows_of(found, *table);
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
      const std::string a = i < one.size() ? one[i] : "no row";
      const std::string b = i < other.size() ? other[i] : "no row";
      if (a != b)
        return ::testing::AssertionFailure()
               << table->name << ": row " << i << " of " << one.size() << " and " << other.size()
               << "\n  batch " << a << "\n  live  " << b;
    }
    if (one.empty()) return ::testing::AssertionFailure() << table->name << " holds no rows";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace fm::jobs
