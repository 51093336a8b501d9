#include "jobs/load_kinds.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.h"
#include "jobs/load_kind_list.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using dbn::OhlcvMsg;

constexpr Nanos kMinute = 60 * kNanosPerSecond;
constexpr Nanos kHour = 60 * kMinute;

Nanos bar_time(const std::byte* bytes) { return load_record_at<dbn::RecordHeader>(bytes).ts_event; }

std::uint64_t no_minor(const std::byte*) { return 0; }

std::optional<LoadFault> judge_bar(const std::byte* bytes, Nanos interval) {
  const auto bar = load_record_at<OhlcvMsg>(bytes);
  if (bar.header.ts_event >= kLoadTimeEnd) return LoadFault::kNoTime;
  if (bar.header.ts_event % interval != 0) return LoadFault::kOffGrid;
  for (const Price price : {bar.open, bar.high, bar.low, bar.close})
    if (price == kUndefPrice) return LoadFault::kNoPrice;
  const auto inside = [&](Price price) { return bar.low <= price && price <= bar.high; };
  if (bar.high < bar.low || !inside(bar.open) || !inside(bar.close)) return LoadFault::kBadRange;
  if (bar.volume > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return LoadFault::kBadVolume;
  return std::nullopt;
}

void append_bar(const LoadRow& row, table::RowBatch& batch) {
  const auto bar = load_record_at<OhlcvMsg>(row.record);
  table::RowAppender to(batch);
  to.timestamp(static_cast<std::int64_t>(bar.header.ts_event / 1'000))
      .text(row.symbol->root)
      .text(row.symbol->text)
      .int64(bar.header.instrument_id)
      .int64(bar.header.publisher_id)
      .number(to_double(bar.open))
      .number(to_double(bar.high))
      .number(to_double(bar.low))
      .number(to_double(bar.close))
      .int64(static_cast<std::int64_t>(bar.volume))
      .boolean(row.symbol->is_spread);
  if (row.delivery)
    to.date(*row.delivery);
  else
    to.null();
  append_provenance(row, to);
  to.end();
}

LoadKind bars(dbn::Schema schema, const table::Table& table, Nanos interval) {
  return {.schema = schema,
          .table = &table,
          .record_bytes = sizeof(OhlcvMsg),
          .holds = &holds_record<OhlcvMsg>,
          .time = &bar_time,
          .minor = &no_minor,
          .judge = &judge_bar,
          .interval = interval,
          .append = &append_bar};
}

}  // namespace

void append_time(Nanos time, table::RowAppender& to) {
  if (time >= kLoadTimeEnd)
    to.null();
  else
    to.timestamp(static_cast<std::int64_t>(time / 1'000));
}

void append_price(Price price, table::RowAppender& to) {
  if (price == kUndefPrice)
    to.null();
  else
    to.number(to_double(price));
}

void append_text(std::string_view text, table::RowAppender& to) {
  if (text.empty())
    to.null();
  else
    to.text(text);
}

void append_char(char letter, table::RowAppender& to) {
  append_text(letter == '\0' ? std::string_view() : std::string_view(&letter, 1), to);
}

void append_provenance(const LoadRow& row, table::RowAppender& to) {
  to.date(row.day).timestamp(row.published_us).text(row.source_hash).timestamp(row.ingested_us);
}

std::string_view name(LoadFault fault) {
  switch (fault) {
    case LoadFault::kMalformed:
      return "malformed";
    case LoadFault::kOtherSchema:
      return "other_schema";
    case LoadFault::kNoTime:
      return "no_time";
    case LoadFault::kUnknownInstrument:
      return "unknown_instrument";
    case LoadFault::kNotAFuture:
      return "not_a_future";
    case LoadFault::kNoRoot:
      return "no_root";
    case LoadFault::kOffGrid:
      return "off_grid";
    case LoadFault::kNoPrice:
      return "no_price";
    case LoadFault::kBadRange:
      return "bad_range";
    case LoadFault::kBadVolume:
      return "bad_volume";
    case LoadFault::kNotTaken:
      return "not_taken";
    case LoadFault::kTooOften:
      return "too_often";
  }
  FM_ASSERT(false);
}

std::span<const LoadKind> load_kinds() {
  static const std::array kKinds{
      bars(dbn::Schema::kOhlcv1s, table::databento_futures_ohlcv_1s(), kNanosPerSecond),
      bars(dbn::Schema::kOhlcv1m, table::databento_futures_ohlcv_1m(), kMinute),
      bars(dbn::Schema::kOhlcv1h, table::databento_futures_ohlcv_1h(), kHour),
      bars(dbn::Schema::kOhlcv1d, table::databento_futures_ohlcv_1d_utc(), kNanosPerDay),
      trades_kind(),
      tbbo_kind(),
      status_kind(),
      statistics_kind(),
      definition_kind()};
  return kKinds;
}

const LoadKind* find_load_kind(dbn::Schema schema) {
  const auto kinds = load_kinds();
  const auto found = std::ranges::find(kinds, schema, &LoadKind::schema);
  return found == kinds.end() ? nullptr : &*found;
}

std::string load_schema_names() {
  std::string names;
  for (const LoadKind& kind : load_kinds())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", dbn::name(kind.schema));
  return names;
}

}  // namespace fm::jobs
