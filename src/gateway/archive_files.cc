#include "gateway/archive_files.h"

#include <algorithm>

#include "base/log.h"

namespace fm::gateway {
namespace {

constexpr int kDirectoryDepthMax = 32;

bool is_data_name(std::string_view name) {
  return name.ends_with(".dbn") || name.ends_with(".dbn.zst");
}

// Names that look like market data in a form that is not served; others are nobody's concern.
bool is_text_data_name(std::string_view name) {
  if (name.ends_with(".zst")) name.remove_suffix(4);
  const bool is_text = name.ends_with(".json") || name.ends_with(".jsonl") ||
                       name.ends_with(".csv") || name.ends_with(".tsv");
  const bool is_side = name == "manifest.json" || name == "metadata.json" ||
                       name == "condition.json" || name.starts_with("symbology.");
  return is_text && !is_side;
}

Status walk(Env& env, const std::string& directory, int depth, std::vector<FoundFile>& found) {
  if (depth > kDirectoryDepthMax)
    return fail(Code::kUnsupported,
                "{}: directories are nested more than {} deep (a link in a circle?)", directory,
                kDirectoryDepthMax);
  FM_ASSIGN(const std::vector<std::string> names, env.list(directory));
  for (const std::string& name : names) {
    if (name.starts_with('.')) continue;
    const std::string path = join(directory, name);
    FM_ASSIGN(const FileInfo info, env.info(path));
    if (info.is_directory) {
      FM_TRY(walk(env, path, depth + 1, found));
    } else if (is_data_name(name)) {
      found.push_back({path, info, false});
    } else if (is_text_data_name(name)) {
      log_warning("{}: text is not served, DBN alone is; left out", path);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<FoundFile>> find_files(Env& env, std::span<const std::string> paths) {
  if (paths.empty())
    return std::unexpected(
        Error(Code::kInvalidArgument, "no file is named").hint("Name DBN files or directories."));
  std::vector<FoundFile> found;
  for (std::string path : paths) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    FM_ASSIGN(const FileInfo info, env.info(path));
    if (info.is_directory) {
      FM_TRY(walk(env, path, 0, found));
    } else {
      found.push_back({std::move(path), info, true});
    }
  }
  // One that is named and found too counts as named.
  std::ranges::sort(found, [](const FoundFile& a, const FoundFile& b) {
    return a.path != b.path ? a.path < b.path : a.named > b.named;
  });
  const auto twice = std::ranges::unique(found, {}, &FoundFile::path);
  found.erase(twice.begin(), twice.end());
  return found;
}

}  // namespace fm::gateway
