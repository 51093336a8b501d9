#include <algorithm>

#include "base/assert.h"
#include "base/json_text.h"
#include "jobs/load.h"
#include "jobs/text.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kListedMax = 20;  // of each kind, in the report for people

struct Sums {
  std::uint64_t read = 0, added = 0, corrected = 0, unchanged = 0, outdated = 0, rejected = 0;
  std::map<std::string, std::uint64_t, std::less<>> reasons;
};

Sums sums_of(const LoadReport& report) {
  Sums sums;
  for (const LoadedFileReport& file : report.files) {
    if (file.action != LoadAction::kLoad) continue;
    sums.read += file.rows_read;
    sums.added += file.added;
    sums.corrected += file.corrected;
    sums.unchanged += file.unchanged;
    sums.outdated += file.outdated;
    for (const auto& [reason, count] : file.rejected) {
      sums.reasons[reason] += count;
      sums.rejected += count;
    }
  }
  return sums;
}

std::string files_line(const LoadReport& report) {
  std::string line = fmt::format("{}: ", plural(report.files.size(), "file"));
  std::string parts;
  const auto part = [&](LoadAction action, std::string_view word) {
    if (const std::uint64_t count = report.count(action); count > 0)
      parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", with_commas(count), word);
  };
  part(LoadAction::kLoad, report.dry_run ? "to load" : "loaded");
  part(LoadAction::kUnchanged, "unchanged");
  part(LoadAction::kCopy, "copies");
  part(LoadAction::kLeft, "left for later");
  part(LoadAction::kRefused, "refused");
  part(LoadAction::kFailed, "failed");
  return line + (parts.empty() ? "nothing to load" : parts) + "\n";
}

std::string rows_line(const LoadReport& report) {
  const Sums sums = sums_of(report);
  std::string line = fmt::format(
      "{} read: {} added, {} corrected, {} unchanged, {} outdated, {} left out",
      plural(sums.read, "row"), with_commas(sums.added), with_commas(sums.corrected),
      with_commas(sums.unchanged), with_commas(sums.outdated), with_commas(sums.rejected));
  std::string reasons;
  for (const auto& [reason, count] : sums.reasons)
    reasons += fmt::format("{}{} {}", reasons.empty() ? " (" : ", ", reason, with_commas(count));
  return line + reasons + (reasons.empty() ? "\n" : ")\n");
}

std::string range_of(const LoadedFileReport& file) {
  if (!file.from || !file.to) return "";
  return fmt::format(
      "  {} to {}", Date::of_second(second_of(*file.from)).iso(),
      Date::of_second(second_of(*file.to > *file.from ? *file.to - 1 : *file.to)).iso());
}

void append_plan(const LoadReport& report, std::string& out) {
  for (const LoadedFileReport& file : report.files) {
    out += fmt::format("{:<9}  {}", name(file.action), file.path);
    if (!file.schema.empty()) out += fmt::format("  {}", file.schema);
    if (!file.roots.empty()) out += fmt::format("  {}", file.roots);
    out += range_of(file);
    if (!file.why.empty()) out += fmt::format("  ({})", file.why);
    out += '\n';
  }
}

void append_troubles(const LoadReport& report, std::string& out) {
  std::size_t listed = 0;
  std::size_t others = 0;
  for (const LoadedFileReport& file : report.files) {
    if (file.action != LoadAction::kFailed && file.action != LoadAction::kRefused) continue;
    if (listed == kListedMax) {
      ++others;
      continue;
    }
    ++listed;
    // Most errors name the file themselves.
    out += fmt::format(
        "{} {}\n", name(file.action),
        file.why.starts_with(file.path) ? file.why : fmt::format("{}: {}", file.path, file.why));
    if (!file.advice.empty()) out += fmt::format("  {}\n", file.advice);
  }
  if (others > 0) out += fmt::format("and {} more; --json lists them all\n", with_commas(others));
}

template <class Items, class Text>
std::string listed(const Items& items, Text text) {
  std::string out;
  for (std::size_t i = 0; i < std::min(items.size(), kListedMax); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", text(items[i]));
  if (items.size() > kListedMax) out += ", …";
  return out;
}

void append_folders(const LoadReport& report, std::string& out) {
  for (const LoadedFolderReport& folder : report.folders) {
    const std::string& job = folder.job_id.empty() ? folder.path : folder.job_id;
    if (!folder.bad_days.empty())
      out += fmt::format("{}: the vendor does not vouch for {}: {}\n", job,
                         plural(folder.bad_days.size(), "day"),
                         listed(folder.bad_days, [](const databento::DayCondition& day) {
                           return fmt::format("{} {}", day.date.iso(), day.condition);
                         }));
    if (!folder.missing.empty())
      out += fmt::format("{}: {} of its manifest.json missing: {}\n", job,
                         plural(folder.missing.size(), "file"),
                         listed(folder.missing, [](const std::string& file) { return file; }));
  }
}

void append_json(const LoadedFileReport& file, std::string& out) {
  const auto time = [](const std::optional<Nanos>& at) {
    return at ? fmt::format("\"{}\"", iso_nanos(*at)) : std::string("null");
  };
  out += fmt::format(
      "{{\"path\":{},\"action\":\"{}\",\"schema\":{},\"roots\":{},\"from\":{},\"to\":{}",
      json_quoted(file.path), name(file.action),
      file.schema.empty() ? "null" : json_quoted(file.schema),
      file.roots.empty() ? "null" : json_quoted(file.roots), time(file.from), time(file.to));
  if (!file.why.empty()) out += fmt::format(",\"why\":{}", json_quoted(file.why));
  out += fmt::format(
      ",\"rows_read\":{},\"added\":{},\"corrected\":{},\"unchanged\":{},\"outdated\":{},"
      "\"rejected\":{{",
      file.rows_read, file.added, file.corrected, file.unchanged, file.outdated);
  for (const auto& [reason, count] : file.rejected)
    out += fmt::format("{}\"{}\":{}", out.back() == '{' ? "" : ",", reason, count);
  out += "}}";
}

void append_json(const LoadedFolderReport& folder, std::string& out) {
  out += fmt::format("{{\"path\":{},\"job\":{},\"bad_days\":[", json_quoted(folder.path),
                     folder.job_id.empty() ? "null" : json_quoted(folder.job_id));
  for (const databento::DayCondition& day : folder.bad_days)
    out += fmt::format("{}{{\"date\":\"{}\",\"condition\":{}}}", out.back() == '[' ? "" : ",",
                       day.date.iso(), json_quoted(day.condition));
  out += "],\"missing\":[";
  for (const std::string& file : folder.missing)
    out += fmt::format("{}{}", out.back() == '[' ? "" : ",", json_quoted(file));
  out += "]}";
}

}  // namespace

std::uint64_t LoadReport::count(LoadAction action) const {
  return static_cast<std::uint64_t>(std::ranges::count(files, action, &LoadedFileReport::action));
}

LoadVerdict LoadReport::verdict() const {
  bool retry = false;
  for (const LoadedFileReport& file : files) {
    // What lies in a directory beside the data is skipped; what was named was meant.
    if (file.action == LoadAction::kRefused && file.named) return LoadVerdict::kFailed;
    if (file.action != LoadAction::kFailed) continue;
    if (!file.can_retry) return LoadVerdict::kFailed;
    retry = true;
  }
  if (retry) return LoadVerdict::kRetry;
  const bool is_missing = std::ranges::any_of(
      folders, [](const LoadedFolderReport& folder) { return !folder.missing.empty(); });
  return is_missing ? LoadVerdict::kProblems : LoadVerdict::kOk;
}

std::string to_text(const LoadReport& report) {
  std::string out;
  if (report.dry_run) append_plan(report, out);
  out += files_line(report);
  if (!report.dry_run) {
    out += rows_line(report);
    if (report.partitions > 0)
      out += fmt::format("{} merged into, {} changed\n", plural(report.partitions, "partition"),
                         with_commas(report.partitions_changed));
    if (report.withdrawn > 0)
      out += fmt::format("{} stored earlier went: newer files of the same time do not have them\n",
                         plural(report.withdrawn, "trade"));
    append_troubles(report, out);
  }
  append_folders(report, out);
  if (!report.quarantine.empty()) out += fmt::format("left out: {}\n", report.quarantine);
  return out;
}

std::string to_json(const LoadReport& report) {
  const Sums sums = sums_of(report);
  std::string out = fmt::format(
      "{{\"dry_run\":{},\"rows_read\":{},\"added\":{},\"corrected\":{},\"unchanged\":{},"
      "\"outdated\":{},\"rejected\":{},\"partitions\":{},\"partitions_changed\":{},"
      "\"withdrawn\":{},\"spilled_bytes\":{},\"seconds\":{:.3f},\"quarantine\":{},\"files\":[",
      report.dry_run, sums.read, sums.added, sums.corrected, sums.unchanged, sums.outdated,
      sums.rejected, report.partitions, report.partitions_changed, report.withdrawn,
      report.spilled_bytes, report.seconds,
      report.quarantine.empty() ? "null" : json_quoted(report.quarantine));
  for (const LoadedFileReport& file : report.files) {
    if (out.back() != '[') out += ',';
    append_json(file, out);
  }
  out += "],\"skipped\":[";
  for (const SkippedFile& file : report.skipped)
    out += fmt::format("{}{{\"path\":{},\"why\":{}}}", out.back() == '[' ? "" : ",",
                       json_quoted(file.path), json_quoted(file.why));
  out += "],\"folders\":[";
  for (const LoadedFolderReport& folder : report.folders) {
    if (out.back() != '[') out += ',';
    append_json(folder, out);
  }
  return out + "]}\n";
}

}  // namespace fm::jobs
