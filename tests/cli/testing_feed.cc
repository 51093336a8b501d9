#include "testing_feed.h"

#include <sys/stat.h>

#include <charconv>
#include <map>

#include "capture/index.h"

namespace fm::testing_cli {
namespace {

constexpr const char* kSymbols = "ES.FUT,NQ.FUT,CL.FUT,ZL.FUT";

// Every cell of every table of the feed, summed up hour by hour. Left out is what says when and
// from what rows were made; and of a trade date's account what a feed that ends within the date
// cannot know.
constexpr const char* kRows =
    "WITH every AS ("
    "SELECT 'candles_1m' AS name, ticker, date_trunc('hour', time) AS hour, "
    "CAST(r AS VARCHAR) AS cells FROM candles_1m AS r "
    "UNION ALL SELECT 'candles_1s', ticker, date_trunc('hour', time), CAST(r AS VARCHAR) "
    "FROM candles_1s AS r "
    "UNION ALL SELECT 'contracts', ticker, trade_date, CAST(r AS VARCHAR) "
    "FROM (SELECT * EXCLUDE (created_at) FROM candle_session_contracts) AS r "
    "UNION ALL SELECT 'sessions', ticker, trade_date, CAST(r AS VARCHAR) "
    "FROM (SELECT * EXCLUDE (created_at, inputs, complete, seconds_covered, seconds_in_gaps, "
    "rejected) FROM candle_sessions) AS r) "
    "SELECT name, ticker, hour, count(*) AS rows, md5(string_agg(cells ORDER BY cells)) AS hash "
    "FROM every GROUP BY ALL ORDER BY ALL";

// The first line that differs, with its number.
std::string first_difference(const std::string& expected, const std::string& found) {
  std::size_t line = 1;
  std::size_t begin = 0;
  const std::size_t most = std::min(expected.size(), found.size());
  for (std::size_t at = 0; at < most && expected[at] == found[at]; ++at) {
    if (expected[at] != '\n') continue;
    ++line;
    begin = at + 1;
  }
  const auto line_of = [&](const std::string& text) {
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  return "line " + std::to_string(line) + "\n  batch " + line_of(expected) + "\n  live  " +
         line_of(found);
}

// Runs a program to its end in a folder of its own.
void must_succeed(const std::string& folder, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process({.command = std::move(command),
                   .folder = folder,
                   .out = join(folder, "out"),
                   .err = join(folder, "err")});
  EXPECT_EQ(process.wait(), 0) << process.err();
}

}  // namespace

std::uint64_t number_in(const std::string& json, const std::string& key) {
  const std::string name = "\"" + key + "\":";
  const std::size_t at = json.find(name);
  std::uint64_t number = 0;
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << key << " in " << json;
    return number;
  }
  std::from_chars(json.data() + at + name.size(), json.data() + json.size(), number);
  return number;
}

FeedTest::Source& FeedTest::source() const {
  static std::map<std::uint64_t, std::pair<TestDirectory, Source>> made;
  auto& [folder, one] = made[trade_count()];
  if (!one.trades.empty()) return one;
  one = {folder.file("trades.dbn"), folder.file("batch")};
  must_succeed(folder.path(), {"synth", "--roots", "ES,NQ,CL,ZL", "--date", kFirstDate, "--days",
                               std::to_string(trade_dates()), "--trades",
                               std::to_string(trade_count()), "--seed", "5", "-o", one.trades});
  must_succeed(folder.path(), {"candles", one.trades, "--lake", one.lake});
  return one;
}

void FeedTest::SetUp() {
  ProgramTest::SetUp();
  for (const auto& [name, key] : {std::pair("key", kFeedKey), std::pair("other-key", kOtherKey)}) {
    write(name, std::string(key) + "\n");
    ASSERT_EQ(::chmod(path(name).c_str(), 0600), 0);
  }
  write("frontmonth.yaml", std::string("databento:\n  symbols: ") + kSymbols +
                               "\n  key_file: key\n"
                               "live:\n  schemas: tbbo\n  flush_seconds: 1\n");
}

FeedTest::Gateway FeedTest::serve(const std::vector<std::string>& more, const std::string& port,
                                  const std::string& path) {
  static int number = 0;
  std::vector<std::string> arguments = {
      "replay", path.empty() ? source().trades : path, "--speed", "max", "--port", port, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Gateway gateway{start("gateway-" + std::to_string(++number), arguments), port};
  gateway.process->await("\n");
  gateway.port = std::to_string(number_in(gateway.process->out(), "live_port"));
  return gateway;
}

std::string FeedTest::rests(std::uint64_t records, int milliseconds) const {
  std::string faults;
  for (std::uint64_t at = records; at < trade_count(); at += records)
    faults += (faults.empty() ? "stall@" : ",stall@") + std::to_string(at) + ":" +
              std::to_string(milliseconds) + "ms#*";
  return faults;
}

std::unique_ptr<Process> FeedTest::live(const Gateway& gateway, const std::string& lake,
                                        const std::vector<std::string>& more,
                                        const std::string& begin) {
  std::vector<std::string> arguments = {
      "live", "--gateway", "127.0.0.1:" + gateway.port, "--start", begin, "--lake", lake, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return start(lake, arguments);
}

std::string FeedTest::live_to_the_end(const Gateway& gateway, const std::string& lake,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> arguments = more;
  arguments.emplace_back("--until-end");
  const auto feed = live(gateway, lake, arguments);
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  return feed->out();
}

std::uint64_t FeedTest::records_in_log(const std::string& lake) const {
  Env& env = Env::posix();
  std::uint64_t records = 0;
  for (const std::string& day : env.list(log_of(lake)).value_or(std::vector<std::string>())) {
    const std::string folder = join(log_of(lake), day);
    for (const std::string& name : env.list(folder).value_or(std::vector<std::string>())) {
      if (!name.ends_with(".idx")) continue;
      const auto bytes = read_text(env, join(folder, name));
      if (!bytes) continue;  // just renamed
      for (const auto& block : capture::parse_index(std::as_bytes(std::span(*bytes))).blocks)
        records += block.record_count;
    }
  }
  return records;
}

void FeedTest::await_records(Process& feed, const std::string& lake, std::uint64_t records) {
  EXPECT_TRUE(await_that([&] { return records_in_log(lake) >= records || !feed.is_running(); }));
  EXPECT_GE(records_in_log(lake), records) << feed.err();
}

std::string FeedTest::rows(const std::string& lake) {
  return result({"query", kRows, "--lake", lake, "--format", "csv"});
}

void FeedTest::expect_batch_rows(const std::string& lake) {
  std::string& expected = source().rows;
  if (expected.empty()) expected = rows(source().lake);
  for (const char* table : {"candles_1m", "candles_1s", "contracts", "sessions"})
    EXPECT_NE(expected.find(std::string("\n") + table + ","), std::string::npos) << table;
  const std::string found = rows(lake);
  EXPECT_TRUE(expected == found) << count_lines(expected) << " and " << count_lines(found)
                                 << " rows, " << first_difference(expected, found);
}

void FeedTest::expect_batch_rows_from_log(const std::string& lake) {
  const std::string again = lake + "-from-log";
  const Outcome made = run({"candles", log_of(lake), "--lake", again});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  expect_batch_rows(again);
}

}  // namespace fm::testing_cli
