#include "report.h"

#include <fmt/format.h>

#include <algorithm>

namespace fm::bench {
namespace {

constexpr double kMillion = 1e6;
constexpr double kMebibyte = 1024.0 * 1024.0;

bool in_range(const Density& density) {
  return kRowsPerTradeMin <= density.rows_per_trade() &&
         density.rows_per_trade() <= kRowsPerTradeMax;
}

double growth(const Memory& memory) {
  return static_cast<double>(memory.bytes_more) / static_cast<double>(memory.bytes);
}

bool in_range(const Memory& memory) {
  return std::max(memory.bytes, memory.bytes_more) <= kMemoryMax &&
         growth(memory) <= kMemoryGrowthMax;
}

std::string_view verdict(bool good) { return good ? "yes" : "NO"; }

std::string_view verdict(const Outcome& outcome) {
  return outcome.is_void ? "void" : verdict(outcome.reached());
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

std::string json_of(const Figures& figures) {
  return fmt::format(R"({{"median":{:.6g},"worst":{:.6g},"runs":[{:.6g}]}})", figures.median(),
                     figures.worst(), fmt::join(figures.per_second, ","));
}

std::string json_of(const Outcome& outcome) {
  const Row& row = outcome.row;
  return fmt::format(
      R"({{"id":{},"work":{},"baseline":{},"unit":{},"amount":{:.0f},"per_second":{},)"
      R"("baseline_per_second":{},"ratio":{},"at_least":{},"aim":{},"void":{},"reached":{}}})",
      json_text(row.id), json_text(row.work), json_text(row.baseline), json_text(row.unit),
      row.amount, json_of(outcome.ours), json_of(outcome.baseline), json_of(outcome.ratio),
      row.at_least, row.aim ? fmt::format("{}", *row.aim) : "null", outcome.is_void,
      outcome.reached());
}

std::string json_of(const Limit& limit) {
  return fmt::format(
      R"({{"id":{},"work":{},"value":{:.6g},"unit":{},"{}":{},"aim":{},"reached":{}}})",
      json_text(limit.id), json_text(limit.work), limit.value, json_text(limit.unit),
      limit.at_most ? "at_most" : "at_least", limit.limit,
      limit.aim ? fmt::format("{}", *limit.aim) : "null", limit.reached());
}

void add_limits(const Report& report, std::string& out) {
  for (const Limit& limit : report.limits) {
    out += fmt::format(
        "{:<82} {:>10} {:<12} at {} {}{}  {}\n", limit.work, fmt::format("{:.4g}", limit.value),
        limit.unit, limit.at_most ? "most" : "least", limit.limit,
        limit.aim ? fmt::format(", aim {}", *limit.aim) : "", verdict(limit.reached()));
    if (!limit.note.empty()) out += "  " + limit.note + '\n';
  }
}

void add_outcomes(const Report& report, std::string& out) {
  out += fmt::format("{:<62} {:>9} {:>9} {:>9} {:>9}  {:>6} {:>6} {:>6} {:>5}  {}\n", "work", "M/s",
                     "worst", "limit M/s", "worst", "ratio", "worst", "least", "aim", "reached");
  for (const Outcome& outcome : report.outcomes) {
    const Row& row = outcome.row;
    out += fmt::format(
        "{:<62} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f}  {:>6.2f} {:>6.2f} {:>6.2f} {:>5}  {}\n",
        row.work, outcome.ours.median() / kMillion, outcome.ours.worst() / kMillion,
        outcome.baseline.median() / kMillion, outcome.baseline.worst() / kMillion,
        outcome.ratio.median(), outcome.ratio.worst(), row.at_least,
        row.aim ? fmt::format("{:.2f}", *row.aim) : "", verdict(outcome));
    out += fmt::format("  {:.0f} {}, against {}\n", row.amount, row.unit, row.baseline);
    if (!row.note.empty()) out += "  " + row.note + '\n';
    if (outcome.is_void) {
      out += fmt::format(
          "  VOID: the baseline ran at {:.0f} M/s, under {:.0f}: this machine is too slow or too "
          "busy to say anything\n",
          outcome.baseline.median() / kMillion, *row.baseline_at_least / kMillion);
    }
  }
}

}  // namespace

bool Report::any_void() const {
  return std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.is_void; });
}

bool Report::reached() const {
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& o) { return o.reached(); }) &&
         std::all_of(limits.begin(), limits.end(), [](const Limit& l) { return l.reached(); }) &&
         std::all_of(densities.begin(), densities.end(),
                     [](const Density& d) { return in_range(d); }) &&
         (!memory || in_range(*memory));
}

std::string to_table(const Report& report) {
  std::string out =
      fmt::format("{}, {} cores{}\n\n", report.cpu, report.cores,
                  report.quick ? "; quick: too little work for figures that mean anything" : "");
  if (!report.outcomes.empty()) add_outcomes(report, out);
  add_limits(report, out);
  if (report.memory) {
    const Memory& memory = *report.memory;
    out += fmt::format(
        "peak memory of `frontmonth candles`: {:.0f} MiB on {} trades, {:.0f} MiB on {}: {:.2f} "
        "times "
        "(limits {:.0f} MiB and {:.2f} times)  {}\n",
        static_cast<double>(memory.bytes) / kMebibyte, memory.trades,
        static_cast<double>(memory.bytes_more) / kMebibyte, memory.trades_more, growth(memory),
        static_cast<double>(kMemoryMax) / kMebibyte, kMemoryGrowthMax, verdict(in_range(memory)));
  }
  for (const Density& density : report.densities) {
    out += fmt::format(
        "candle rows per trade, {}: {:.2f} % ({} of {}; must lie in {:.0f} to {:.0f} %)  {}\n",
        density.input, 100 * density.rows_per_trade(), density.rows, density.trades,
        100 * kRowsPerTradeMin, 100 * kRowsPerTradeMax, verdict(in_range(density)));
  }
  return out;
}

std::string to_json(const Report& report) {
  std::string out =
      fmt::format(R"({{"version":{},"cpu":{},"cores":{},"quick":{},"rows":[)",
                  json_text(FM_VERSION), json_text(report.cpu), report.cores, report.quick);
  for (const Outcome& outcome : report.outcomes) {
    if (&outcome != &report.outcomes.front()) out += ',';
    out += json_of(outcome);
  }
  out += "],\"limits\":[";
  for (const Limit& limit : report.limits) {
    if (&limit != &report.limits.front()) out += ',';
    out += json_of(limit);
  }
  out += "],\"rows_per_trade\":[";
  for (const Density& density : report.densities) {
    if (&density != &report.densities.front()) out += ',';
    out += fmt::format(R"({{"input":{},"trades":{},"rows":{},"ratio":{:.6g},"reached":{}}})",
                       json_text(density.input), density.trades, density.rows,
                       density.rows_per_trade(), in_range(density));
  }
  out += "],\"memory\":";
  if (report.memory) {
    const Memory& memory = *report.memory;
    out += fmt::format(
        R"({{"trades":{},"peak_bytes":{},"trades_more":{},"peak_bytes_more":{},"at_most":{},"reached":{}}})",
        memory.trades, memory.bytes, memory.trades_more, memory.bytes_more, kMemoryMax,
        in_range(memory));
  } else {
    out += "null";
  }
  return out + fmt::format(",\"void\":{},\"reached\":{}}}\n", report.any_void(), report.reached());
}

std::string cpu_name(Env& env) {
  const auto text = read_text(env, "/proc/cpuinfo");
  if (!text) return "";
  const std::size_t key = text->find("model name");
  const std::size_t colon = text->find(": ", key);
  if (key == std::string::npos || colon == std::string::npos) return "";
  return text->substr(colon + 2, text->find('\n', colon) - colon - 2);
}

}  // namespace fm::bench
