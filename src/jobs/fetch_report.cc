#include "base/json_text.h"
#include "jobs/fetch.h"

namespace fm::jobs {
namespace {

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string_view word(FetchedHow how) {
  switch (how) {
    case FetchedHow::kFetched:
      return "fetched";
    case FetchedHow::kResumed:
      return "resumed";
    case FetchedHow::kAlreadyThere:
      return "already_there";
  }
  return "fetched";
}

std::string_view words(FetchedHow how) {
  return how == FetchedHow::kAlreadyThere ? "was there already, and is whole" : word(how);
}

template <class T>
std::string or_null(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "null";
}

}  // namespace

std::string to_text(const FetchCost& cost) {
  std::string text = fmt::format("{} records, {} bytes, US$ {:.2f}", grouped(cost.records),
                                 grouped(cost.bytes), cost.dollars);
  if (cost.files > 1) text += fmt::format(", in {} files", cost.files);
  return text;
}

std::string to_text(const FetchReport& report) {
  std::string text;
  for (const FetchedFile& file : report.files) {
    text += fmt::format("{}: {} bytes", file.path, grouped(file.bytes));
    if (file.records) text += fmt::format(", {} records", grouped(*file.records));
    text += fmt::format(", {}\n", words(file.how));
  }
  if (report.partial) text += "Some of the symbols did not resolve on every day.\n";
  return text;
}

std::string to_json(const FetchReport& report) {
  std::string files;
  for (const FetchedFile& file : report.files) {
    if (!files.empty()) files += ',';
    files += fmt::format("{{\"path\":{},\"bytes\":{},\"records\":{},\"state\":\"{}\"}}",
                         json_quoted(file.path), file.bytes, or_null(file.records), word(file.how));
  }
  std::string warnings;
  for (const std::string& warning : report.warnings) {
    if (!warnings.empty()) warnings += ',';
    warnings += json_quoted(warning);
  }
  std::string cost = "null";
  if (report.cost)
    cost = fmt::format("{{\"records\":{},\"bytes\":{},\"usd\":{}}}", report.cost->records,
                       report.cost->bytes, report.cost->dollars);
  return fmt::format(
      "{{\"job_id\":{},\"cost\":{},\"partial\":{},\"warnings\":[{}],\"files\":[{}]}}\n",
      report.job_id.empty() ? "null" : json_quoted(report.job_id), cost, report.partial, warnings,
      files);
}

}  // namespace fm::jobs
