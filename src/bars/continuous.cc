#include "bars/continuous.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "bars/curve.h"
#include "bars/series.h"
#include "bars/sources.h"
#include "base/hash.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

// Bars of a year's first trade dates may begin this many days before it.
constexpr int kLeadDays = 8;

DateRange dates_of(int year) { return {Date(year, 1, 1), Date(year + 1, 1, 1)}; }

std::string parameters() { return fmt::format("{{\"continuous\":{}}}", kContinuousVersion); }

// The rules whose series are stored.
Result<std::vector<RollRule>> stored_rules(const lake::Lake& lake, const std::string& root) {
  const table::Table& table = table::roll_calendar();
  lake::ReadRange range;
  range.root = root;
  FM_ASSIGN(const auto rows, lake.read(table, range));
  std::set<RollRule> rules;
  table::RowBatch filled(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(filled));
    if (!more) return std::vector<RollRule>{rules.begin(), rules.end()};
    const table::RowBatch& in = filled;
    for (std::size_t row = 0; row < in.size(); ++row) {
      FM_ASSIGN(RollRule rule, parse_roll_rule(in.text(table.column_index("method"), row)));
      rule.rank = in.int32s(table.column_index("rank"))[row];
      rules.insert(rule);
    }
  }
}

Result<OpenInterestKnown> read_open_interest(const lake::Lake& lake, const std::string& root) {
  OpenInterestKnown known;
  FM_ASSIGN(const auto partitions, lake.partitions(table::databento_statistics(), root));
  for (const lake::Manifest& manifest : partitions) {
    const int year = date_of(manifest).year();
    const auto rows = read_years(lake, table::databento_statistics(), root, dates_of(year).first,
                                 dates_of(year).end, statistics_columns());
    FM_TRY(known.read(*rows));
  }
  return known;
}

std::string content_hash(const RowList& rows, const table::Table& table) {
  table::RowHasher hasher(table);
  const auto stream = rows.stream();
  table::RowBatch batch(table);
  while (stream->next(batch).value()) hasher.add(batch);
  return hasher.digest().hex();
}

class Maker {
 public:
  Maker(lake::Lake& lake, const market::Calendar& calendar, const ContinuousRequest& request,
        ContractHistory history)
      : lake_(lake),
        calendar_(calendar),
        request_(request),
        history_(std::move(history)),
        dates_(calendar, request.root) {}

  Result<ContinuousReport> make() {
    FM_ASSIGN(OpenInterestKnown open_interest, read_open_interest(lake_, request_.root));
    FM_TRY(choose(open_interest));
    std::set<int> years;
    for (const Date date : history_.dates) years.insert(date.year());
    for (const int year : years) FM_TRY(days_and_rolls(year));
    FM_TRY(empty_other_years(years));
    FM_TRY(intraday(table::databento_futures_continuous_1h(), table::bars_1h()));
    FM_TRY(intraday(table::databento_futures_continuous_1m(), table::databento_futures_ohlcv_1m()));
    return report_;
  }

 private:
  Status choose(const OpenInterestKnown& open_interest) {
    std::set<RollRule> rules(request_.rules.begin(), request_.rules.end());
    if (!request_.only_these) {
      FM_ASSIGN(const auto stored, stored_rules(lake_, request_.root));
      rules.insert(stored.begin(), stored.end());
    }
    for (const RollRule& rule : rules) {
      FM_ASSIGN(Series series, make_series(history_, rule, dates_, open_interest));
      report_.series.push_back({.cont_id = cont_id(request_.root, rule, Adjustment::kNone),
                                .rolls = series.stretches.empty() ? 0 : series.stretches.size() - 1,
                                .dates = series.days.size(),
                                .dates_without_choice = series.dates_without_choice,
                                .dates_without_bar = series.dates_without_bar,
                                .rolls_without_gap = static_cast<std::size_t>(std::ranges::count_if(
                                    series.stretches, [&](const Stretch& stretch) {
                                      return &stretch != &series.stretches.front() && !stretch.gap;
                                    }))});
      series_.push_back(std::move(series));
    }
    FM_ASSIGN(by_volume_,
              make_series(history_, {.method = RollMethod::kVolume}, dates_, open_interest));
    if (!open_interest.empty()) {
      FM_ASSIGN(by_open_interest_, make_series(history_, {.method = RollMethod::kOpenInterest},
                                               dates_, open_interest));
    }
    return {};
  }

  Status days_and_rolls(int year) {
    const DateRange dates = dates_of(year);
    FM_TRY(commit(table::roll_calendar(), year, [&] {
      return roll_rows(history_, series_, by_volume_ ? &*by_volume_ : nullptr,
                       by_open_interest_ ? &*by_open_interest_ : nullptr, dates);
    }));
    FM_TRY(commit(table::databento_futures_continuous_1d(), year,
                  [&] { return continuous_days(history_, series_, dates); }));
    if (!request_.wants(table::futures_curve_1d()) && !request_.wants(table::calendar_spreads_1d()))
      return {};
    StatisticsBook statistics;
    const auto rows = read_years(lake_, table::databento_statistics(), request_.root, dates.first,
                                 dates.end + kStatisticsDays, statistics_columns());
    FM_TRY(statistics.read(*rows));
    CurveRows curve = curve_rows(history_, statistics, dates);
    FM_TRY(commit(table::futures_curve_1d(), year, [&] { return std::move(curve.curve); }));
    return commit(table::calendar_spreads_1d(), year, [&] { return std::move(curve.spreads); });
  }

  // Rows that are stored already are not written again.
  template <class MakeRows>
  Status commit(const table::Table& table, int year, MakeRows make_rows) {
    if (!request_.wants(table)) return {};
    const RowList rows = make_rows();
    const lake::PartitionKey partition{.root = request_.root, .date = Date(year, 1, 1)};
    FM_ASSIGN(const auto stored, lake_.find(table, partition));
    if (!stored && rows.size() == 0) return {};
    if (stored && stored->parameters == parameters() && stored->hash == content_hash(rows, table))
      return {};
    if (request_.dry_run) {
      report_.partitions.push_back({&table, year, rows.size(), true});
      return {};
    }
    const auto stream = rows.stream();
    lake::CommitInfo info;
    info.parameters = parameters();
    FM_ASSIGN(const auto committed, lake_.replace(table, partition, *stream, info));
    report_.partitions.push_back({&table, year, committed.rows, !committed.unchanged});
    return {};
  }

  // Of years that have no day bars any more.
  Status empty_other_years(const std::set<int>& years) {
    for (const table::Table* table :
         {&table::roll_calendar(), &table::databento_futures_continuous_1d(),
          &table::futures_curve_1d(), &table::calendar_spreads_1d()}) {
      FM_ASSIGN(const auto stored, lake_.partitions(*table, request_.root));
      for (const lake::Manifest& manifest : stored) {
        const int year = date_of(manifest).year();
        if (years.contains(year) || manifest.rows == 0) continue;
        FM_TRY(commit(*table, year, [&] { return RowList(*table); }));
      }
    }
    return {};
  }

  // What of the series a year of hours or minutes depends on.
  [[nodiscard]] std::string series_hash(DateRange dates) const {
    std::string text;
    for (const Series& series : series_) {
      text += fmt::format("{} {}\n", name(series.rule), series.rule.rank);
      for (const SeriesDay& day : series.days) {
        if (!dates.contains(history_.dates[day.date])) continue;
        const auto ratio = series.ratios[day.stretch].value_or(0);
        text +=
            fmt::format("{} {} {} {} {} {}\n", history_.dates[day.date].days_since_1970(),
                        history_.contracts[day.contract].symbol, day.roll,
                        series.differences[day.stretch].value_or(kUndefPrice),
                        static_cast<std::int64_t>(ratio >> 64), static_cast<std::uint64_t>(ratio));
      }
    }
    return hash_of(text).hex();
  }

  Status intraday(const table::Table& table, const table::Table& source) {
    if (!request_.wants(table)) return {};
    FM_ASSIGN(const auto manifests, lake_.partitions(source, request_.root));
    std::map<int, const lake::Manifest*> by_year;
    for (const lake::Manifest& manifest : manifests) by_year[date_of(manifest).year()] = &manifest;
    std::set<int> years;
    for (const Date date : history_.dates) years.insert(date.year());
    for (const int year : years) {
      Sources sources;
      for (const int from : {year - 1, year})
        if (by_year.contains(from)) sources.add(*by_year[from]);
      if (sources.empty()) continue;
      sources.add("series", "", series_hash(dates_of(year)));
      FM_TRY(intraday_year(table, source, year,
                           {.sources = sources.json(), .parameters = parameters()}));
    }
    return {};
  }

  Status intraday_year(const table::Table& table, const table::Table& source, int year,
                       const lake::CommitInfo& info) {
    const lake::PartitionKey partition{.root = request_.root, .date = Date(year, 1, 1)};
    FM_ASSIGN(const auto stored, lake_.find(table, partition));
    if (is_current(stored, info)) return {};
    if (request_.dry_run) {
      report_.partitions.push_back({&table, year, 0, true});
      return {};
    }
    ContinuousBars rows(table,
                        read_years(lake_, source, request_.root, dates_of(year).first - kLeadDays,
                                   dates_of(year).end, bar_columns()),
                        history_, series_, calendar_, dates_of(year));
    FM_ASSIGN(const auto committed, lake_.replace(table, partition, rows, info));
    report_.partitions.push_back({&table, year, committed.rows, !committed.unchanged});
    return {};
  }

  // Settlements of a year's last dates arrive early in the next.
  static constexpr int kStatisticsDays = 10;

  lake::Lake& lake_;
  const market::Calendar& calendar_;
  const ContinuousRequest& request_;
  ContractHistory history_;
  TradeDates dates_;
  std::vector<Series> series_;
  std::optional<Series> by_volume_;
  std::optional<Series> by_open_interest_;
  ContinuousReport report_;
};

}  // namespace

std::vector<const table::Table*> continuous_tables() {
  return {&table::roll_calendar(),
          &table::databento_futures_continuous_1d(),
          &table::databento_futures_continuous_1h(),
          &table::databento_futures_continuous_1m(),
          &table::futures_curve_1d(),
          &table::calendar_spreads_1d()};
}

Result<ContinuousReport> make_continuous(lake::Lake& lake, const market::Calendar& calendar,
                                         const Expirations& expirations,
                                         const ContinuousRequest& request) {
  FM_ASSIGN(ContractHistory history,
            read_contract_history(lake, request.root, expirations, {request.facts, &calendar}));
  if (history.dates.empty())
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("{}: there are no day bars", request.root))
            .hint("`frontmonth load` brings bars into the lake, `frontmonth rollup` makes days of "
                  "them."));
  return Maker(lake, calendar, request, std::move(history)).make();
}

}  // namespace fm::bars
