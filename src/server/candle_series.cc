#include "server/candle_series.h"

#include <algorithm>
#include <array>
#include <set>

#include "server/row_hub.h"
#include "server/vendor_bars.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr std::array<Resolution, 7> kResolutions{{{"1s", kRolling, table::candles_1m},
                                                  {"seconds", 1, nullptr},
                                                  {"1m", 60, table::candle_bars_1m},
                                                  {"5m", 300, table::candle_bars_5m},
                                                  {"15m", 900, table::candle_bars_15m},
                                                  {"1h", 3'600, table::candle_bars_1h},
                                                  {"1d", kWholeDate, table::candle_bars_1d}}};

ColumnNames with(ColumnNames columns, std::string_view name) {
  if (!columns.empty() && std::ranges::find(columns, name) == columns.end())
    columns.push_back(name);
  return columns;
}

Result<Frame> read_days(Context& context, const table::Table& table, const std::string& root,
                        const Days& days, const Stretch& stretch, const ColumnNames& columns) {
  FM_ASSIGN(
      const auto rows,
      context.lake->read(
          table, {.root = root, .from = days.from, .before = days.before, .columns = columns}));
  Frame frame(table);
  const std::size_t time = table.column_index("time");
  FM_TRY(frame.read(*rows, [&](const table::RowBatch& batch, std::size_t row) {
    return stretch.takes(second_at(batch, time, row));
  }));
  return frame;
}

// Rows of earlier seconds are in the lake, as far as there are any.
Second stored_to(const RootIndex* index) {
  if (index == nullptr || index->partitions.empty()) return 0;
  const PartitionInfo& newest = index->partitions.back();
  return newest.final_to.value_or(newest.last_second.value_or(-1) + 1);
}

bool is_stored(const CandleRequest& request) {
  return request.which.is_front() && request.resolution->stored != nullptr;
}

// The rows of this process that are newer than the lake's, behind or in place of these.
void join_tail(Context& context, const CandleRequest& request, const RootIndex* index,
               Series& series) {
  const RowTail tail = context.rows->tail(request.root);
  series.live_version = tail.version;
  series.position = tail.position;
  if (!tail.rows || series.has_later) return;
  Frame newest(series.frame.table());
  newest.add(tail.rows, [&](const table::RowBatch& rows, std::size_t row) {
    return request.stretch.takes(second_at(rows, series.time_column, row));
  });
  const Second stored = stored_to(index);
  for (std::size_t row = 0; row < tail.rows->size(); ++row) {
    const Second second = second_at(*tail.rows, series.time_column, row);
    if (second < stored || !request.stretch.takes(second)) continue;
    series.tail_from = second;
    break;
  }
  series.frame = series.frame.joined_with(newest, series.time_column);
  if (request.stretch.is_forward()) {
    series.has_later = series.frame.size() > request.stretch.limit;
    series.frame.keep_first(request.stretch.limit);
  } else {
    series.has_earlier |= series.frame.size() > request.stretch.limit;
    series.frame.keep_last(request.stretch.limit);
  }
}

// The front month's rolling candles.
Result<Series> rolling_candles(Context& context, const CandleRequest& request) {
  const table::Table& table = table::candles_1m();
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, request.root);
  const ColumnNames names = with(request.columns, "time");
  Series series(table);
  series.source = table.name;
  series.time_column = table.column_index("time");
  FM_TRY(gather(
      request.stretch, days_of(index.get(), request.stretch),
      [&](const Days& days) {
        return read_days(context, table, request.root, days, request.stretch, names);
      },
      series));
  series.made_from = {depends_on(table, request.root, request.stretch, series)};
  join_tail(context, request, index.get(), series);
  if (const auto first = series.frame.first_second(series.time_column))
    series.has_earlier |= has_rows_before(index.get(), *first);
  return series;
}

// Bars: the stored ones, and those of trade dates that have seconds and no stored bars yet.
class BarReader {
 public:
  BarReader(Context& context, const CandleRequest& request, const table::Table& table)
      : context_(context), request_(request), table_(table), series_(table) {}

  Result<Series> read() {
    FM_TRY(context_.index.look(table::candles_1s()));
    FM_TRY(context_.index.look(table::candle_sessions()));
    FM_TRY(context_.index.look(table_));
    seconds_ = context_.index.find(table::candles_1s(), request_.root);
    if (is_stored(request_)) stored_ = context_.index.find(table_, request_.root);
    series_.live_version = context_.rows->version(request_.root);
    tail_ = live_tail(context_, request_.root, stored_to(seconds_.get()));
    series_.source = stored_ ? table_.name : table::candles_1s().name;
    series_.time_column = table_.column_index("time");
    FM_TRY(gather(
        request_.stretch, spans(), [&](const Days& days) { return read_span(days); }, series_));
    if (const auto first = series_.frame.first_second(series_.time_column))
      series_.has_earlier |=
          has_rows_before(stored_.get(), *first) || has_rows_before(seconds_.get(), *first);
    if (tail_ && !series_.has_later) series_.tail_from = first_open_bar();
    if (dates_left_ == 0)
      (request_.stretch.is_forward() ? series_.has_later : series_.has_earlier) = true;
    for (const table::Table* const table :
         {&table_, &table::candles_1s(), &table::candle_sessions()})
      series_.made_from.push_back(depends_on(*table, request_.root, request_.stretch, series_));
    return std::move(series_);
  }

 private:
  // Spans of days that hold about as many bars as are asked for.
  std::vector<Days> spans() const {
    constexpr Second kSessionSeconds = 82'800;
    const Second bar = request_.resolution->seconds;
    const std::size_t bars_a_day =
        bar == kWholeDate ? 1
                          : static_cast<std::size_t>(kSessionSeconds / std::max<Second>(bar, 1));
    const int span =
        static_cast<int>(std::clamp<std::size_t>(request_.stretch.limit / bars_a_day + 2, 2, 366));
    std::vector<Days> all = days_of(stored_.get(), request_.stretch);
    const auto more = days_of(seconds_.get(), request_.stretch);
    all.insert(all.end(), more.begin(), more.end());
    if (tail_ && is_in_tail()) all.push_back({tail_->date, tail_->date + 1});
    if (all.empty()) return {};
    const Date first = std::ranges::min_element(all, {}, &Days::from)->from;
    const Date end = std::ranges::max_element(all, {}, &Days::before)->before;
    std::vector<Days> spans;
    for (Date day = first; day < end; day = day + span)
      spans.push_back({day, std::min(day + span, end)});
    return spans;
  }

  Result<Frame> read_span(const Days& days) {
    Frame frame(table_);
    std::set<Date> there;
    if (stored_) {
      const ColumnNames names = with(with(request_.columns, "time"), "trade_date");
      FM_ASSIGN(frame, read_days(context_, table_, request_.root, days, Stretch{}, names));
      const std::size_t column = table_.column_index("trade_date");
      for (const Frame::Run& run : frame.runs())
        for (std::size_t row = run.first; row < run.first + run.count; ++row)
          there.insert(Date::from_days(frame.batch(run.batch).int32s(column)[row]));
      frame = taken(frame);
    }
    FM_ASSIGN(const Frame made, made_of_seconds(days, there));
    return frame.joined_with(made, series_.time_column);
  }

  Result<Frame> made_of_seconds(const Days& days, const std::set<Date>& there) {
    Frame frame(table_);
    for (const Date date : dates_of_seconds(days, there)) {
      if (dates_left_ == 0) break;
      --dates_left_;
      FM_ASSIGN(const Frame bars,
                bars_of_seconds(context_, table_, request_.root, date, request_.resolution->seconds,
                                request_.which, tail_));
      frame = frame.joined_with(taken(bars), series_.time_column);
    }
    return frame;
  }

  // Trade dates to make, those first that the stretch asks for first.
  std::vector<Date> dates_of_seconds(const Days& days, const std::set<Date>& there) const {
    std::vector<Date> dates;
    for (const Days& day : days_of(seconds_.get(), request_.stretch))
      if (day.from >= days.from && day.from < days.before && !there.contains(day.from))
        dates.push_back(day.from);
    // A session's first rows are not stored at once.
    if (tail_ && is_in_tail() && tail_->date >= days.from && tail_->date < days.before &&
        !there.contains(tail_->date) && (dates.empty() || dates.back() < tail_->date))
      dates.push_back(tail_->date);
    if (!request_.stretch.is_forward()) std::ranges::reverse(dates);
    return dates;
  }

  // Whether the stretch may take bars of the tail.
  bool is_in_tail() const {
    return !request_.stretch.before || *request_.stretch.before > tail_->from;
  }

  // The first bar that holds a second of the tail.
  std::optional<Second> first_open_bar() const {
    const Second bar = request_.resolution->seconds;
    const Frame open = series_.frame.filtered([&](const table::RowBatch& rows, std::size_t row) {
      const Second begin = second_at(rows, series_.time_column, row);
      if (bar > 0) return begin + bar > tail_->from;
      const std::size_t trade_date = table_.column_index("trade_date");
      return bar == kWholeDate ? rows.int32s(trade_date)[row] >= tail_->date.days_since_1970()
                               : begin >= tail_->from;
    });
    if (open.empty()) return std::nullopt;
    const Frame::Run& first = open.runs().front();
    return second_at(open.batch(first.batch), series_.time_column, first.first);
  }

  // Those rows that the stretch takes.
  Frame taken(const Frame& frame) const {
    return frame.filtered([&](const table::RowBatch& batch, std::size_t row) {
      return request_.stretch.takes(second_at(batch, series_.time_column, row));
    });
  }

  Context& context_;
  const CandleRequest& request_;
  const table::Table& table_;
  Series series_;
  std::shared_ptr<const RootIndex> stored_, seconds_;
  std::optional<LiveTail> tail_;
  std::size_t dates_left_ = kDatesFromSecondsMax;
};

}  // namespace

std::span<const Resolution> resolutions() { return kResolutions; }

Result<Series> read_series(Context& context, const CandleRequest& request) {
  const bool is_rolling = request.resolution->seconds == kRolling;
  if (is_rolling && request.which.is_front()) return rolling_candles(context, request);
  FM_TRY(context.index.look(table::candles_1s()));
  if (!context.index.find(table::candles_1s(), request.root)) {
    FM_ASSIGN(auto bars, vendor_bars(context, request));
    if (bars) return *std::move(bars);
  }
  const bool has_table = request.resolution->stored != nullptr && !is_rolling;
  return BarReader(context, request, has_table ? request.resolution->stored() : second_bar_table())
      .read();
}

}  // namespace fm::server
