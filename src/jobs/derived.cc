#include "jobs/derived.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/yaml.h"
#include "jobs/open_lake.h"

namespace fm::jobs {
namespace {

// `rollup` writes what `continuous` reads, so they share one lock.
constexpr std::string_view kLock = "derived.lock";
constexpr Nanos kLockPatience = 5 * kNanosPerSecond;

std::string with_commas(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

}  // namespace

Result<DerivedLake> open_derived(Env& env, const DerivedPlace& place) {
  const auto info = env.info(place.lake);
  if (!info || !info->is_directory)
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("{}: there is no lake", place.lake))
            .hint("Name it by --lake DIR or the key `lake`; `frontmonth load FILES --lake DIR` "
                  "makes one."));
  DerivedLake opened;
  if (place.dry_run) {
    opened.lake = lake::Lake::view(env, place.lake, {.state_dir = place.state_dir});
    return opened;
  }
  FM_ASSIGN(opened.lake, open_lake(env, {.directory = place.lake,
                                         .state_dir = place.state_dir,
                                         .keep_days = place.keep_days}));
  auto lock = env.lock(join(opened.lake->state_dir(), kLock), kLockPatience);
  if (!lock)
    return std::unexpected(std::move(lock).error().in("another rollup or continuous is at work"));
  opened.lock = *std::move(lock);
  return opened;
}

Status check_tables(const std::vector<std::string>& names,
                    const std::vector<std::string_view>& made) {
  for (const std::string& name : names) {
    if (std::ranges::find(made, name) != made.end()) continue;
    const auto close = nearest(name, std::span(made));
    std::string all;
    for (const auto table : made) all += (all.empty() ? "" : ", ") + std::string(table);
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("--tables: found '{}'{}", name,
                          close ? fmt::format("; did you mean '{}'?", *close) : std::string()))
            .hint("One or more of: " + all + "."));
  }
  return {};
}

std::string partitions_text(const std::vector<DerivedPartition>& partitions, bool dry_run) {
  std::string out;
  std::uint64_t rows = 0;
  std::uint64_t changed = 0;
  for (const DerivedPartition& partition : partitions) {
    rows += partition.rows;
    changed += partition.changed ? 1 : 0;
    if (dry_run)
      out += fmt::format("due  {}  {}  {}\n", partition.table, partition.root, partition.period);
  }
  if (partitions.empty()) return "nothing is due\n";
  const std::string count = fmt::format("{} partition{}", with_commas(partitions.size()),
                                        partitions.size() == 1 ? "" : "s");
  if (dry_run) return out + count + " due\n";
  return fmt::format("{} made, {} changed, {} rows\n", count, with_commas(changed),
                     with_commas(rows));
}

std::string partitions_json(const std::vector<DerivedPartition>& partitions) {
  std::string out = "[";
  for (const DerivedPartition& partition : partitions)
    out += fmt::format("{}{{\"table\":{},\"root\":{},\"period\":{},\"rows\":{},\"changed\":{}}}",
                       out.size() > 1 ? "," : "", json_quoted(partition.table),
                       json_quoted(partition.root), json_quoted(partition.period), partition.rows,
                       partition.changed);
  return out + "]";
}

}  // namespace fm::jobs
