#include "jobs/candle_rows.h"

#include <algorithm>

#include "base/assert.h"
#include "candles/derive.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using candles::CandleRow;
using candles::SecondRow;
using table::RowBatch;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// Writes columns from left to right for rows [first, first + rows.size()) of a batch.
template <class Row, class Names>
class ColumnWriter {
 public:
  ColumnWriter(RowBatch& batch, std::span<const Row> rows, const Names& names)
      : batch_(batch), rows_(rows), names_(names), first_(batch.size()) {}

  void time() {
    auto out = batch_.int64s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = rows_[i].time * kMicrosPerSecond;
  }
  void trade_date() {
    auto out = batch_.int32s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = rows_[i].trade_date.days_since_1970();
  }
  void ticker() {
    text(&Row::ticker, [this](candles::TickerId id) { return names_.ticker(id); });
  }
  void symbol() {
    text(&Row::symbol, [this](candles::SymbolId id) { return names_.symbol(id); });
  }
  template <class Value>
  void int64s(Value Row::* field) {
    auto out = batch_.int64s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = rows_[i].*field;
  }
  void int32s(std::int32_t Row::* field) {
    auto out = batch_.int32s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = rows_[i].*field;
  }
  void prices(Price Row::* field) {
    auto out = batch_.doubles(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = to_double(rows_[i].*field);
  }
  // `value_of(i)` gives the number of row i.
  template <class ValueOf>
  void doubles(ValueOf value_of) {
    auto out = batch_.doubles(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = value_of(i);
  }
  template <class ValueOf>
  void optional_doubles(ValueOf value_of) {
    auto out = batch_.doubles(column_).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::optional<double>& value = value_of(i);
      out[i] = value.value_or(0);
      if (!value) batch_.set_null(column_, first_ + i);
    }
    ++column_;
  }
  template <class ValueOf>
  void computed_int64s(ValueOf value_of) {
    auto out = batch_.int64s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = value_of(i);
  }
  template <class ValueOf>
  void int8s(ValueOf value_of) {
    auto out = batch_.int8s(column_++).subspan(first_);
    for (std::size_t i = 0; i < rows_.size(); ++i) out[i] = static_cast<std::int8_t>(value_of(i));
  }
  void end() {
    FM_ASSERT(column_ == batch_.table().columns.size());
    batch_.set_size(first_ + rows_.size());
  }

 private:
  template <class Field, class NameOf>
  void text(Field field, NameOf name_of) {
    for (std::size_t i = 0; i < rows_.size();) {
      std::size_t end = i + 1;
      while (end < rows_.size() && rows_[end].*field == rows_[i].*field) ++end;
      batch_.set_text(column_, first_ + i, end - i, name_of(rows_[i].*field));
      i = end;
    }
    ++column_;
  }

  RowBatch& batch_;
  std::span<const Row> rows_;
  const Names& names_;
  std::size_t first_;
  std::size_t column_ = 0;
};

// Names as Engine gives them.
struct ListedNames {
  [[nodiscard]] const std::string& ticker(candles::TickerId id) const { return lists.tickers[id]; }
  [[nodiscard]] const std::string& symbol(candles::SymbolId id) const { return lists.symbols[id]; }
  RowNames lists;
};

const table::Table& table_of(const CandleRow*) { return table::candles_1m(); }
const table::Table& table_of(const SecondRow*) { return table::candles_1s(); }

template <class Names>
void append_candles(RowBatch& batch, std::span<const CandleRow> rows, const Names& names) {
  std::vector<candles::Derived> derived;
  derived.reserve(rows.size());
  for (const CandleRow& row : rows) derived.push_back(candles::derive(row));

  ColumnWriter<CandleRow, Names> out(batch, rows, names);
  out.time();
  out.ticker();
  out.trade_date();
  out.symbol();
  out.doubles([&](std::size_t i) { return derived[i].open; });
  out.doubles([&](std::size_t i) { return derived[i].high; });
  out.doubles([&](std::size_t i) { return derived[i].low; });
  out.doubles([&](std::size_t i) { return derived[i].close; });
  out.int64s(&CandleRow::volume);
  out.int64s(&CandleRow::ask_volume);
  out.int64s(&CandleRow::bid_volume);
  out.int64s(&CandleRow::unknown_volume);
  out.int64s(&CandleRow::cvd_open);
  out.int64s(&CandleRow::cvd_high);
  out.int64s(&CandleRow::cvd_low);
  out.int64s(&CandleRow::cvd_close);
  out.computed_int64s([&](std::size_t i) { return rows[i].vd(); });
  out.optional_doubles([&](std::size_t i) -> const auto& { return derived[i].vd_ratio; });
  out.optional_doubles([&](std::size_t i) -> const auto& { return derived[i].book_imbalance; });
  out.optional_doubles([&](std::size_t i) -> const auto& { return derived[i].price_change_bps; });
  out.int8s([&](std::size_t i) { return derived[i].divergence; });
  out.optional_doubles([&](std::size_t i) -> const auto& { return derived[i].vwap; });
  out.int64s(&CandleRow::trades);
  out.int64s(&CandleRow::max_trade_size);
  out.int64s(&CandleRow::big_trades);
  out.int64s(&CandleRow::big_volume);
  out.int64s(&CandleRow::sum_bid_depth);
  out.int64s(&CandleRow::sum_ask_depth);
  out.doubles([&](std::size_t i) { return derived[i].sum_price_volume; });
  out.int32s(&CandleRow::seconds_traded);
  out.int32s(&CandleRow::seconds_covered);
  out.end();
}

template <class Names>
void append_seconds(RowBatch& batch, std::span<const SecondRow> rows, const Names& names) {
  ColumnWriter<SecondRow, Names> out(batch, rows, names);
  out.ticker();
  out.symbol();
  out.time();
  out.trade_date();
  out.prices(&SecondRow::open);
  out.prices(&SecondRow::high);
  out.prices(&SecondRow::low);
  out.prices(&SecondRow::close);
  out.int64s(&SecondRow::volume);
  out.int64s(&SecondRow::ask_volume);
  out.int64s(&SecondRow::bid_volume);
  out.int64s(&SecondRow::unknown_volume);
  out.int64s(&SecondRow::trades);
  out.int64s(&SecondRow::max_trade_size);
  out.int64s(&SecondRow::big_trades);
  out.int64s(&SecondRow::big_volume);
  out.int64s(&SecondRow::sum_bid_depth);
  out.int64s(&SecondRow::sum_ask_depth);
  out.doubles([&](std::size_t i) { return scaled_to_double(rows[i].sum_price_volume); });
  out.int64s(&SecondRow::delta_open);
  out.int64s(&SecondRow::delta_high);
  out.int64s(&SecondRow::delta_low);
  out.int64s(&SecondRow::delta_close);
  out.end();
}

}  // namespace

void append_rows(RowBatch& batch, std::span<const CandleRow> rows, const candles::Engine& names) {
  append_candles(batch, rows, names);
}

void append_rows(RowBatch& batch, std::span<const CandleRow> rows, const RowNames& names) {
  append_candles(batch, rows, ListedNames{names});
}

void append_rows(RowBatch& batch, std::span<const SecondRow> rows, const candles::Engine& names) {
  append_seconds(batch, rows, names);
}

void append_rows(RowBatch& batch, std::span<const SecondRow> rows, const RowNames& names) {
  append_seconds(batch, rows, ListedNames{names});
}

template <class Row>
StoredRows<Row>::StoredRows(RunStore& store, std::vector<RunStore::RunId> runs,
                            const candles::Engine& names)
    : store_(store), runs_(std::move(runs)), names_(names) {}

template <class Row>
const table::Table& StoredRows<Row>::table() const {
  return table_of(static_cast<const Row*>(nullptr));
}

template <class Row>
Result<bool> StoredRows<Row>::next(RowBatch& batch) {
  batch.clear();
  while (!batch.full()) {
    while (rest_.empty()) {
      if (reader_.empty()) {
        if (next_run_ == runs_.size()) return batch.size() > 0;
        reader_.push_back(store_.read(runs_[next_run_++]));
      }
      FM_ASSIGN(const std::span<const std::byte> bytes, reader_.back().next());
      // Chunks hold whole rows and lie on multiples of 16 bytes, as new[] gives them.
      rest_ = {reinterpret_cast<const Row*>(bytes.data()), bytes.size() / sizeof(Row)};
      if (rest_.empty()) reader_.clear();
    }
    const auto some = rest_.first(std::min(rest_.size(), batch.rows_max() - batch.size()));
    append_rows(batch, some, names_);
    rest_ = rest_.subspan(some.size());
  }
  return true;
}

template class StoredRows<CandleRow>;
template class StoredRows<SecondRow>;

}  // namespace fm::jobs
