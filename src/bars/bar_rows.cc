#include "bars/bar_rows.h"

#include "base/assert.h"
#include "market/contract.h"

namespace fm::bars {
namespace {

constexpr std::size_t kListBatchRows = 1'024;

class ListStream final : public table::RowStream {
 public:
  ListStream(const table::Table& table, const std::vector<table::RowBatch>& batches)
      : table_(&table), batches_(&batches) {}
  const table::Table& table() const override { return *table_; }
  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (next_ < batches_->size() && !batch.full()) {
      const table::RowBatch& from = (*batches_)[next_];
      const std::size_t rows = std::min(from.size() - row_, batch.rows_max() - batch.size());
      batch.append(from, row_, rows);
      row_ += rows;
      if (row_ == from.size()) {
        ++next_;
        row_ = 0;
      }
    }
    return batch.size() > 0;
  }

 private:
  const table::Table* table_;
  const std::vector<table::RowBatch>* batches_;
  std::size_t next_ = 0;
  std::size_t row_ = 0;
};

void append_prices(const Bar& bar, table::RowAppender& to) {
  to.number(bar.open).number(bar.high).number(bar.low).number(bar.close);
}

void append_vwap(const Bar& bar, std::string_view source, table::RowAppender& to) {
  if (source == kMinuteSource && bar.volume > 0)
    to.number(scaled_to_double(bar.price_volume) / static_cast<double>(bar.volume));
  else
    to.null();
}

void append_delivery(std::string_view symbol, Date date, table::RowAppender& to) {
  to.boolean(!market::is_outright(symbol));
  if (!market::is_outright(symbol)) {
    to.null();
    return;
  }
  const auto contract = market::Contract::parse(symbol, date);
  FM_ASSERT(contract.has_value());
  to.date(Date(contract->delivery().year, contract->delivery().month, 1));
}

template <class Value, class Append>
void append_or_null(const std::optional<Value>& value, table::RowAppender& to, Append append) {
  if (value)
    append(*value);
  else
    to.null();
}

}  // namespace

table::RowBatch& RowList::space() {
  if (batches_.empty() || batches_.back().full()) batches_.emplace_back(*table_, kListBatchRows);
  return batches_.back();
}

std::size_t RowList::size() const {
  std::size_t rows = 0;
  for (const table::RowBatch& batch : batches_) rows += batch.size();
  return rows;
}

std::unique_ptr<table::RowStream> RowList::stream() const {
  return std::make_unique<ListStream>(*table_, batches_);
}

void append_hour(const TradeDay& day, const HourBar& hour, std::string_view root,
                 table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.timestamp(hour.hour * kMicrosPerSecond).text(root).text(hour.symbol).date(day.date);
  to.int64(hour.bar.instrument_id).int64(hour.bar.publisher_id);
  append_prices(hour.bar, to);
  to.int64(hour.bar.volume);
  append_vwap(hour.bar, day.source, to);
  to.int32(hour.bar.bars);
  append_delivery(hour.symbol, day.date, to);
  to.text(day.source).end();
}

void append_live_hour(const TradeDay& day, const HourBar& hour, std::string_view root,
                      table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.timestamp(hour.hour * kMicrosPerSecond).text(root).text(hour.symbol);
  to.int64(hour.bar.instrument_id).int64(hour.bar.publisher_id);
  append_prices(hour.bar, to);
  to.int64(hour.bar.volume).date(day.date).end();
}

void append_live_day(const DayBar& day, Second open, std::string_view root,
                     table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.timestamp(open * kMicrosPerSecond).text(root).text(day.symbol);
  to.int64(day.bar.instrument_id).int64(day.bar.publisher_id);
  append_prices(day.bar, to);
  to.int64(day.bar.volume).date(day.date).end();
}

void append_day(const DayRow& row, std::string_view root, const DayStatistics* statistics,
                const market::Root* info, table::RowBatch& batch) {
  const Bar& bar = row.day.bar;
  const DayStatistics known = statistics != nullptr ? *statistics : DayStatistics{};
  table::RowAppender to(batch);
  to.date(row.day.date).text(root).text(row.day.symbol);
  append_prices(bar, to);
  append_or_null(known.settle, to, [&](double settle) { to.number(settle); });
  to.int64(bar.volume);
  append_or_null(known.cleared_volume, to, [&](std::int64_t volume) { to.int64(volume); });
  append_or_null(known.open_interest, to, [&](std::int64_t quantity) { to.int64(quantity); });
  append_vwap(bar, row.source, to);
  append_delivery(row.day.symbol, row.day.date, to);
  to.int64(bar.instrument_id).int64(bar.publisher_id);
  to.text(row.basis_is_utc ? "utc" : "trade_date").text(row.source).boolean(row.merged_sunday);
  to.int32(bar.bars).timestamp(bar.first_us).timestamp(bar.last_us);
  append_or_null(known.settle, to, [&](double) { to.timestamp(known.settle_us); });
  append_or_null(known.open_interest, to,
                 [&](std::int64_t) { to.timestamp(known.open_interest_us); });
  (info != nullptr ? to.text(info->exchange) : to.null());
  (info != nullptr ? to.text(info->currency) : to.null());
  to.end();
}

}  // namespace fm::bars
