// PostgreSQL: bulk writes beside the server's own means, and what the live path costs. The server
// is the tests' own, started here; where none is installed the rows cannot run.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>
#include <vector>

#include "baselines/psql_upsert.h"
#include "postgres/schema.h"
#include "postgres/sink.h"
#include "postgres/testing_rows.h"
#include "postgres/testing_server.h"
#include "process.h"
#include "rows.h"
#include "table/catalogue.h"
#include "table/ddl.h"

namespace fm::bench {
namespace {

constexpr std::uint64_t kBulkRowsMax = 500'000;
constexpr std::size_t kBatchRows = 2'048;
constexpr std::size_t kTickers = 40;
constexpr int kSeconds = 300;
constexpr double kNanosPerJiffy = 1e7;
const Date kDate(2025, 6, 10);

struct Server {
  std::unique_ptr<postgres::TestServer> process;
  std::string uri;
};

Result<Server> start_server(Env& env) {
  Server server;
  FM_ASSIGN(server.process, postgres::TestServer::start());
  FM_TRY(server.process->make_database("bench"));
  server.uri = server.process->uri("bench");
  FM_ASSIGN(auto db, postgres::Connection::open(env, Secret(server.uri), {}));
  FM_ASSIGN(const auto changes,
            postgres::migrate(db, {&table::candles_1m(), &table::candles_1s()}));
  static_cast<void>(changes);
  return server;
}

Result<postgres::PostgresSink> open_sink(Env& env, const Server& server) {
  FM_ASSIGN(auto db, postgres::Connection::open(env, Secret(server.uri), {}));
  return postgres::PostgresSink::open(std::move(db), "bench");
}

std::string ticker(std::size_t number) { return "T" + std::to_string(number); }

std::vector<table::RowBatch> candles(std::uint64_t rows) {
  std::vector<table::RowBatch> batches;
  Second time = kDate.first_second();
  for (std::uint64_t made = 0; made < rows; made += kBatchRows) {
    batches.emplace_back(table::candles_1m(), kBatchRows);
    postgres::fill_candles(batches.back(), "ES", kDate, time, kBatchRows);
    time += static_cast<Second>(kBatchRows);
  }
  return batches;
}

// The words of our own statement, for the baseline's.
PsqlUpsert upsert_of(const Server& server, const std::string& file) {
  PsqlUpsert upsert{
      .uri = server.uri, .file = file, .table = {}, .key = {}, .set = {}, .where = {}};
  const table::Table& table = table::candles_1m();
  upsert.table = table::qualified_name(table, table::Engine::kPostgres);
  upsert.key = "ticker, time, trade_date";
  std::string stored, given;
  for (const table::Column& column : table.columns) {
    const std::string name = table::quote_name(column.name, table::Engine::kPostgres);
    if (upsert.key.find(column.name) != std::string::npos) continue;
    upsert.set += fmt::format("{}{} = excluded.{}", upsert.set.empty() ? "" : ", ", name, name);
    stored += fmt::format("{}t.{}", stored.empty() ? "" : ", ", name);
    given += fmt::format("{}excluded.{}", given.empty() ? "" : ", ", name);
  }
  upsert.where = fmt::format("({}) IS DISTINCT FROM ({})", stored, given);
  return upsert;
}

struct Bulk {
  Env& env;
  Server server;
  std::vector<table::RowBatch> batches;
  PsqlUpsert upsert;

  // Both find an empty table and no work of the other's to be done in the background.
  Status empty() const {
    FM_ASSIGN(auto db, postgres::Connection::open(env, Secret(server.uri), {}));
    FM_ASSIGN(const std::uint64_t done,
              db.run(fmt::format("TRUNCATE {}; CHECKPOINT", upsert.table)));
    static_cast<void>(done);
    return {};
  }
  Result<double> ours() const {
    FM_TRY(empty());
    const Nanos begin = env.monotonic();
    FM_ASSIGN(postgres::PostgresSink sink, open_sink(env, server));
    for (const table::RowBatch& batch : batches) FM_TRY(sink.write(batch));
    FM_TRY(sink.commit(table::candles_1m(), {}));
    return static_cast<double>(env.monotonic() - begin) / static_cast<double>(kNanosPerSecond);
  }
  Result<double> baseline() const {
    FM_TRY(empty());
    return run_psql_upsert(upsert);
  }
};

// What a server process has used of a processor, from /proc.
Result<double> cpu_of(Env& env, const std::string& process) {
  FM_ASSIGN(const std::string text, read_text(env, "/proc/" + process + "/stat"));
  // Behind the name in parentheses: state, ten numbers, then user and system time.
  std::string_view rest = std::string_view(text).substr(text.rfind(')') + 2);
  double jiffies = 0;
  for (int field = 0; field < 13; ++field) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size() + 1);
    double value = 0;
    if (field >= 11) std::from_chars(word.data(), word.data() + word.size(), value);
    jiffies += value;
  }
  return jiffies * kNanosPerJiffy / static_cast<double>(kNanosPerSecond);
}

// A second's work of the live sink: new rows, and those of the second before once more.
Status store_second(postgres::PostgresSink& sink, int second, table::RowBatch& candle_rows,
                    table::RowBatch& second_rows) {
  candle_rows.clear();
  second_rows.clear();
  const Second time = kDate.first_second() + second;
  for (std::size_t i = 0; i < kTickers; ++i) {
    postgres::fill_candles(candle_rows, ticker(i), kDate, time, 1);
    postgres::fill_candles(candle_rows, ticker(i), kDate, time - 1, 1, 1);
    postgres::fill_seconds(second_rows, ticker(i) + "M5", kDate, time, 1);
  }
  FM_TRY(sink.write(second_rows));
  FM_TRY(sink.write(candle_rows));
  const table::Cursor cursor{"", 0, time - 60};
  return sink.commit_all({{&table::candles_1s(), cursor}, {&table::candles_1m(), cursor}}, second);
}

}  // namespace

Result<Row> postgres_bulk_row(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(Server server, start_server(env));
  const std::string file = join(server.process->data(), "../candles.copy");
  auto bulk = std::make_shared<Bulk>(Bulk{env, std::move(server), {}, {}});
  bulk->batches = candles(std::min(kBulkRowsMax, context.data.records / 20));
  bulk->upsert = upsert_of(bulk->server, file);
  // The baseline's file holds our rows, as the server writes them.
  FM_ASSIGN(const double warm, bulk->ours());
  static_cast<void>(warm);
  FM_ASSIGN(auto db, postgres::Connection::open(env, Secret(bulk->server.uri), {}));
  FM_ASSIGN(const std::uint64_t rows,
            db.run(fmt::format("COPY (SELECT * FROM {} ORDER BY ticker, time) TO '{}' (FORMAT "
                               "binary)",
                               bulk->upsert.table, file)));
  return Row{.id = "postgres_bulk",
             .work = "candles into a keyed PostgreSQL table: COPY to a stage, one merge",
             .baseline = "psql: COPY and INSERT … ON CONFLICT of the same rows",
             .unit = "rows",
             .amount = static_cast<double>(rows),
             .at_least = 0.9,
             .aim = {},
             .baseline_at_least = {},
             .note =
                 "one server for both, without fsync; psql reads its rows as they go over the "
                 "wire, ours are made from columns",
             .measure_ours = [bulk] { return bulk->ours(); },
             .measure_baseline = [bulk] { return bulk->baseline(); }};
}

Result<std::vector<Limit>> postgres_live(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(const Server server, start_server(env));
  FM_ASSIGN(postgres::PostgresSink sink, open_sink(env, server));
  FM_ASSIGN(const postgres::Rows id, sink.connection().query("SELECT pg_backend_pid()"));
  table::RowBatch candle_rows(table::candles_1m());
  table::RowBatch second_rows(table::candles_1s());
  FM_TRY(store_second(sink, 0, candle_rows, second_rows));
  const std::string process = id[0][0].value_or("");
  FM_ASSIGN(const double server_before, cpu_of(env, process));
  const double before = cpu_seconds();
  for (int second = 1; second <= kSeconds; ++second)
    FM_TRY(store_second(sink, second, candle_rows, second_rows));
  const double ours = 100 * (cpu_seconds() - before) / kSeconds;
  FM_ASSIGN(const double server_after, cpu_of(env, process));
  const double servers = 100 * (server_after - server_before) / kSeconds;
  return std::vector<Limit>{
      {.id = "postgres_live",
       .work = fmt::format("the live path into PostgreSQL, {} tickers × 1 row/s, each row twice",
                           kTickers),
       .value = ours + servers,
       .unit = "% of one core",
       .limit = 2,
       .at_most = true,
       .note = fmt::format("{:.2f} of it ours, {:.2f} the server's session; {} seconds' work, one "
                           "behind the other",
                           ours, servers, kSeconds)}};
}

}  // namespace fm::bench
