#include "google/rollup_sql.h"

#include "base/assert.h"
#include "google/mirror_sql.h"
#include "table/ddl.h"

namespace fm::google {
namespace {

using table::Engine;

std::string date_sql(Date date) { return fmt::format("DATE '{}'", date.iso()); }

// A value for each rule, by its number.
template <class Value>
std::string by_rule(const std::vector<TradeDateRule>& rules, Value value) {
  if (rules.size() == 1) return fmt::format("{}", value(rules.front()));
  std::string text = "CASE rule";
  for (std::size_t i = 0; i + 1 < rules.size(); ++i)
    text += fmt::format(" WHEN {} THEN {}", i, value(rules[i]));
  return text + fmt::format(" ELSE {} END", value(rules.back()));
}

std::string rule_of_root(const std::vector<TradeDateRule>& rules) {
  if (rules.size() == 1) return "0";
  std::string text = "CASE";
  for (std::size_t i = 0; i + 1 < rules.size(); ++i) {
    std::string roots;
    for (const std::string& root : rules[i].roots)
      roots += (roots.empty() ? "" : ", ") + table::quote_text(root, Engine::kBigquery);
    text += fmt::format(" WHEN `root` IN ({}) THEN {}", roots, i);
  }
  return text + fmt::format(" ELSE {} END", rules.size() - 1);
}

// Exceptions first, then what the clock says.
std::string with_exceptions(std::string exceptions, std::string_view otherwise) {
  if (exceptions.empty()) return std::string(otherwise);
  return fmt::format("CASE{} ELSE {} END", exceptions, otherwise);
}

std::string trade_date_sql(const std::vector<TradeDateRule>& rules) {
  std::string exceptions;
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (const HourSpan& span : rules[i].spans)
      exceptions += fmt::format("\n        WHEN rule = {} AND hour >= {} AND hour < {} THEN {}", i,
                                span.from, span.before, date_sql(span.trade_date));
  return with_exceptions(std::move(exceptions),
                         "DATE_FROM_UNIX_DATE(UNIX_DATE(local_date) + CASE EXTRACT(DAYOFWEEK FROM "
                         "local_date) WHEN 7 THEN 2 WHEN 1 THEN 1 ELSE 0 END)");
}

std::string open_sql(const std::vector<TradeDateRule>& rules) {
  std::string exceptions;
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (const SessionOpen& open : rules[i].opens)
      exceptions += fmt::format("\n      WHEN rule = {} AND trade_date = {} THEN {}", i,
                                date_sql(open.trade_date), open.open);
  const std::string minutes =
      by_rule(rules, [](const TradeDateRule& rule) { return rule.open_minutes; });
  return fmt::format(
      "TIMESTAMP_SECONDS({})",
      with_exceptions(
          std::move(exceptions),
          fmt::format("UNIX_SECONDS(TIMESTAMP(trade_date, 'America/Chicago')) + 60 * ({})",
                      minutes)));
}

// Minutes with the hour and trade date that they count for.
std::string dated_minutes(const TableName& minutes, const std::vector<TradeDateRule>& rules,
                          const RollupRange& range) {
  const std::string shift =
      by_rule(rules, [](const TradeDateRule& rule) { return rule.shift_hours; });
  return fmt::format(
      "SELECT *, {} AS trade_date FROM (\n"
      "      SELECT *, DATE(TIMESTAMP_SECONDS((hour + {}) * 3600), 'America/Chicago') AS "
      "local_date FROM (\n"
      "        SELECT `ts_event`, `root`, `symbol`, `instrument_id`, `publisher_id`, `open`, "
      "`high`, `low`, `close`, `volume`, DIV(UNIX_SECONDS(`ts_event`), 3600) AS hour, {} AS rule\n"
      "        FROM `{}`\n"
      "        WHERE `ts_date` >= {} AND `ts_date` < {}) AS minutes) AS placed",
      trade_date_sql(rules), shift, rule_of_root(rules), minutes.text(), range.minutes_from,
      range.minutes_before);
}

}  // namespace

RollupRange rollup_range(Date from, Date before, int lead_days) {
  return {date_sql(from), date_sql(before), date_sql(from - lead_days), date_sql(before + 1)};
}

RollupRange scheduled_range(int days, int lead_days) {
  const auto shifted = [](std::string_view function, int by) {
    return fmt::format("{}(@run_date, INTERVAL {} DAY)", function, by);
  };
  return {shifted("DATE_SUB", days), shifted("DATE_ADD", lead_days + 1),
          shifted("DATE_SUB", days + lead_days), shifted("DATE_ADD", 2)};
}

std::string rollup_statement(const table::Table& table, const TableName& target,
                             const TableName& minutes, const std::vector<TradeDateRule>& rules,
                             const RollupRange& range) {
  FM_ASSERT(!rules.empty() && rules.back().roots.empty());
  const bool is_hours = table.name == table::futures_ohlcv_1h_live().name;
  FM_ASSERT(is_hours || table.name == table::futures_ohlcv_1d_live().name);
  const std::string time = is_hours ? "TIMESTAMP_SECONDS(hour * 3600) AS `ts_hour`"
                                    : fmt::format("{} AS `ts_day`", open_sql(rules));
  const auto last = [](std::string_view column) {
    return fmt::format("ANY_VALUE(`{0}` HAVING MAX `ts_event`) AS `{0}`", column);
  };
  const std::string source = fmt::format(
      "(\n  SELECT {}, `root`, `symbol`, `instrument_id`, `publisher_id`, `open`, `high`, `low`, "
      "`close`, `volume`, trade_date FROM (\n"
      "    SELECT {}`root`, `symbol`, rule, trade_date, {}, {}, "
      "ANY_VALUE(`open` HAVING MIN `ts_event`) AS `open`, MAX(`high`) AS `high`, "
      "MIN(`low`) AS `low`, {}, SUM(`volume`) AS `volume`\n"
      "    FROM ({}) AS dated\n"
      "    WHERE trade_date >= {} AND trade_date < {}\n"
      "    GROUP BY {}`root`, `symbol`, rule, trade_date) AS bars\n)",
      time, is_hours ? "hour, " : "", last("instrument_id"), last("publisher_id"), last("close"),
      dated_minutes(minutes, rules, range), range.from, range.before, is_hours ? "hour, " : "");
  return merge_statement(
      table, target, source,
      fmt::format("t.`trade_date` >= {} AND t.`trade_date` < {}", range.from, range.before));
}

std::string partitions_statement(const TableName& table) {
  return fmt::format(
      "SELECT partition_id, UNIX_MICROS(last_modified_time) AS modified FROM "
      "`{}.{}`.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = {} ORDER BY partition_id",
      table.project, table.dataset, table::quote_text(table.table, Engine::kBigquery));
}

}  // namespace fm::google
