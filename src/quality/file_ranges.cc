#include "quality/file_ranges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "quality/slots.h"

namespace fm::quality {
namespace {

constexpr std::uint64_t kBarBytes = 56;  // a bar of DBN

bool has(const FileRange& file, std::string_view root, std::string_view schema) {
  return file.schema == schema && std::ranges::find(file.roots, root) != file.roots.end();
}

std::vector<const FileRange*> files_of(const std::vector<FileRange>& files, std::string_view root,
                                       std::string_view schema) {
  std::vector<const FileRange*> chosen;
  for (const FileRange& file : files)
    if (has(file, root, schema)) chosen.push_back(&file);
  std::ranges::sort(chosen, {}, [](const FileRange* file) {
    return std::tuple(file->range.from, file->range.to, std::string_view(file->path));
  });
  return chosen;
}

Date date_before(Second end) { return Date::of_second(end - 1); }

// How many slots of the UTC dates [from, to) the calendar expects.
std::int64_t slots_between(const market::Calendar& calendar, market::TemplateId hours, Date from,
                           Date to, Second slot_seconds) {
  const std::int64_t first = from.first_second() / slot_seconds;
  const std::int64_t end = to.first_second() / slot_seconds;
  std::int64_t count = 0;
  // An evening belongs to a later trade date.
  for (const SlotRun& run : expected_slots(calendar, hours, from, to + 4, slot_seconds))
    count += std::max<std::int64_t>(0, std::min(run.last, end) - std::max(run.first, first));
  return count;
}

const Density* density_of(const std::vector<Density>& densities, std::string_view root,
                          std::string_view schema) {
  const auto found = std::ranges::find_if(
      densities, [&](const Density& d) { return d.root == root && d.schema == schema; });
  return found == densities.end() ? nullptr : &*found;
}

// The UTC dates that no file covers whole.
std::vector<std::pair<Date, Date>> missing_dates(const std::vector<Interval>& covered, Date from,
                                                 Date to) {
  std::vector<std::pair<Date, Date>> dates;
  for (const Interval& hole : without({from.first_second(), to.first_second()}, joined(covered))) {
    const Date first = Date::of_second(hole.from);
    const Date last = date_before(hole.to);
    if (!dates.empty() && first < dates.back().second)
      dates.back().second = last + 1;
    else
      dates.emplace_back(first, last + 1);
  }
  return dates;
}

}  // namespace

std::vector<Interval> covered_times(const std::vector<FileRange>& files, std::string_view root,
                                    std::string_view schema) {
  std::vector<Interval> covered;
  for (const FileRange* const file : files_of(files, root, schema)) covered.push_back(file->range);
  return covered;
}

std::vector<FileOverlap> overlaps(const std::vector<FileRange>& files, std::string_view root,
                                  std::string_view schema) {
  std::vector<FileOverlap> out;
  const FileRange* furthest = nullptr;
  for (const FileRange* const file : files_of(files, root, schema)) {
    if (furthest != nullptr && file->range.from < furthest->range.to)
      out.push_back({file->path,
                     furthest->path,
                     {file->range.from, std::min(file->range.to, furthest->range.to)}});
    if (furthest == nullptr || file->range.to > furthest->range.to) furthest = file;
  }
  return out;
}

std::vector<DownloadRequest> missing_downloads(const std::vector<FileRange>& files,
                                               const PlanOptions& options,
                                               const market::Universe& universe,
                                               const market::Calendar& calendar,
                                               const std::vector<Density>& densities) {
  std::vector<DownloadRequest> requests;
  for (const auto& [schema, slot_seconds] : options.schemas) {
    std::map<std::pair<Date, Date>, DownloadRequest> by_range;
    for (const std::string& root : options.roots) {
      const market::Root* const known = universe.find(root);
      const auto hours = calendar.template_of(root);
      const Date from = known != nullptr && known->first_trade_date
                            ? std::max(options.from, *known->first_trade_date - 1)
                            : options.from;
      const Date to = known != nullptr && known->last_trade_date
                          ? std::min(options.to, *known->last_trade_date + 1)
                          : options.to;
      if (from >= to) continue;
      const Density* const density = density_of(densities, root, schema);
      for (const auto& range : missing_dates(covered_times(files, root, schema), from, to)) {
        const std::int64_t slots =
            slots_between(calendar, hours, range.first, range.second, slot_seconds);
        if (slots == 0) continue;
        const bool fresh = !by_range.contains(range);
        DownloadRequest& request = by_range[range];
        request.schema = schema;
        request.from = range.first;
        request.to = range.second;
        request.roots.push_back(root);
        if (density == nullptr || (!fresh && !request.estimated_records)) {
          request.estimated_records.reset();
          continue;
        }
        request.estimated_records = request.estimated_records.value_or(0) +
                                    static_cast<std::uint64_t>(std::llround(
                                        density->records_per_slot * static_cast<double>(slots)));
      }
    }
    for (auto& [range, request] : by_range) {
      if (request.estimated_records)
        request.estimated_bytes = *request.estimated_records * kBarBytes;
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

}  // namespace fm::quality
