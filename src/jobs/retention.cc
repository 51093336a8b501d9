#include "jobs/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <span>
#include <utility>

#include "base/json_text.h"
#include "base/yaml.h"
#include "jobs/text.h"
#include "lake/expired.h"
#include "ops/state.h"
#include "postgres/connection.h"

namespace fm::jobs {
namespace {

// Rows that nothing is made from, or whose derivations know that they expire (bars of candles and
// of the poller).
constexpr std::array<std::string_view, 9> kExpiring{
    "candles_1m",           "candles_1s",     "candle_bars_1m",        "candle_bars_5m",
    "candle_bars_15m",      "candle_bars_1h", "futures_ohlcv_1m_live", "futures_ohlcv_1h_live",
    "futures_ohlcv_1d_live"};

std::string full_name(const table::Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<const table::Table*> expiring_table(std::string_view name) {
  const table::Table* table = table::find_table(name);
  if (table == nullptr) {
    const auto close = nearest(name, std::span<const std::string_view>(kExpiring));
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("there is no table {}{}", name,
                          close ? fmt::format("; did you mean {}?", *close) : std::string())));
  }
  if (std::ranges::find(kExpiring, table->name) == kExpiring.end())
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("{} never expires: other tables are made from it, or it is an account of "
                          "what happened",
                          table->name))
            .hint(fmt::format("These may: {}.", fmt::join(kExpiring, ", "))));
  return table;
}

Result<RetentionRule> parse_rule(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    return fail(Code::kInvalidArgument, "'{}': expected TABLE=DAYS", text);
  RetentionRule rule;
  FM_ASSIGN(rule.table, expiring_table(trimmed(text.substr(0, equals))));
  const std::string_view days = trimmed(text.substr(equals + 1));
  const auto [end, error] = std::from_chars(days.data(), days.data() + days.size(), rule.days);
  if (error != std::errc() || end != days.data() + days.size() || rule.days < kRetentionDaysMin ||
      rule.days > kRetentionDaysMax)
    return fail(Code::kInvalidArgument, "{}: found '{}', expected {} to {} days", rule.table->name,
                days, kRetentionDaysMin, kRetentionDaysMax);
  return rule;
}

// The first day of the oldest partition that a mirror knows and has not brought.
Result<std::optional<Date>> needed_by_mirror(const lake::Lake& lake) {
  auto state = ops::State::open_to_read(lake.env(), ops::state_file(lake.state_dir()));
  if (!state) {
    if (state.error().code() == Code::kNotFound) return std::nullopt;
    return std::unexpected(std::move(state).error());
  }
  std::optional<Date> oldest;
  for (const ops::MirrorStage stage : {ops::MirrorStage::kPlanned, ops::MirrorStage::kUploaded,
                                       ops::MirrorStage::kSubmitted, ops::MirrorStage::kLoaded}) {
    FM_ASSIGN(const auto parts,
              state->mirror_parts({.destination = {}, .stage = stage, .parts_max = 1}));
    if (!parts.empty()) oldest = std::min(oldest.value_or(parts[0].date), parts[0].date);
  }
  return oldest;
}

// What one rule removes.
class Expiry {
 public:
  Expiry(lake::Lake& lake, const RetentionRule& rule, const RetentionOptions& options)
      : lake_(lake), table_(*rule.table), options_(options) {
    found_.table = full_name(table_);
    found_.days = rule.days;
    found_.before = Date::of_second(second_of(lake.env().now())) - static_cast<int>(rule.days);
  }

  Result<ExpiredTable> run() {
    FM_ASSIGN(const std::vector<lake::Manifest> manifests, lake_.partitions(table_));
    std::map<std::string, Date> newest;
    for (const lake::Manifest& manifest : manifests) {
      const auto [root, date] = manifest.key();
      if (manifest.rows > 0) newest[root] = std::max(newest[root], date);
    }
    for (const lake::Manifest& manifest : manifests) {
      if (manifest.rows == 0) continue;
      if (is_due(manifest, newest.at(manifest.key().root)))
        FM_TRY(expire(manifest));
      else
        keep(manifest);
    }
    return found_;
  }

 private:
  bool is_due(const lake::Manifest& manifest, Date newest) {
    const lake::PartitionKey key = manifest.key();
    const Date end = key.end_day(table_);
    if (end > found_.before) return false;
    if (key.date != newest && !(options_.needed_from && end > *options_.needed_from)) return true;
    ++found_.needed;
    return false;
  }

  void keep(const lake::Manifest& manifest) {
    const Date first = manifest.key().date;
    found_.oldest_kept = std::min(found_.oldest_kept.value_or(first), first);
  }

  Status expire(const lake::Manifest& manifest) {
    const lake::PartitionKey key = manifest.key();
    if (!options_.dry_run) {
      table::EmptyStream none(table_);
      lake::CommitInfo info;
      info.parameters = lake::kExpiredParameters;
      FM_TRY(lake_.replace(table_, key, none, info));
    }
    found_.first = std::min(found_.first.value_or(key.date), key.date);
    const Date last = key.end_day(table_) - 1;
    found_.last = std::max(found_.last.value_or(last), last);
    ++found_.partitions;
    found_.rows += manifest.rows;
    found_.bytes += manifest.bytes();
    return {};
  }

  lake::Lake& lake_;
  const table::Table& table_;
  const RetentionOptions& options_;
  ExpiredTable found_;
};

}  // namespace

Result<RetentionRules> parse_retention(std::string_view text) {
  RetentionRules rules;
  while (!trimmed(text).empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    FM_ASSIGN(const RetentionRule rule, parse_rule(trimmed(text.substr(0, comma))));
    if (std::ranges::find(rules, rule.table, &RetentionRule::table) != rules.end())
      return fail(Code::kInvalidArgument, "{} stands here twice", rule.table->name);
    rules.push_back(rule);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return rules;
}

Result<RetentionReport> apply_retention(lake::Lake& lake, const RetentionOptions& given) {
  RetentionOptions options = given;
  FM_ASSIGN(const auto mirror, needed_by_mirror(lake));
  if (mirror) options.needed_from = std::min(options.needed_from.value_or(*mirror), *mirror);
  RetentionReport report;
  report.dry_run = options.dry_run;
  for (const RetentionRule& rule : options.rules) {
    FM_ASSIGN(ExpiredTable table, Expiry(lake, rule, options).run());
    report.tables.push_back(std::move(table));
  }
  return report;
}

Result<std::vector<TableRetention>> look_at_retention(const lake::Lake& lake,
                                                      const RetentionRules& rules) {
  std::vector<TableRetention> all;
  for (const table::Table& table : table::all_tables()) {
    TableRetention found;
    found.table = full_name(table);
    const auto rule = std::ranges::find(rules, &table, &RetentionRule::table);
    if (rule != rules.end()) found.days = rule->days;
    FM_ASSIGN(const auto manifests, lake.partitions(table));
    for (const lake::Manifest& manifest : manifests) {
      found.expired += lake::is_expired(manifest) ? 1 : 0;
      if (manifest.rows == 0) continue;
      ++found.partitions;
      const Date first = manifest.key().date;
      found.oldest = std::min(found.oldest.value_or(first), first);
    }
    if (!manifests.empty() || found.days) all.push_back(std::move(found));
  }
  return all;
}

Result<std::optional<Date>> needed_by_database(Env& env, const Secret& uri) {
  FM_ASSIGN(auto db, postgres::Connection::open(env, uri, {}));
  FM_ASSIGN(const postgres::Rows is_there,
            db.query("SELECT to_regclass('frontmonth.cursors') IS NOT NULL"));
  if (is_there[0][0] != "t") return std::nullopt;
  FM_ASSIGN(const postgres::Rows rows,
            db.query("SELECT to_char(min(final_to) AT TIME ZONE 'UTC', 'YYYY-MM-DD') "
                     "FROM frontmonth.cursors"));
  if (!rows[0][0]) return std::nullopt;
  FM_ASSIGN(const Date date, Date::parse(*rows[0][0]));
  // The trade date of a moment may be that of the next UTC day; rows of the one before may still be
  // sent again.
  return date - 1;
}

std::string to_text(const RetentionReport& report) {
  if (report.tables.empty())
    return "No table has a retention: every row is kept. The key `retention` sets one.\n";
  std::string out;
  for (const ExpiredTable& table : report.tables) {
    out += fmt::format("{} (kept for {}): ", table.table,
                       plural(static_cast<std::uint64_t>(table.days), "day"));
    if (table.partitions == 0)
      out += fmt::format("nothing is older than {}", table.before.iso());
    else
      out += fmt::format("{} {} of {} ({} of Parquet), {} to {}",
                         report.dry_run ? "would remove" : "removed",
                         plural(table.partitions, "partition"), plural(table.rows, "row"),
                         plural(table.bytes, "byte"), table.first->iso(), table.last->iso());
    if (table.oldest_kept)
      out += fmt::format("; the oldest kept begins {}", table.oldest_kept->iso());
    if (table.needed > 0)
      out += fmt::format("; {} older stay: a root's newest, or a copy needs them",
                         with_commas(table.needed));
    out += '\n';
  }
  return out;
}

std::string to_json(const RetentionReport& report) {
  const auto date = [](const std::optional<Date>& value) {
    return value ? '"' + value->iso() + '"' : std::string("null");
  };
  std::string out = fmt::format(R"({{"dry_run":{},"tables":[)", report.dry_run);
  for (const ExpiredTable& table : report.tables)
    out += fmt::format(
        R"({}{{"table":{},"days":{},"before":"{}","partitions":{},"rows":{},"bytes":{},)"
        R"("first":{},"last":{},"oldest_kept":{},"needed":{}}})",
        out.back() == '[' ? "" : ",", json_quoted(table.table), table.days, table.before.iso(),
        table.partitions, table.rows, table.bytes, date(table.first), date(table.last),
        date(table.oldest_kept), table.needed);
  return out + "]}\n";
}

}  // namespace fm::jobs
