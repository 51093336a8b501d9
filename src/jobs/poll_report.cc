#include <algorithm>

#include "base/json_text.h"
#include "jobs/poll.h"

namespace fm::jobs {
namespace {

bool may_succeed_later(const Error& error) {
  return error.can_retry() || error.code() == Code::kBusy;
}

std::uint64_t left_out_of(const PolledRoot& root) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : root.left_out) sum += count;
  return sum;
}

std::string reasons_json(const PolledRoot& root) {
  std::string text = "{";
  for (const auto& [reason, count] : root.left_out)
    text += fmt::format("{}{}:{}", text.size() > 1 ? "," : "", json_quoted(reason), count);
  return text + "}";
}

}  // namespace

PollVerdict PollReport::verdict() const {
  PollVerdict verdict = PollVerdict::kOk;
  for (const PolledRoot& root : roots) {
    if (!root.error) continue;
    if (may_succeed_later(*root.error)) return PollVerdict::kRetry;
    verdict = PollVerdict::kFailed;
  }
  return verdict;
}

std::string to_text(const PollReport& report) {
  std::string text;
  bool any_left_out = false;
  for (const PolledRoot& root : report.roots) {
    text += fmt::format("{}: {} bars added, {} corrected", root.root, root.added, root.corrected);
    if (root.newest) text += fmt::format("; the newest is of {}", iso_second(*root.newest));
    text += '\n';
    if (const std::uint64_t count = left_out_of(root); count > 0) {
      any_left_out = true;
      text += fmt::format("  {} left out:", count);
      for (const auto& [reason, bars] : root.left_out) text += fmt::format(" {} {}", bars, reason);
      text += '\n';
    }
    if (root.error) {
      text += fmt::format("  failed: {}\n", root.error->message());
      if (!root.error->advice().empty()) text += fmt::format("  {}\n", root.error->advice());
    }
  }
  if (any_left_out)
    text += fmt::format("What was left out is listed in {}.\n", report.quarantine_directory);
  if (report.polls != 1 || report.stopped)
    text += fmt::format("{} poll{}{}\n", report.polls, report.polls == 1 ? "" : "s",
                        report.stopped ? ", then stopped" : "");
  return text;
}

std::string to_json(const PollReport& report) {
  std::string text =
      fmt::format("{{\"polls\":{},\"stopped\":{},\"quarantine\":{},\"roots\":[", report.polls,
                  report.stopped, json_quoted(report.quarantine_directory));
  for (const PolledRoot& root : report.roots) {
    text += fmt::format(
        "{}{{\"root\":{},\"added\":{},\"corrected\":{},\"bars\":{},\"other_instruments\":{},"
        "\"left_out\":{},\"quarantined\":{},\"failures\":{},\"newest\":{},\"error\":{}}}",
        text.ends_with('[') ? "" : ",", json_quoted(root.root), root.added, root.corrected,
        root.bars, root.other_instruments, reasons_json(root), root.quarantined, root.failures,
        root.newest ? json_quoted(iso_second(*root.newest)) : "null",
        root.error ? json_quoted(root.error->message()) : "null");
  }
  return text + "]}\n";
}

}  // namespace fm::jobs
