#include "jobs/database_rows.h"

#include <algorithm>

#include "jobs/candle_rows.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

template <class Rows>
Status write_rows(const Rows& waiting, const table::Table& table, const candles::Engine& names,
                  table::Sink& sink) {
  if (waiting.empty()) return {};
  using Row = typename Rows::mapped_type;
  table::RowBatch batch(table);
  std::vector<Row> some;
  some.reserve(batch.rows_max());
  for (auto next = waiting.begin(); next != waiting.end();) {
    some.clear();
    for (; next != waiting.end() && some.size() < batch.rows_max(); ++next)
      some.push_back(next->second);
    batch.clear();
    append_rows(batch, some, names);
    FM_TRY(sink.write(batch));
  }
  return {};
}

}  // namespace

DatabaseRows::DatabaseRows(const market::Universe& universe, const market::Calendar& calendar,
                           const candles::EngineOptions& engine, Second stored_to)
    : stored_to_(stored_to), engine_(universe, calendar, engine, *this), log_(engine_) {}

void DatabaseRows::resume(const CaptureStart& start, KnownGaps gaps) {
  start.resume(engine_);
  log_.set_gaps(std::move(gaps));
}

void DatabaseRows::begin_day(Nanos segment_start) { log_.begin_source(segment_start); }

void DatabaseRows::feed(const dbn::RecordBlock& block) { log_.feed(block); }

void DatabaseRows::tick(Second now) {
  engine_.flush();
  engine_.provisional(open_);
  const Second through = std::max(now, engine_.clock().value_or(now)) - 1;
  published_candles_.open(open_.candles(), through, changed_candles_);
  published_seconds_.open(open_.seconds(), through, changed_seconds_);
  take();
}

void DatabaseRows::finish() { engine_.finish(); }

std::optional<Second> DatabaseRows::final_to() const {
  const auto last = engine_.final_to();
  return last ? std::optional<Second>(*last + 1) : std::nullopt;
}

void DatabaseRows::candles(std::span<const candles::CandleRow> rows) {
  published_candles_.final(rows, changed_candles_);
  take();
}

void DatabaseRows::seconds(std::span<const candles::SecondRow> rows) {
  published_seconds_.final(rows, changed_seconds_);
  take();
}

void DatabaseRows::take() {
  for (const candles::CandleRow& row : changed_candles_)
    if (row.time >= stored_to_) candles_.insert_or_assign({row.ticker, row.time}, row);
  for (const candles::SecondRow& row : changed_seconds_)
    if (row.time >= stored_to_) seconds_.insert_or_assign({row.ticker, row.symbol, row.time}, row);
  changed_candles_.clear();
  changed_seconds_.clear();
}

Status DatabaseRows::write(table::Sink& sink) const {
  FM_TRY(write_rows(seconds_, table::candles_1s(), engine_, sink));
  return write_rows(candles_, table::candles_1m(), engine_, sink);
}

void DatabaseRows::stored() {
  candles_.clear();
  seconds_.clear();
}

}  // namespace fm::jobs
