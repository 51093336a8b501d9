#include <iterator>

#include "base/json_text.h"
#include "jobs/text.h"
#include "jobs/verify.h"

namespace fm::jobs {
namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string json_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + json_quoted(word);
  return "[" + text + "]";
}

void add_text(std::string& text, std::string_view copy, const PartitionDifference& one) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "  {}{}{}: {} rows in the lake, {} in {}{}{}{}\n", one.root,
                 one.root.empty() ? "" : " ", one.partition.iso(), one.lake_rows, one.other_rows,
                 copy, one.columns.empty() ? "" : "; differs in ", list_of(one.columns),
                 one.repaired ? "; repaired" : "");
  for (const quality::RowDifference& row : one.rows.examples)
    fmt::format_to(out, "    {}: {}\n", row.key, row.what);
  if (one.rows.count > one.rows.examples.size())
    fmt::format_to(out, "    and {} more rows\n", one.rows.count - one.rows.examples.size());
}

std::string json_of(const PartitionDifference& one) {
  std::string rows;
  for (const quality::RowDifference& row : one.rows.examples)
    rows += fmt::format(R"({}{{"key":{},"what":{}}})", rows.empty() ? "" : ",",
                        json_quoted(row.key), json_quoted(row.what));
  return fmt::format(R"({{"root":{},"partition":"{}","lake_rows":{},"other_rows":{},"columns":{},)"
                     R"("rows_different":{},"rows":[{}],"repaired":{}}})",
                     json_quoted(one.root), one.partition.iso(), one.lake_rows, one.other_rows,
                     json_list(one.columns), one.rows.count, rows, one.repaired);
}

}  // namespace

std::string to_text(const VerifyReport& report) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const TableVerdict& one : report.tables) {
    fmt::format_to(out, "{}: {} rows in {} partitions", one.table, one.rows, one.partitions);
    if (one.final_to) fmt::format_to(out, " up to {}", iso_second(*one.final_to));
    if (one.different == 0) {
      text += ": equal\n";
    } else if (one.different == one.repaired) {
      fmt::format_to(out, ": equal, after {} partitions were repaired\n", one.repaired);
    } else {
      fmt::format_to(out, ": {} partitions differ\n", one.different);
    }
    for (const PartitionDifference& difference : one.differences)
      add_text(text, report.copy, difference);
    if (one.different > one.differences.size())
      fmt::format_to(out, "  and {} more partitions\n", one.different - one.differences.size());
    if (one.waiting_files > 0)
      fmt::format_to(out, "  {} with {} wait for the mirror and were not compared\n",
                     plural(one.waiting_files, "file"), plural(one.waiting_rows, "row"));
  }
  if (!report.left_out.empty())
    fmt::format_to(out, "Without rows in {}: {} (--tables compares them all the same)\n",
                   report.place, list_of(report.left_out));
  if (report.rows_sent > 0 || report.rows_removed > 0)
    fmt::format_to(out, "Sent {} rows, removed {}.\n", report.rows_sent, report.rows_removed);
  if (report.bytes_billed)
    fmt::format_to(out, "Billed for {} bytes.\n", with_commas(*report.bytes_billed));
  if (report.tables.empty()) text += "Nothing to compare.\n";
  return text;
}

std::string to_json(const VerifyReport& report) {
  std::string tables;
  for (const TableVerdict& one : report.tables) {
    std::string differences;
    for (const PartitionDifference& difference : one.differences)
      differences += (differences.empty() ? "" : ",") + json_of(difference);
    tables += fmt::format(
        R"({}{{"table":{},"rows":{},"partitions":{},"different":{},"repaired":{},)"
        R"("final_to":{},"files_waiting":{},"rows_waiting":{},"differences":[{}]}})",
        tables.empty() ? "" : ",", json_quoted(one.table), one.rows, one.partitions, one.different,
        one.repaired, one.final_to ? json_quoted(iso_second(*one.final_to)) : "null",
        one.waiting_files, one.waiting_rows, differences);
  }
  return fmt::format(
      R"({{"copy":{},"place":{},"equal":{},"rows_sent":{},"rows_removed":{},"bytes_billed":{},)"
      R"("left_out":{},"tables":[{}]}})"
      "\n",
      json_quoted(report.copy), json_quoted(report.place), report.equal(), report.rows_sent,
      report.rows_removed, report.bytes_billed ? std::to_string(*report.bytes_billed) : "null",
      json_list(report.left_out), tables);
}

}  // namespace fm::jobs
