#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "jobs/audit.h"
#include "jobs/audit_accounts.h"
#include "jobs/text.h"

namespace fm::jobs {
namespace {

using quality::AuditReport;
using quality::DayCoverage;
using quality::DownloadRequest;
using quality::Finding;
using quality::SeriesReport;
using quality::SlotState;
using quality::Weight;

constexpr std::array<SlotState, quality::kSlotStates> kStates{
    SlotState::kTraded,    SlotState::kNoTrade, SlotState::kHalted,  SlotState::kDegraded,
    SlotState::kNotLoaded, SlotState::kGap,     SlotState::kRepaired};

std::string date_of(const std::optional<Second>& second) {
  return second ? Date::of_second(*second).iso() : "";
}

std::string series_table(const AuditReport& report) {
  std::vector<std::vector<std::string>> lines{{"frame", "root", "first", "last", "rows", "expected",
                                               "traded", "no trade", "halted", "degraded",
                                               "not loaded", "gap", "repaired"}};
  for (const SeriesReport& series : report.series) {
    std::vector<std::string> line{series.timeframe,         series.root,
                                  date_of(series.first),    date_of(series.last),
                                  with_commas(series.rows), with_commas(series.expected())};
    for (const SlotState state : kStates)
      line.push_back(state == SlotState::kHalted && !series.halts_known
                         ? "unknown"
                         : with_commas(series.count(state)));
    lines.push_back(std::move(line));
  }
  return table_of(lines, 4);
}

// A check's findings in all series of a timeframe: together they are one story.
std::string findings_text(const AuditReport& report, std::string_view timeframe,
                          quality::Check check) {
  std::uint64_t count = 0;
  std::string roots;
  const Finding* largest = nullptr;
  for (const SeriesReport& series : report.series) {
    if (series.timeframe != timeframe) continue;
    const auto found = std::ranges::find(series.findings, check, &Finding::check);
    if (found == series.findings.end()) continue;
    count += found->count;
    roots +=
        fmt::format("{}{} {}", roots.empty() ? "" : ", ", series.root, with_commas(found->count));
    if (largest == nullptr || found->count > largest->count) largest = &*found;
  }
  if (largest == nullptr) return "";
  std::string out = fmt::format("  {:<7}  {}: {} {} ({})\n", name(quality::weight_of(check)),
                                timeframe, with_commas(count), quality::describe(check), roots);
  for (const std::string& example : largest->examples)
    out += fmt::format("             {}\n", example);
  if (largest->examples.size() == quality::kFindingExamplesMax)
    out += fmt::format("             … until {}\n", Date::of_second(largest->last).iso());
  return out;
}

std::string findings_text(const AuditReport& report, Weight weight) {
  std::string out;
  for (std::size_t number = 0; number < quality::kChecks; ++number) {
    const auto check = static_cast<quality::Check>(number);
    if (quality::weight_of(check) != weight) continue;
    for (const std::string& timeframe : audit_timeframes())
      out += findings_text(report, timeframe, check);
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between,
                   std::string_view ending = "") {
  std::string out;
  for (const std::string& word : words)
    out += fmt::format("{}{}{}", out.empty() ? "" : between, word, ending);
  return out;
}

std::string fetch_command(const DownloadRequest& request, std::string_view dataset) {
  return fmt::format(
      "frontmonth fetch --dataset {} --schema {} --symbols {} --start {} --end {} --split month",
      dataset, request.schema, joined(request.roots, ",", ".FUT"), request.from.iso(),
      request.to.iso());
}

// Nothing where some request has no price.
std::optional<double> total_cost(const AuditReport& report) {
  double sum = 0;
  for (const DownloadRequest& request : report.plan) {
    if (!request.cost_usd) return std::nullopt;
    sum += *request.cost_usd;
  }
  return sum;
}

std::string cost_text(const AuditReport& report) {
  if (const auto total = total_cost(report))
    return fmt::format("Together ${:.2f}, as the vendor says now.\n", *total);
  return fmt::format("The cost is unknown: {}.\n", report.why_no_cost);
}

std::string plan_text(const AuditReport& report) {
  if (!report.planned) return "";
  if (report.plan.empty()) return "\nNothing is left to download.\n";
  std::vector<std::vector<std::string>> lines{
      {"schema", "from", "before", "roots", "records", "bytes", "cost"}};
  for (const DownloadRequest& request : report.plan)
    lines.push_back(
        {request.schema, request.from.iso(), request.to.iso(), joined(request.roots, " "),
         request.estimated_records ? "~ " + with_commas(*request.estimated_records) : "unknown",
         request.estimated_bytes ? "~ " + with_commas(*request.estimated_bytes) : "unknown",
         request.cost_usd ? fmt::format("${:.2f}", *request.cost_usd) : "unknown"});
  return "\nTo be downloaded:\n" + table_of(lines, 4) + cost_text(report);
}

std::string finding_json(const Finding& finding) {
  std::string examples;
  for (const std::string& example : finding.examples)
    examples += (examples.empty() ? "" : ",") + json_quoted(example);
  return fmt::format(
      R"({{"check":"{}","weight":"{}","count":{},"first":"{}","last":"{}","examples":[{}]}})",
      name(finding.check), name(quality::weight_of(finding.check)), finding.count,
      iso_second(finding.first), iso_second(finding.last), examples);
}

std::string states_json(const auto& count_of) {
  std::string out = "{";
  for (const SlotState state : kStates)
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() == 1 ? "" : ",", name(state),
                   count_of(state));
  return out + "}";
}

bool is_ordinary(const DayCoverage& day) {
  return day.off_session == 0 && day.count(SlotState::kTraded) > 0 &&
         day.count(SlotState::kTraded) + day.count(SlotState::kNoTrade) == day.expected();
}

std::string series_json(const SeriesReport& series) {
  const auto moment = [](const std::optional<Second>& second) {
    return second ? '"' + iso_second(*second) + '"' : "null";
  };
  std::string out = fmt::format(
      R"({{"timeframe":"{}","root":{},"table":"{}","slot_seconds":{},"rows":{},"spread_rows":{},)"
      R"("contracts":{},"first":{},"last":{},"coverage_known":{},"halts_known":{},"expected":{},)"
      R"("slots":{},"findings":[)",
      series.timeframe, json_quoted(series.root), series.table, series.slot_seconds, series.rows,
      series.spread_rows, series.contracts, moment(series.first), moment(series.last),
      series.coverage_known, series.halts_known, series.expected(),
      states_json([&](SlotState state) { return series.count(state); }));
  for (const Finding& finding : series.findings)
    out += (out.back() == '[' ? "" : ",") + finding_json(finding);
  out += R"(],"days":[)";
  for (const DayCoverage& day : series.days)
    if (!is_ordinary(day))
      out += fmt::format(R"({}{{"date":"{}","off_session":{},"slots":{}}})",
                         out.back() == '[' ? "" : ",", day.date.iso(), day.off_session,
                         states_json([&](SlotState state) { return day.count(state); }));
  return out + "]}";
}

std::string requests_json(const AuditReport& report) {
  const auto number = [](const auto& value) {
    return value ? fmt::format("{}", *value) : std::string("null");
  };
  std::string out = "[";
  for (const DownloadRequest& request : report.plan) {
    std::string symbols;
    for (const std::string& root : request.roots)
      symbols += (symbols.empty() ? "" : ",") + json_quoted(root + ".FUT");
    out += fmt::format(
        R"({}{{"dataset":{},"schema":"{}","stype_in":"parent","symbols":[{}],"start":"{}",)"
        R"("end":"{}","encoding":"dbn","compression":"zstd","split_duration":"month",)"
        R"("estimated_records":{},"estimated_bytes":{},"cost_usd":{},"command":{}}})",
        out.size() == 1 ? "" : ",", json_quoted(report.dataset), request.schema, symbols,
        request.from.iso(), request.to.iso(), number(request.estimated_records),
        number(request.estimated_bytes), number(request.cost_usd),
        json_quoted(fetch_command(request, report.dataset)));
  }
  return out + "]";
}

// Members: "cost_usd":…,"why_no_cost":…
std::string cost_json(const AuditReport& report) {
  const auto total = total_cost(report);
  return fmt::format(R"(,"cost_usd":{},"why_no_cost":{})",
                     total ? fmt::format("{}", *total) : std::string("null"),
                     total ? std::string("null") : json_quoted(report.why_no_cost));
}

}  // namespace

std::string to_text(const AuditReport& report) {
  std::string absent;
  for (const std::string& root : report.absent_roots)
    absent += fmt::format("  wrong    {}: the lake has no row of it\n", root);
  if (report.series.empty())
    return "The lake has no bars and no candles to audit.\n" + absent + plan_text(report);
  std::string out = series_table(report);
  std::string findings = absent;
  for (const Weight weight : {Weight::kWrong, Weight::kWarning, Weight::kInfo})
    findings += findings_text(report, weight);
  if (!findings.empty()) out += "\nFound:\n" + findings;
  std::uint64_t rows = 0;
  for (const SeriesReport& series : report.series) rows += series.rows;
  out += accounts_text(report);
  out += plan_text(report);
  out += fmt::format("\n{}: {} wrong, {}, {} for information; {} in {:.1f} s\n",
                     report.is_wrong() ? "Something is wrong" : "Nothing is wrong",
                     report.findings(Weight::kWrong) + report.absent_roots.size(),
                     plural(report.findings(Weight::kWarning), "warning"),
                     report.findings(Weight::kInfo), plural(rows, "row"), report.seconds);
  return out;
}

std::string to_json(const AuditReport& report) {
  std::string out =
      fmt::format(R"({{"dataset":{},"made_at":"{}","wrong":{},"series":[)",
                  json_quoted(report.dataset), iso_second(report.made_at), report.is_wrong());
  for (const SeriesReport& series : report.series)
    out += (out.back() == '[' ? "" : ",") + series_json(series);
  out += R"(],"absent_roots":[)";
  for (const std::string& root : report.absent_roots)
    out += (out.back() == '[' ? "" : ",") + json_quoted(root);
  out += "]";
  if (report.planned) out += R"(,"plan":)" + requests_json(report) + cost_json(report);
  return out + "," + accounts_json(report) + "}\n";
}

std::string plan_to_json(const AuditReport& report) {
  return fmt::format("{{\"dataset\":{},\"made_at\":\"{}\",\"requests\":{}{}}}\n",
                     json_quoted(report.dataset), iso_second(report.made_at), requests_json(report),
                     cost_json(report));
}

}  // namespace fm::jobs
