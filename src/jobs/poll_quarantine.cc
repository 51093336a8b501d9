#include "jobs/poll_quarantine.h"

#include <map>
#include <unordered_set>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"

namespace fm::jobs {
namespace {

std::string price_text(Price price) {
  return price == kUndefPrice ? "null" : fmt::format("\"{}\"", format_price(price));
}

std::string line_of(const RejectedBar& rejected) {
  const PolledBar& bar = rejected.bar;
  return fmt::format(
      "{{\"ts_event\":\"{}\",\"symbol\":{},\"reason\":\"{}\",\"found\":{},\"instrument_id\":{},"
      "\"publisher_id\":{},\"open\":{},\"high\":{},\"low\":{},\"close\":{},\"volume\":{}}}",
      iso_nanos(bar.time), bar.symbol.empty() ? "null" : json_quoted(bar.symbol),
      name(rejected.fault), json_quoted(rejected.found), bar.instrument_id, bar.publisher_id,
      price_text(bar.open), price_text(bar.high), price_text(bar.low), price_text(bar.close),
      bar.volume);
}

std::unordered_set<std::string_view> lines_of(std::string_view text) {
  std::unordered_set<std::string_view> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    lines.insert(line);
  }
  return lines;
}

Status append(Env& env, const std::string& path, std::string_view text) {
  FM_ASSIGN(auto file, env.create(path, Create::kAppend));
  FM_TRY(file->write(text));
  FM_TRY(file->sync());
  FM_TRY(file->close());
  return env.sync_directory(parent_of(path));
}

Result<std::uint64_t> add_to_day(Env& env, const std::string& path,
                                 const std::vector<std::string>& lines) {
  std::string stored;
  if (const auto info = env.info(path)) {
    if (info->size_bytes >= kPollQuarantineBytesMax) {
      log_warning("{}: is full; {} bars that were left out are not listed", path, lines.size());
      return 0;
    }
    FM_ASSIGN(stored, read_text(env, path, 2 * kPollQuarantineBytesMax));
  }
  std::unordered_set<std::string_view> known = lines_of(stored);
  // What a writer that died left of a line stays a line of its own.
  std::string text = stored.empty() || stored.ends_with('\n') ? "" : "\n";
  std::uint64_t added = 0;
  for (const std::string& line : lines) {
    if (!known.insert(line).second) continue;
    text += line + '\n';
    ++added;
  }
  if (added > 0) FM_TRY(append(env, path, text));
  return added;
}

}  // namespace

Result<std::uint64_t> quarantine_bars(Env& env, const std::string& directory,
                                      std::span<const RejectedBar> bars) {
  std::map<Date, std::vector<std::string>> days;
  for (const RejectedBar& rejected : bars)
    days[Date::of_second(second_of(rejected.bar.time))].push_back(line_of(rejected));
  if (!days.empty()) FM_TRY(env.make_directories(directory));
  std::uint64_t added = 0;
  for (const auto& [day, lines] : days) {
    FM_ASSIGN(const std::uint64_t new_lines,
              add_to_day(env, join(directory, day.iso() + ".jsonl"), lines));
    added += new_lines;
  }
  return added;
}

}  // namespace fm::jobs
