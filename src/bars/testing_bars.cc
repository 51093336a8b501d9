#include "bars/testing_bars.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "market/contract.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

constexpr Second kChicagoSummerOffset = 5 * kSecondsPerHour;

// Writes cells by the names of their columns; those not named are null, 0 or empty.
class NamedRow {
 public:
  NamedRow(table::RowBatch& batch) : batch_(batch), row_(batch.size()) {
    for (std::size_t c = 0; c < batch.table().columns.size(); ++c) {
      const table::Column& column = batch.table().columns[c];
      switch (column.type) {
        case table::Type::kTimestamp:
        case table::Type::kInt64:
          batch.int64s(c)[row_] = 0;
          break;
        case table::Type::kDate:
        case table::Type::kInt32:
          batch.int32s(c)[row_] = 0;
          break;
        case table::Type::kInt8:
        case table::Type::kBool:
          batch.int8s(c)[row_] = 0;
          break;
        case table::Type::kDouble:
          batch.doubles(c)[row_] = 0;
          break;
        case table::Type::kText:
          batch.set_text(c, row_, "");
          break;
      }
    }
  }
  void text(std::string_view column, std::string_view value) {
    batch_.set_text(at(column), row_, value);
  }
  void int64(std::string_view column, std::int64_t value) {
    if (batch_.table().find_column(column)) batch_.int64s(at(column))[row_] = value;
  }
  void int32(std::string_view column, std::int32_t value) {
    if (batch_.table().find_column(column)) batch_.int32s(at(column))[row_] = value;
  }
  void boolean(std::string_view column, bool value) {
    if (batch_.table().find_column(column)) batch_.int8s(at(column))[row_] = value ? 1 : 0;
  }
  void number(std::string_view column, double value) { batch_.doubles(at(column))[row_] = value; }
  void null(std::string_view column) {
    if (batch_.table().find_column(column)) batch_.set_null(at(column), row_);
  }
  void end() { batch_.set_size(row_ + 1); }

 private:
  [[nodiscard]] std::size_t at(std::string_view column) const {
    return batch_.table().column_index(column);
  }
  table::RowBatch& batch_;
  std::size_t row_;
};

// `date_of(row)` says in which partition a row belongs.
template <class Row, class DateOf, class Append>
void store(lake::Lake& lake, const table::Table& table, std::string_view root,
           const std::vector<Row>& rows, DateOf date_of, Append append) {
  std::map<Date, RowList> partitions;
  for (const Row& row : rows) {
    const lake::PartitionKey key{.root = std::string(root), .date = date_of(row)};
    auto at = partitions.try_emplace(key.first_day(table), table).first;
    NamedRow to(at->second.space());
    append(row, to);
    to.end();
  }
  for (auto& [date, list] : partitions) {
    const auto stream = list.stream();
    const auto report = lake.replace(
        table, {.root = table.root_column.empty() ? "" : std::string(root), .date = date}, *stream,
        {});
    ASSERT_TRUE(report) << report.error().message();
  }
}

std::string number_text(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string cell_text(const table::RowBatch& batch, std::size_t column, std::size_t row) {
  if (batch.is_null(column, row)) return "-";
  switch (batch.table().columns[column].type) {
    case table::Type::kTimestamp:
      return iso_second(batch.int64s(column)[row] / kMicrosPerSecond);
    case table::Type::kDate:
      return Date::from_days(batch.int32s(column)[row]).iso();
    case table::Type::kText:
      return std::string(batch.text(column, row));
    case table::Type::kInt64:
      return std::to_string(batch.int64s(column)[row]);
    case table::Type::kInt32:
      return std::to_string(batch.int32s(column)[row]);
    case table::Type::kInt8:
      return std::to_string(batch.int8s(column)[row]);
    case table::Type::kBool:
      return batch.int8s(column)[row] != 0 ? "yes" : "no";
    case table::Type::kDouble:
      return number_text(batch.doubles(column)[row]);
  }
  FM_ASSERT(false);
}

}  // namespace

TestBar flat_bar(Second time, std::string symbol, double price, std::int64_t volume) {
  return {time, std::move(symbol), price, price, price, price, volume};
}

Second chicago_summer(Date date, int hour, int minute) {
  return date.first_second() + kChicagoSummerOffset + hour * kSecondsPerHour +
         minute * kSecondsPerMinute;
}

void store_bars(lake::Lake& lake, const table::Table& table, std::string_view root,
                std::vector<TestBar> bars) {
  std::ranges::sort(bars, {}, [](const TestBar& bar) { return std::pair(bar.time, bar.symbol); });
  store(
      lake, table, root, bars, [](const TestBar& bar) { return Date::of_second(bar.time); },
      [&](const TestBar& bar, NamedRow& to) {
        to.int64("ts_event", bar.time * kMicrosPerSecond);
        to.text("root", root);
        to.text("symbol", bar.symbol);
        to.int64("instrument_id", 7);
        to.int64("publisher_id", 1);
        to.number("open", bar.open);
        to.number("high", bar.high);
        to.number("low", bar.low);
        to.number("close", bar.close);
        to.int64("volume", bar.volume);
        to.boolean("is_spread", !market::is_outright(bar.symbol));
        to.null("delivery");
        to.int32("ts_date", Date::of_second(bar.time).days_since_1970());
      });
}

void store_statistics(lake::Lake& lake, std::string_view root, std::vector<TestStatistic> rows) {
  std::ranges::stable_sort(rows, {}, &TestStatistic::received);
  std::int64_t sequence = 0;
  store(
      lake, table::databento_statistics(), root, rows,
      [](const TestStatistic& row) { return Date::of_second(row.received); },
      [&](const TestStatistic& row, NamedRow& to) {
        to.int64("ts_recv_ns",
                 row.received * static_cast<std::int64_t>(kNanosPerSecond) + sequence);
        to.text("symbol", row.symbol);
        to.int32("stat_type", row.type);
        to.int64("sequence", ++sequence);
        to.int32("update_action", row.action);
        to.int32("stat_flags", row.flags);
        to.int64("ts_recv", row.received * kMicrosPerSecond);
        to.null("ts_event");
        to.int64("ts_ref", row.of.first_second() * kMicrosPerSecond);
        to.text("root", root);
        row.price ? to.number("price", *row.price) : to.null("price");
        row.quantity ? to.int64("quantity", *row.quantity) : to.null("quantity");
        to.int32("ts_date", Date::of_second(row.received).days_since_1970());
      });
}

void store_definitions(lake::Lake& lake, std::string_view root, std::vector<TestDefinition> rows) {
  std::ranges::stable_sort(
      rows, {}, [](const TestDefinition& row) { return std::pair(row.received, row.symbol); });
  store(
      lake, table::databento_definition(), root, rows,
      [](const TestDefinition& row) { return Date::of_second(row.received); },
      [&](const TestDefinition& row, NamedRow& to) {
        for (const table::Column& column : table::databento_definition().columns)
          if (column.nullable && column.name != "instrument_class" && column.name != "expiration")
            to.null(column.name);
        to.int64("ts_recv_ns", row.received * static_cast<std::int64_t>(kNanosPerSecond));
        to.text("symbol", row.symbol);
        to.int64("ts_recv", row.received * kMicrosPerSecond);
        to.text("root", root);
        to.int32("ts_date", Date::of_second(row.received).days_since_1970());
        to.text("instrument_class", row.instrument_class);
        to.int64("expiration", row.expiration * kMicrosPerSecond);
      });
}

std::vector<std::string> lines_of(const lake::Lake& lake, const table::Table& table,
                                  std::initializer_list<std::string_view> columns,
                                  const std::string& root) {
  std::vector<std::string> lines;
  lake::ReadRange range;
  range.root = root;
  auto rows = lake.read(table, range);
  EXPECT_TRUE(rows) << rows.error().message();
  if (!rows) return lines;
  table::RowBatch batch(table);
  for (;;) {
    const auto more = (*rows)->next(batch);
    EXPECT_TRUE(more) << more.error().message();
    if (!more || !*more) return lines;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      std::string line;
      for (const std::string_view column : columns)
        line += (line.empty() ? "" : " ") + cell_text(batch, table.column_index(column), row);
      lines.push_back(std::move(line));
    }
  }
}

std::map<std::string, std::vector<std::string>> files_of_table(const lake::Lake& lake,
                                                               const table::Table& table) {
  std::map<std::string, std::vector<std::string>> files;
  const auto partitions = lake.partitions(table);
  EXPECT_TRUE(partitions);
  if (!partitions) return files;
  for (const auto& partition : *partitions)
    for (const auto& file : partition.files) files[partition.partition].push_back(file.name);
  return files;
}

}  // namespace fm::bars
