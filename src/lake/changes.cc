#include "lake/changes.h"

#include <algorithm>

#include "lake/files.h"

namespace fm::lake {
namespace {

constexpr std::string_view kEnding = ".json";
// File systems stamp by a clock that ticks every few milliseconds: what was written just now may be
// written again with the same time.
constexpr Nanos kUnsettled = 2 * kNanosPerSecond;

}  // namespace

Status Changes::look_into(const std::string& directory, const std::string& prefix,
                          std::vector<std::string>& changed, std::vector<std::string>& folders) {
  Env& env = lake_->env();
  const Nanos now = env.now();
  const auto settled = [&](Nanos modified) { return modified + kUnsettled <= now; };
  const auto info = env.info(directory);
  if (!info) return ignore_missing(std::unexpected(info.error()));
  Folder& folder = seen_[directory];
  if (settled(info->modified) && folder.modified == info->modified) {
    // Nothing came and nothing was replaced; but which folders there are is asked for, too.
    for (const auto& [name, modified] : folder.files)
      if (!name.ends_with(kEnding)) folders.push_back(name);
    return {};
  }
  FM_ASSIGN(const auto names, list_or_empty(env, directory));
  Folder now_there{.modified = settled(info->modified) ? info->modified : 0, .files = {}};
  for (const std::string& name : names) {
    if (!name.ends_with(kEnding)) {
      folders.push_back(name);
      now_there.files.emplace(name, 0);
      continue;
    }
    const auto file = env.info(join(directory, name));
    if (!file) {
      FM_TRY(ignore_missing(std::unexpected(file.error())));
      now_there.modified = 0;
      continue;
    }
    const auto before = folder.files.find(name);
    if (before == folder.files.end() || before->second != file->modified)
      changed.push_back(prefix + name.substr(0, name.size() - kEnding.size()));
    now_there.files.emplace(name, settled(file->modified) ? file->modified : 0);
    if (!settled(file->modified)) now_there.modified = 0;
  }
  folder = std::move(now_there);
  return {};
}

void Changes::forget(const table::Table& table) {
  const std::string base = lake_->manifests_of(table);
  std::erase_if(seen_, [&](const auto& folder) {
    return folder.first == base || folder.first.starts_with(base + "/");
  });
}

Result<std::vector<Manifest>> Changes::of(const table::Table& table) {
  auto manifests = look(table);
  if (!manifests) forget(table);
  return manifests;
}

Result<std::vector<Manifest>> Changes::look(const table::Table& table) {
  const std::string base = lake_->manifests_of(table);
  std::vector<std::string> changed, roots, none;
  FM_TRY(look_into(base, "", changed, roots));
  for (const std::string& root : roots)
    FM_TRY(look_into(join(base, root), root + "/", changed, none));
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
