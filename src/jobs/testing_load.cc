#include "jobs/testing_load.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "dbn/text_csv.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr double kTicks = 1e4;

std::uint32_t number_of(const std::vector<std::string>& symbols, const std::string& symbol) {
  return 1 + static_cast<std::uint32_t>(std::ranges::find(symbols, symbol) - symbols.begin());
}

dbn::Metadata metadata_of(const std::vector<TestBar>& bars, const std::vector<std::string>& symbols,
                          dbn::Schema schema, const std::string& dataset) {
  dbn::Metadata metadata;
  metadata.dataset = dataset;
  metadata.schema = schema;
  metadata.stype_in = dbn::SType::kRawSymbol;
  metadata.symbols = symbols;
  if (bars.empty()) return metadata;
  const auto [first, last] = std::ranges::minmax(bars, {}, &TestBar::time);
  metadata.start = first.time;
  metadata.end = last.time + 1;
  const Date from = Date::of_second(second_of(first.time));
  const Date to = Date::of_second(second_of(last.time)) + 1;
  for (const std::string& symbol : symbols)
    metadata.mappings.push_back({symbol, {{from, to, std::to_string(number_of(symbols, symbol))}}});
  return metadata;
}

}  // namespace

TestBar minute_bar(int minute, std::string symbol, double close, std::uint64_t volume) {
  return {kBarDay + static_cast<Nanos>(minute) * kBarMinute, std::move(symbol), close, volume};
}

dbn::OhlcvMsg record_of(const TestBar& bar, std::uint32_t instrument, dbn::Schema schema) {
  dbn::OhlcvMsg record{};
  record.header = {dbn::kLengthOf<dbn::OhlcvMsg>, dbn::rtype_of(schema), 1, instrument, bar.time};
  record.open = record.high = record.low = record.close =
      static_cast<Price>(bar.close * kTicks) * (kPriceScale / static_cast<Price>(kTicks));
  record.volume = bar.volume;
  return record;
}

void write_bars(const std::string& path, const std::vector<TestBar>& bars, dbn::Schema schema,
                const std::string& dataset) {
  std::vector<std::string> symbols;
  symbols.reserve(bars.size());
  for (const TestBar& bar : bars) symbols.push_back(bar.symbol);
  std::ranges::sort(symbols);
  symbols.erase(std::ranges::unique(symbols).begin(), symbols.end());
  auto sink = dbn::create_output(Env::posix(), path);
  ASSERT_TRUE(sink) << sink.error().message();
  if (path.contains(".dbn")) {
    auto writer = dbn::Writer::open(*std::move(sink), metadata_of(bars, symbols, schema, dataset));
    ASSERT_TRUE(writer);
    for (const TestBar& bar : bars)
      ASSERT_TRUE(writer->write(record_of(bar, number_of(symbols, bar.symbol), schema)));
    ASSERT_TRUE(writer->finish());
    return;
  }
  const dbn::TextOptions form{.pretty_px = true, .pretty_ts = true, .map_symbols = true};
  const bool is_csv = path.contains(".csv");
  std::string text;
  if (is_csv)
    text = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n";
  for (const TestBar& bar : bars) {
    const auto record = record_of(bar, number_of(symbols, bar.symbol), schema);
    const bool is_written =
        is_csv ? dbn::append_csv(dbn::RecordView(record), {.text = form}, bar.symbol, text)
               : dbn::append_json(dbn::RecordView(record), form, bar.symbol, text);
    ASSERT_TRUE(is_written);
  }
  ASSERT_TRUE((*sink)->write(std::as_bytes(std::span(text))));
  ASSERT_TRUE((*sink)->finish());
}

void write_test_trades(const std::string& path, const std::vector<TestTrade>& trades) {
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.schema = dbn::Schema::kTrades;
  metadata.stype_in = dbn::SType::kRawSymbol;
  metadata.start = kBarDay;
  const Date day = Date::of_second(second_of(kBarDay));
  metadata.mappings = {{"ESU5", {{day, day + 30, "1"}}}};
  auto sink = dbn::create_output(Env::posix(), path);
  ASSERT_TRUE(sink) << sink.error().message();
  auto writer = dbn::Writer::open(*std::move(sink), metadata);
  ASSERT_TRUE(writer);
  for (const TestTrade& trade : trades) {
    dbn::TradeMsg record{};
    record.ts_recv = kBarDay + static_cast<Nanos>(trade.second) * kNanosPerSecond;
    record.header = {dbn::kLengthOf<dbn::TradeMsg>, dbn::RType::kTrades, 1, 1, record.ts_recv};
    record.price = 6'000 * kPriceScale;
    record.size = trade.size;
    record.action = dbn::kActionTrade;
    record.side = dbn::kSideBid;
    ASSERT_TRUE(writer->write(record));
  }
  ASSERT_TRUE(writer->finish());
}

std::vector<TestTrade> stored_test_trades(const std::string& lake) {
  const auto& table = table::databento_trades();
  std::vector<TestTrade> trades;
  auto rows = lake::Lake::view(Env::posix(), lake)->read(table, {});
  EXPECT_TRUE(rows) << rows.error().message();
  if (!rows) return trades;
  table::RowBatch batch(table);
  for (;;) {
    const auto more = (*rows)->next(batch);
    EXPECT_TRUE(more);
    if (!more || !*more) break;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const auto time = static_cast<Nanos>(batch.int64s(table.column_index("ts_recv_ns"))[row]);
      trades.push_back({static_cast<int>((time - kBarDay) / kNanosPerSecond),
                        static_cast<std::uint32_t>(batch.int64s(table.column_index("size"))[row])});
    }
  }
  std::ranges::sort(trades);
  return trades;
}

void set_modified(const std::string& path, Nanos time) {
  const timespec at{static_cast<time_t>(second_of(time)),
                    static_cast<long>(time % kNanosPerSecond)};
  const timespec times[2] = {at, at};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

std::vector<TestBar> stored_bars_of(const std::string& lake, const table::Table& table) {
  std::vector<TestBar> bars;
  auto rows = lake::Lake::view(Env::posix(), lake)->read(table, {});
  EXPECT_TRUE(rows) << rows.error().message();
  if (!rows) return bars;
  table::RowBatch batch(table);
  for (;;) {
    const auto more = (*rows)->next(batch);
    EXPECT_TRUE(more);
    if (!more || !*more) return bars;
    for (std::size_t row = 0; row < batch.size(); ++row)
      bars.push_back({static_cast<Nanos>(batch.int64s(table.column_index("ts_event"))[row]) * 1'000,
                      std::string(batch.text(table.column_index("symbol"), row)),
                      batch.doubles(table.column_index("close"))[row],
                      static_cast<std::uint64_t>(batch.int64s(table.column_index("volume"))[row])});
  }
}

std::vector<TestBar> stored_minutes(const std::string& lake) {
  return stored_bars_of(lake, table::databento_futures_ohlcv_1m());
}

std::map<std::string, std::vector<std::string>> files_in(const std::string& lake,
                                                         const table::Table& table) {
  std::map<std::string, std::vector<std::string>> files;
  const auto partitions = lake::Lake::view(Env::posix(), lake)->partitions(table);
  EXPECT_TRUE(partitions);
  if (!partitions) return files;
  for (const auto& partition : *partitions)
    for (const auto& file : partition.files) files[partition.partition].push_back(file.name);
  return files;
}

LoadReport load(const LoadOptions& options, Env& env) {
  NoProgress progress;
  auto report = run_load(env, options, progress);
  EXPECT_TRUE(report) << report.error().message();
  return report ? *std::move(report) : LoadReport{};
}

}  // namespace fm::jobs
