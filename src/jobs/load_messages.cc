// Statuses and statistics of the venue.
#include "jobs/load_kind_list.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using dbn::StatMsg;
using dbn::StatusMsg;

// action, reason and trading_event, in the order of the key.
std::uint64_t status_minor(const std::byte* bytes) {
  const auto status = load_record_at<StatusMsg>(bytes);
  return std::uint64_t{status.action} << 32 | std::uint64_t{status.reason} << 16 |
         std::uint64_t{status.trading_event};
}

void append_status(const LoadRow& row, table::RowBatch& batch) {
  const auto status = load_record_at<StatusMsg>(row.record);
  const Nanos time = load_index_time<StatusMsg>(row.record);
  table::RowAppender to(batch);
  to.int64(static_cast<std::int64_t>(time)).text(row.symbol->text);
  to.int32(status.action).int32(status.reason).int32(status.trading_event);
  append_time(time, to);
  append_time(status.header.ts_event, to);
  to.text(row.symbol->root).int64(status.header.instrument_id).int64(status.header.publisher_id);
  append_char(status.is_trading, to);
  append_char(status.is_quoting, to);
  append_char(status.is_short_sell_restricted, to);
  append_provenance(row, to);
  to.end();
}

// stat_type, sequence, update_action and stat_flags, in the order of the key.
std::uint64_t statistics_minor(const std::byte* bytes) {
  const auto statistic = load_record_at<StatMsg>(bytes);
  return std::uint64_t{statistic.stat_type} << 48 | std::uint64_t{statistic.sequence} << 16 |
         std::uint64_t{statistic.update_action} << 8 | std::uint64_t{statistic.stat_flags};
}

void append_statistic(const LoadRow& row, table::RowBatch& batch) {
  const auto statistic = load_record_at<StatMsg>(row.record);
  const Nanos time = load_index_time<StatMsg>(row.record);
  table::RowAppender to(batch);
  to.int64(static_cast<std::int64_t>(time)).text(row.symbol->text);
  to.int32(statistic.stat_type).int64(statistic.sequence);
  to.int32(statistic.update_action).int32(statistic.stat_flags);
  append_time(time, to);
  append_time(statistic.header.ts_event, to);
  append_time(statistic.ts_ref, to);
  to.text(row.symbol->root);
  to.int64(statistic.header.instrument_id).int64(statistic.header.publisher_id);
  append_price(statistic.price, to);
  if (statistic.quantity == dbn::kUndefStatQuantity)
    to.null();
  else
    to.int64(statistic.quantity);
  to.int32(statistic.ts_in_delta).int32(statistic.channel_id);
  append_provenance(row, to);
  to.end();
}

}  // namespace

LoadKind status_kind() {
  return {.schema = dbn::Schema::kStatus,
          .table = &table::databento_status(),
          .record_bytes = sizeof(StatusMsg),
          .holds = &holds_record<StatusMsg>,
          .time = &load_index_time<StatusMsg>,
          .minor = &status_minor,
          .judge = &judge_time<StatusMsg>,
          .append = &append_status};
}

LoadKind statistics_kind() {
  return {.schema = dbn::Schema::kStatistics,
          .table = &table::databento_statistics(),
          .record_bytes = sizeof(StatMsg),
          .holds = &holds_record<StatMsg>,
          .time = &load_index_time<StatMsg>,
          .minor = &statistics_minor,
          .judge = &judge_time<StatMsg>,
          .append = &append_statistic};
}

}  // namespace fm::jobs
