#include "lake/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "lake/files.h"

namespace fm::lake {
namespace {

constexpr std::string_view kEnding = ".json";
constexpr std::string_view kRootDirectory = "p_root=";

// Files left the partition when `next` took the place of `old`.
bool ends(const Manifest& old, const Manifest& next) { return next.since != old.since; }

}  // namespace

Status check_as_of(Env& env, Nanos at) {
  const Nanos now = env.now();
  if (at <= now) return {};
  return fail(Code::kInvalidArgument, "as of {}: that is still to come; it is {}", iso_nanos(at),
              iso_nanos(now));
}

History::History(Env& env, std::string lake, std::string directory, Nanos keep)
    : env_(&env), lake_(std::move(lake)), directory_(std::move(directory)), keep_(keep) {}

std::string History::directory_of(const Manifest& manifest) const {
  return fmt::format("{}/{}/{}", directory_, manifest.table, manifest.partition);
}

std::string History::path_of(const Manifest& manifest, Nanos ended) const {
  return fmt::format("{}/{}{}", directory_of(manifest), ended, kEnding);
}

Status History::add(const Manifest& old, const std::string& manifest_path,
                    const Manifest& next) const {
  if (!is_kept() || !ends(old, next)) return {};
  FM_TRY(make_durable_directories(*env_, lake_, directory_of(old)));
  const std::string path = path_of(old, next.since);
  // A manifest's file never changes: the next one is another file of the same name.
  Status linked = env_->hard_link(manifest_path, path);
  if (!linked && linked.error().code() == Code::kAlreadyExists) {
    FM_TRY(env_->remove(path));  // of a writer that died at the same nanosecond
    linked = env_->hard_link(manifest_path, path);
  }
  FM_TRY(linked);
  return env_->sync_directory(directory_of(old));
}

void History::undo_add(const Manifest& old, const Manifest& next) const {
  // A leftover that readers ignore, and the next clean() removes.
  if (is_kept() && ends(old, next)) static_cast<void>(env_->remove(path_of(old, next.since)));
}

// Sorted.
Result<std::vector<Nanos>> History::ends_of(const Manifest& present) const {
  FM_ASSIGN(const auto names, list_or_empty(*env_, directory_of(present)));
  std::vector<Nanos> times;
  for (const std::string& name : names) {
    Nanos ended = 0;
    const char* const last = name.data() + name.size();
    const auto [end, code] = std::from_chars(name.data(), last, ended);
    if (code == std::errc() && std::string_view(end, last) == kEnding) times.push_back(ended);
  }
  std::ranges::sort(times);
  return times;
}

Result<std::optional<Manifest>> History::read(const Manifest& present, Nanos ended) const {
  const std::string path = path_of(present, ended);
  auto text = read_text(*env_, path);
  if (!text) {
    if (text.error().code() == Code::kNotFound) return std::nullopt;
    return std::unexpected(std::move(text).error());
  }
  auto manifest = decode_manifest(*text, path);
  if (!manifest)
    return std::unexpected(std::move(manifest).error().hint(
        "It is of an earlier version of the partition; the present rows are whole."));
  return *std::move(manifest);
}

// An entry counts if its successor, the next entry or the present manifest, begins where it ended:
// else its writer died before the successor was in place.
Result<std::optional<std::vector<DataFile>>> History::files_at(const Manifest& present,
                                                               Nanos at) const {
  if (at < present.began) return std::nullopt;
  std::optional<Manifest> version;
  if (at < present.since) {
    FM_ASSIGN(auto times, ends_of(present));
    std::erase_if(times, [&](Nanos ended) { return ended <= at; });
    for (std::size_t i = 0; i < times.size() && !version; ++i) {
      Nanos successor_since = present.since;
      if (i + 1 < times.size()) {
        FM_ASSIGN(const auto successor, read(present, times[i + 1]));
        successor_since = successor ? successor->since : 0;
      }
      if (successor_since != times[i]) continue;
      FM_ASSIGN(version, read(present, times[i]));
    }
  }
  if (!version) version = present;
  if (at < version->since)
    return std::unexpected(
        Error(
            Code::kNotFound,
            fmt::format("{} {}: what it held at {} is no longer kept; its versions begin at {}",
                        present.table, present.partition, iso_nanos(at), iso_nanos(version->since)))
            .hint("`lake_keep_days` says for how many days versions are kept."));
  std::vector<DataFile> files;
  for (const DataFile& file : version->files)
    if (file.since <= at) files.push_back(file);
  return files;
}

Result<std::vector<History::Place>> History::places() const {
  std::vector<Place> places;
  FM_ASSIGN(const auto tables, list_or_empty(*env_, directory_));
  for (const std::string& table : tables) {
    const std::string base = join(directory_, table);
    FM_ASSIGN(const auto names, list_or_empty(*env_, base));
    for (const std::string& name : names) {
      if (!name.starts_with(kRootDirectory)) {
        places.push_back({table, name});
        continue;
      }
      FM_ASSIGN(const auto days, list_or_empty(*env_, join(base, name)));
      for (const std::string& day : days) places.push_back({table, join(name, day)});
    }
  }
  return places;
}

Status History::clean(const Manifest& present, std::set<std::string>& needed) const {
  FM_ASSIGN(const auto times, ends_of(present));
  const Nanos now = env_->now();
  std::size_t kept = 0;
  std::optional<Nanos> successor_since = present.since;  // unknown behind a damaged entry
  for (std::size_t i = times.size(); i-- > 0;) {
    const Nanos ended = times[i];
    if (ended + keep_ <= now || successor_since.value_or(ended) != ended) {
      FM_TRY(ignore_missing(env_->remove(path_of(present, ended))));
      continue;
    }
    const auto entry = read(present, ended);
    ++kept;
    if (!entry) {
      // It must not keep writers from the lake; who asks for its time learns of it.
      if (entry.error().code() != Code::kCorrupt) return std::unexpected(entry.error());
      successor_since.reset();
      continue;
    }
    if (!*entry) continue;
    for (const DataFile& file : (*entry)->files) needed.insert(file.name);
    successor_since = (*entry)->since;
  }
  // An empty directory that stays does no harm.
  if (kept == 0 && !times.empty()) static_cast<void>(env_->remove(directory_of(present)));
  return {};
}

Status History::clear() const { return remove_tree(*env_, directory_); }

}  // namespace fm::lake
