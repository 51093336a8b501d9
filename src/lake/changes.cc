#include "lake/changes.h"

#include <algorithm>

#include "lake/files.h"

namespace fm::lake {
namespace {

constexpr std::string_view kEnding = ".json";
// File systems stamp by a clock that ticks every few milliseconds: what was written just now may be
// written again with the same time.
constexpr Nanos kUnsettled = 2 * kNanosPerSecond;
// From a line in the log to the manifest that it announces, at most; see below.
constexpr Nanos kAnnounced = 10 * kNanosPerSecond;
constexpr Nanos kEverything = 3'600 * kNanosPerSecond;

}  // namespace

// Why no change is lost.
//
// A file that was looked at is told from the one that takes its place: by its inode, while both
// exist; and an inode's number comes back only with a file that was begun after the one in between
// had taken its place. If that file has the time of the first one, too, the first one was looked at
// within the tick of its time: then it counts as unsettled, and differs from everything.
//
// Each commit writes a line, its manifest, and the line again. A reader that comes to the second
// line finds the manifest. One that reads the first line too early looks again until it is
// kAnnounced old: so only a writer that waits for longer between the first line and the manifest,
// and dies right behind it, is noticed as late as one that writes no lines: by the look at all
// folders that changed, once in kEverything.
//
// Where the log was begun anew, a line may have gone to the old file: for kAnnounced all folders
// that changed are looked at. One that begins to read at the log's end may have missed a first
// line; the second is yet to come.

Changes::Identity Changes::identity_of(const FileInfo& info) const {
  const bool is_settled = info.modified + kUnsettled <= lake_->env().now();
  return {
      .modified = is_settled ? info.modified : 0, .inode = info.inode, .bytes = info.size_bytes};
}

Status Changes::look_into(const std::string& directory, const std::string& prefix,
                          std::vector<std::string>& changed, std::vector<std::string>& folders) {
  Env& env = lake_->env();
  const auto info = env.info(directory);
  if (!info) return ignore_missing(std::unexpected(info.error()));
  Folder& folder = seen_[directory];
  const Nanos modified = identity_of(*info).modified;
  if (modified != 0 && folder.modified == modified) {
    // Nothing came and nothing was replaced; but which folders there are is asked for, too.
    for (const auto& [name, identity] : folder.files)
      if (!name.ends_with(kEnding)) folders.push_back(name);
    return {};
  }
  FM_ASSIGN(const auto names, list_or_empty(env, directory));
  Folder now_there{.modified = modified, .files = {}};
  for (const std::string& name : names) {
    if (!name.ends_with(kEnding)) {
      folders.push_back(name);
      now_there.files.emplace(name, Identity{});
      continue;
    }
    const auto file = env.info(join(directory, name));
    if (!file) {
      FM_TRY(ignore_missing(std::unexpected(file.error())));
      now_there.modified = 0;
      continue;
    }
    const Identity identity = identity_of(*file);
    const auto before = folder.files.find(name);
    if (before == folder.files.end() || identity.modified == 0 || before->second != identity)
      changed.push_back(prefix + name.substr(0, name.size() - kEnding.size()));
    now_there.files.emplace(name, identity);
    if (identity.modified == 0) now_there.modified = 0;
  }
  folder = std::move(now_there);
  return {};
}

void Changes::forget(const table::Table& table) {
  const std::string base = lake_->manifests_of(table);
  reading_.erase(base);
  std::erase_if(seen_, [&](const auto& folder) {
    return folder.first == base || folder.first.starts_with(base + "/");
  });
}

// True when the log says all that there is to be looked at.
Result<bool> Changes::read_log(const std::string& table, Reading& reading) {
  const Nanos now = lake_->env().monotonic();
  if (reading.position) {
    FM_ASSIGN(const auto lines, log_.read(table, *reading.position));
    if (lines) {
      for (const std::string& partition : *lines) reading.announced[partition] = now;
      return reading.everything_until <= now && now < reading.everything_at + kEverything;
    }
    reading.everything_until = now + kAnnounced;
  }
  // The end comes before the look at everything: what follows it is read afterwards.
  FM_ASSIGN(reading.position, log_.end(table));
  return false;
}

Status Changes::look_at_everything(const std::string& base, std::vector<std::string>& changed) {
  std::vector<std::string> roots, none;
  FM_TRY(look_into(base, "", changed, roots));
  for (const std::string& root : roots)
    FM_TRY(look_into(join(base, root), root + "/", changed, none));
  return {};
}

Status Changes::look_at_announced(const std::string& base, Reading& reading,
                                  std::vector<std::string>& changed) {
  Env& env = lake_->env();
  const Nanos now = env.monotonic();
  for (auto at = reading.announced.begin(); at != reading.announced.end();) {
    const auto& [partition, since] = *at;
    const std::string path = fmt::format("{}/{}{}", base, partition, kEnding);
    const auto info = env.info(path);
    bool is_settled = since + kAnnounced <= now;
    if (!info) {
      FM_TRY(ignore_missing(std::unexpected(info.error())));
    } else {
      const Identity identity = identity_of(*info);
      Identity& seen = seen_[parent_of(path)].files[std::string(base_name(path))];
      if (identity.modified == 0 || identity != seen) changed.push_back(partition);
      seen = identity;
      is_settled = is_settled && identity.modified != 0;
    }
    at = is_settled ? reading.announced.erase(at) : std::next(at);
  }
  return {};
}

Result<std::vector<Manifest>> Changes::of(const table::Table& table) {
  auto manifests = look(table);
  if (!manifests) forget(table);
  return manifests;
}

Result<std::vector<Manifest>> Changes::look(const table::Table& table) {
  const std::string base = lake_->manifests_of(table);
  Reading& reading = reading_[base];
  std::vector<std::string> changed;
  FM_ASSIGN(const bool is_all_announced, read_log(std::string(base_name(base)), reading));
  if (is_all_announced) {
    FM_TRY(look_at_announced(base, reading, changed));
  } else {
    reading.everything_at = lake_->env().monotonic();
    FM_TRY(look_at_everything(base, changed));
  }
  std::ranges::sort(changed);
  std::vector<Manifest> manifests;
  manifests.reserve(changed.size());
  for (const std::string& partition : changed) {
    FM_ASSIGN(auto manifest, lake_->find(table, partition));
    if (manifest) manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

}  // namespace fm::lake
