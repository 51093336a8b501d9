#include <iterator>

#include "base/json_text.h"
#include "jobs/rollup_cloud.h"
#include "jobs/text.h"

namespace fm::jobs {
namespace {

std::string_view word(google::Scheduled outcome) {
  switch (outcome) {
    case google::Scheduled::kUnchanged:
      return "unchanged";
    case google::Scheduled::kCreated:
      return "created";
    case google::Scheduled::kUpdated:
      return "updated";
  }
  return "";
}

}  // namespace

std::string to_text(const CloudRollupReport& report) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const CloudRollupStatement& one : report.statements) {
    fmt::format_to(out, "{} {} to {}: ", one.table, one.first.iso(), one.last.iso());
    if (report.dry_run)
      fmt::format_to(out, "would read {} bytes\n", with_commas(one.bytes_processed));
    else
      fmt::format_to(out, "{} changed; billed for {} bytes\n",
                     plural(static_cast<std::uint64_t>(one.rows_changed), "row"),
                     with_commas(one.bytes_billed));
  }
  if (report.statements.empty()) fmt::format_to(out, "{}: nothing is due\n", report.place);
  return text;
}

std::string to_json(const CloudRollupReport& report) {
  std::string statements;
  for (const CloudRollupStatement& one : report.statements)
    statements += fmt::format(
        R"({}{{"table":{},"first":"{}","last":"{}","rows_changed":{},"bytes_processed":{},)"
        R"("bytes_billed":{}}})",
        statements.empty() ? "" : ",", json_quoted(one.table), one.first.iso(), one.last.iso(),
        one.rows_changed, one.bytes_processed, one.bytes_billed);
  return fmt::format(R"({{"place":{},"dry_run":{},"statements":[{}]}})"
                     "\n",
                     json_quoted(report.place), report.dry_run, statements);
}

std::string to_text(const ScheduleReport& report) {
  return fmt::format(
      "Scheduled query \"{}\" ({}): {}\nIt knows the exchange's calendar up to {}: run this again "
      "before then.\n",
      report.name, report.schedule, word(report.outcome), report.known_to.iso());
}

std::string to_json(const ScheduleReport& report) {
  return fmt::format(R"({{"name":{},"schedule":{},"outcome":"{}","known_to":"{}"}})"
                     "\n",
                     json_quoted(report.name), json_quoted(report.schedule), word(report.outcome),
                     report.known_to.iso());
}

}  // namespace fm::jobs
