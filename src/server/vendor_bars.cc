#include "server/vendor_bars.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "market/contract.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

using table::Column;
using table::Type;

constexpr std::array kColumns{
    Column{.name = "time", .type = Type::kTimestamp, .unit = "UTC", .description = ""},
    Column{.name = "symbol", .type = Type::kText, .unit = "", .description = ""},
    Column{.name = "open", .type = Type::kDouble, .unit = "price", .description = ""},
    Column{.name = "high", .type = Type::kDouble, .unit = "price", .description = ""},
    Column{.name = "low", .type = Type::kDouble, .unit = "price", .description = ""},
    Column{.name = "close", .type = Type::kDouble, .unit = "price", .description = ""},
    Column{.name = "volume", .type = Type::kInt64, .unit = "contracts", .description = ""},
    Column{.name = "vd", .type = Type::kInt64, .unit = "", .description = "", .nullable = true},
    Column{
        .name = "cvd_close", .type = Type::kInt64, .unit = "", .description = "", .nullable = true},
    Column{.name = "trade_date", .type = Type::kDate, .unit = "", .description = ""},
};
constexpr std::array<std::string_view, 2> kKey{"time", "symbol"};
constexpr table::Table kTable{.dataset = "market_data",
                              .name = "vendor_bars",
                              .description = "",
                              .columns = kColumns,
                              .key = kKey,
                              .partition_column = "trade_date",
                              .cluster = kKey,
                              .root_column = "",
                              .sort = kKey};

struct Bar {
  Second time = 0;
  double open = 0, high = 0, low = 0, close = 0;
  std::int64_t volume = 0;
};
// Bars of one contract on one trade date, in the order of time.
using Contracts = std::map<std::string, std::vector<Bar>, std::less<>>;
using Dates = std::map<Date, Contracts>;

class VendorBars {
 public:
  VendorBars(Context& context, const CandleRequest& request)
      : context_(context),
        request_(request),
        calendar_(context.registry.calendar()),
        hours_(calendar_.template_of(request.root)),
        series_(kTable) {}

  Result<std::optional<Series>> read() {
    for (const table::Table* table :
         {&table::databento_futures_ohlcv_1m(), &table::futures_ohlcv_1m_live()}) {
      FM_TRY(context_.index.look(*table));
      auto index = context_.index.find(*table, request_.root);
      if (index && index->rows() > 0) sources_.push_back({table, std::move(index)});
    }
    if (sources_.empty()) return std::nullopt;
    series_.source = sources_.front().table->name;
    series_.time_column = 0;
    FM_TRY(gather(
        request_.stretch, spans(), [&](const Days& days) { return read_span(days); }, series_));
    if (const auto first = series_.frame.first_second(0))
      for (const Source& source : sources_)
        series_.has_earlier |= has_rows_before(source.index.get(), *first);
    for (const Source& source : sources_) {
      MadeFrom rows = depends_on(*source.table, request_.root, request_.stretch, series_);
      rows.from = rows.from - 5;
      series_.made_from.push_back(std::move(rows));
    }
    return std::optional<Series>(std::move(series_));
  }

 private:
  struct Source {
    const table::Table* table;
    std::shared_ptr<const RootIndex> index;
  };

  std::vector<Days> spans() const {
    std::optional<Date> first, end;
    for (const Source& source : sources_)
      for (const Days& days : days_of(source.index.get(), request_.stretch)) {
        first = std::min(first.value_or(days.from), days.from);
        // A UTC date's evening is of the next trade date, which a weekend may keep away.
        end = std::max(end.value_or(days.before), days.before + 4);
      }
    std::vector<Days> spans;
    if (!first) return spans;
    // What lies beyond the stretch need not be read: a year's partition holds 250 dates.
    if (request_.stretch.from) first = std::max(*first, Date::of_second(*request_.stretch.from));
    if (request_.stretch.before)
      end = std::min(*end, Date::of_second(*request_.stretch.before) + 5);
    constexpr int kSpan = 5;
    const int span = request_.resolution->seconds == kWholeDate ? 60 : kSpan;
    for (Date day = *first; day < *end; day = day + span)
      spans.push_back({day, std::min(day + span, *end)});
    return spans;
  }

  Result<Frame> read_span(const Days& days) {
    Dates dates;
    for (const Source& source : sources_) FM_TRY(read_source(source, days, dates));
    Frame frame(kTable);
    for (const auto& [date, contracts] : dates) add_date(date, contracts, frame);
    return frame;
  }

  Status read_source(const Source& source, const Days& days, Dates& dates) {
    const table::Table& table = *source.table;
    FM_ASSIGN(const auto rows,
              context_.lake->read(table, {.root = request_.root,
                                          .from = days.from - 5,
                                          .before = days.before,
                                          .columns = {"ts_event", "symbol", "open", "high", "low",
                                                      "close", "volume"}}));
    const std::array columns{table.column_index("open"), table.column_index("high"),
                             table.column_index("low"), table.column_index("close")};
    const std::size_t time = table.column_index("ts_event");
    const std::size_t symbol = table.column_index("symbol");
    const std::size_t volume = table.column_index("volume");
    table::RowBatch batch(table);
    for (;;) {
      FM_ASSIGN(const bool more, rows->next(batch));
      if (!more) return {};
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const auto contract = batch.text(symbol, row);
        const Second second = second_at(batch, time, row);
        const auto date = trade_date_of(second);
        if (!date || *date < days.from || *date >= days.before || !is_wanted(contract)) continue;
        Contracts& contracts = dates[*date];
        auto found = contracts.find(contract);
        if (found == contracts.end()) found = contracts.try_emplace(std::string(contract)).first;
        // History comes first, and counts where the poller has the same minute.
        if (!found->second.empty() && found->second.back().time >= second) continue;
        found->second.push_back({.time = second,
                                 .open = batch.doubles(columns[0])[row],
                                 .high = batch.doubles(columns[1])[row],
                                 .low = batch.doubles(columns[2])[row],
                                 .close = batch.doubles(columns[3])[row],
                                 .volume = batch.int64s(volume)[row]});
      }
    }
  }

  bool is_wanted(std::string_view contract) const {
    return request_.which.symbol ? contract == *request_.which.symbol
                                 : market::is_outright(contract);
  }

  std::optional<Date> trade_date_of(Second second) {
    if (!span_ || !span_->contains(second)) span_ = calendar_.span_at(hours_, second);
    if (!span_) return std::nullopt;
    return span_->trade_date;
  }

  // By volume; `rank` deliveries behind it.
  const std::pair<const std::string, std::vector<Bar>>* choose(Date date,
                                                               const Contracts& contracts) const {
    if (contracts.empty()) return nullptr;
    const auto volume_of = [](const auto& one) {
      std::int64_t sum = 0;
      for (const Bar& bar : one.second) sum += bar.volume;
      return sum;
    };
    const auto front = std::ranges::max_element(contracts, {}, volume_of);
    if (request_.which.rank == 0 || request_.which.symbol) return &*front;
    std::vector<std::pair<market::Contract, const Contracts::value_type*>> ordered;
    for (const auto& one : contracts)
      if (const auto contract = market::Contract::parse(one.first, date))
        ordered.emplace_back(*contract, &one);
    std::ranges::sort(ordered, {}, [](const auto& one) { return one.first; });
    const auto at = std::ranges::find(ordered, &*front, [](const auto& one) { return one.second; });
    const auto left = ordered.end() - at;
    return request_.which.rank < left ? (at + request_.which.rank)->second : nullptr;
  }

  void add_date(Date date, const Contracts& contracts, Frame& frame) const {
    const auto* const chosen = choose(date, contracts);
    if (chosen == nullptr) return;
    auto batch = std::make_shared<table::RowBatch>(kTable, chosen->second.size());
    for (const Bar& bar : rolled_up(date, chosen->second)) {
      table::RowAppender(*batch)
          .timestamp(bar.time * kMicrosPerSecond)
          .text(chosen->first)
          .number(bar.open)
          .number(bar.high)
          .number(bar.low)
          .number(bar.close)
          .int64(bar.volume)
          .null()
          .null()
          .date(date)
          .end();
    }
    frame.add(std::move(batch), [&](const table::RowBatch& rows, std::size_t row) {
      return request_.stretch.takes(second_at(rows, 0, row));
    });
  }

  std::vector<Bar> rolled_up(Date date, const std::vector<Bar>& minutes) const {
    const Second length = request_.resolution->seconds;
    const auto spans = calendar_.spans_of(hours_, date);
    const Second open = spans.empty() ? date.first_second() : spans.front().open;
    std::vector<Bar> bars;
    for (const Bar& minute : minutes) {
      const Second start =
          length == kWholeDate ? open : minute.time - minute.time % std::max<Second>(length, 60);
      if (bars.empty() || bars.back().time != start) {
        bars.push_back(minute);
        bars.back().time = start;
        continue;
      }
      Bar& bar = bars.back();
      bar.high = std::max(bar.high, minute.high);
      bar.low = std::min(bar.low, minute.low);
      bar.close = minute.close;
      bar.volume += minute.volume;
    }
    return bars;
  }

  Context& context_;
  const CandleRequest& request_;
  const market::Calendar& calendar_;
  const market::TemplateId hours_;
  std::vector<Source> sources_;
  std::optional<market::SessionSpan> span_;
  Series series_;
};

}  // namespace

const table::Table& vendor_bar_table() { return kTable; }

Result<std::optional<Series>> vendor_bars(Context& context, const CandleRequest& request) {
  // They know of nothing shorter than a minute.
  if (request.resolution->seconds != kWholeDate && request.resolution->seconds < 60)
    return std::nullopt;
  return VendorBars(context, request).read();
}

}  // namespace fm::server
