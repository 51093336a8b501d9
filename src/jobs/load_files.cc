#include "jobs/load_files.h"

#include <algorithm>
#include <array>

#include "databento/historical_json.h"

namespace fm::jobs {
namespace {

namespace json = databento::json;

constexpr std::array kDataEndings{".dbn", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".dbz"};
constexpr int kDirectoryDepthMax = 32;
constexpr std::uint64_t kSideFileBytesMax = std::uint64_t{256} << 20;
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

bool ends_with_data(std::string_view name) {
  if (name.ends_with(".zst")) name.remove_suffix(4);
  if (name.ends_with(".frag")) return true;
  return std::ranges::any_of(kDataEndings,
                             [&](const char* ending) { return name.ends_with(ending); });
}

// Reads one side file, when it is there.
template <class T>
Result<bool> read_side(Env& env, const LoadFolder& folder, std::string_view name,
                       Result<T> (*reader)(std::string_view), T& into) {
  const std::string path = join(folder.path, name);
  if (!env.exists(path)) return false;
  FM_ASSIGN(const std::string text, read_text(env, path, kSideFileBytesMax));
  auto read = reader(text);
  if (!read)
    return std::unexpected(
        std::move(std::move(read).error())
            .in(path)
            .hint("Download the job's folder again, or take the file away to load without it."));
  into = *std::move(read);
  return true;
}

Status read_side_files(Env& env, LoadFolder& folder) {
  json::JobMetadata metadata;
  FM_ASSIGN(const bool has_metadata,
            read_side(env, folder, "metadata.json", &json::read_job_metadata, metadata));
  static_cast<void>(has_metadata);
  folder.dataset = metadata.dataset;
  folder.schema = metadata.schema;
  folder.start = metadata.start;
  folder.end = metadata.end;
  json::JobManifest manifest;
  FM_ASSIGN(folder.has_manifest,
            read_side(env, folder, "manifest.json", &json::read_manifest, manifest));
  folder.job_id = !manifest.job_id.empty() ? manifest.job_id : metadata.job_id;
  for (databento::BatchFile& file : manifest.files)
    folder.manifest.emplace(file.name, std::move(file));
  FM_ASSIGN(const bool has_conditions,
            read_side(env, folder, "condition.json", &json::read_conditions, folder.conditions));
  static_cast<void>(has_conditions);
  std::ranges::stable_sort(folder.conditions, {}, &databento::DayCondition::date);
  if (std::string path = join(folder.path, "symbology.json"); env.exists(path))
    folder.symbology = std::move(path);
  return {};
}

class Finder {
 public:
  Finder(Env& env, const LoadHints& hints) : env_(env), hints_(hints) {}

  Status name(const std::string& named) {
    if (named == kStandardInput) {
      add_pipe(named, {});
      return {};
    }
    std::string path = absolute_path(named);
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    auto found = env_.info(path);
    if (!found && found.error().code() == Code::kNotFound)
      return std::unexpected(std::move(found).error().hint(
          "Check the name. A relative one begins where the command is run."));
    FM_ASSIGN(const FileInfo info, std::move(found));
    if (info.is_directory) return walk(path, 0);
    if (is_side_file(base_name(path)))
      out_.skipped.push_back({path, "describes a batch download"});
    else if (info.size_bytes == 0)
      add_pipe(path, info);  // an empty file is read to its end as well
    else
      add({path, info, folder_of(parent_of(path)), true});
    return {};
  }

  Result<LoadCandidates> finish() {
    std::ranges::stable_sort(out_.files, {}, &LoadCandidate::path);
    std::vector<LoadCandidate> once;
    for (LoadCandidate& file : out_.files) {
      if (!once.empty() && once.back().path == file.path)
        once.back().named |= file.named;
      else
        once.push_back(std::move(file));
    }
    out_.files = std::move(once);
    if (out_.files.size() > kLoadFilesMax)
      return fail(Code::kInvalidArgument, "{} files; at most {} can be loaded in one run",
                  out_.files.size(), kLoadFilesMax);
    return std::move(out_);
  }

 private:
  void add(LoadCandidate candidate) { out_.files.push_back(std::move(candidate)); }

  void add_pipe(const std::string& path, FileInfo info) {
    info.modified = hints_.published.value_or(env_.now());
    if (pipes_ == nullptr) {
      out_.folders.push_back(std::make_unique<LoadFolder>());
      pipes_ = out_.folders.back().get();
      take_hints(*pipes_);
    }
    add({path, info, pipes_, true, true});
  }

  void take_hints(LoadFolder& folder) const {
    if (folder.symbology.empty()) folder.symbology = hints_.symbology;
    if (folder.schema.empty()) folder.schema = hints_.schema;
  }

  LoadFolder* folder_of(const std::string& path) {
    LoadFolder*& known = by_path_[path];
    if (known != nullptr) return known;
    out_.folders.push_back(std::make_unique<LoadFolder>());
    known = out_.folders.back().get();
    known->path = path;
    if (const Status read = read_side_files(env_, *known); !read) known->damage = read.error();
    take_hints(*known);
    return known;
  }

  Status walk(const std::string& directory, int depth) {
    if (depth > kDirectoryDepthMax)
      return fail(Code::kUnsupported,
                  "{}: directories are nested more than {} deep (a link in a circle?)", directory,
                  kDirectoryDepthMax);
    FM_ASSIGN(const std::vector<std::string> names, env_.list(directory));
    LoadFolder* const folder = folder_of(directory);
    folder->missing.clear();
    for (const auto& [name, file] : folder->manifest)
      if (!std::ranges::binary_search(names, name)) folder->missing.push_back(name);
    for (const std::string& name : names) {
      const std::string path = join(directory, name);
      if (name.starts_with('.') || is_side_file(name)) continue;
      FM_ASSIGN(const FileInfo info, env_.info(path));
      if (info.is_directory) {
        FM_TRY(walk(path, depth + 1));
      } else if (!ends_with_data(name)) {
        out_.skipped.push_back(
            {path, "its ending is none of .dbn .json .jsonl .ndjson .csv .tsv (.zst)"});
      } else {
        add({path, info, folder, false});
      }
    }
    return {};
  }

  Env& env_;
  const LoadHints& hints_;
  LoadFolder* pipes_ = nullptr;  // the folder of none
  LoadCandidates out_;
  std::map<std::string, LoadFolder*, std::less<>> by_path_;
};

}  // namespace

std::optional<Date> LoadFolder::job_date() const {
  const std::size_t dash = job_id.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto date = Date::parse(std::string_view(job_id).substr(dash + 1, 8));
  if (!date) return std::nullopt;
  return *date;
}

Result<LoadCandidates> find_load_files(Env& env, std::span<const std::string> named,
                                       const LoadHints& hints) {
  if (named.empty())
    return std::unexpected(
        Error(Code::kInvalidArgument, "no file is named").hint("Name files or directories."));
  Finder finder(env, hints);
  for (const std::string& name : named) FM_TRY(finder.name(name));
  return finder.finish();
}

Published::Published(const LoadFolder& folder, const FileInfo& info)
    : conditions_(&folder.conditions),
      otherwise_(static_cast<std::int64_t>(info.modified / 1'000)) {
  if (const auto date = folder.job_date())
    otherwise_ = std::int64_t{date->days_since_1970()} * kMicrosPerDay;
}

std::int64_t Published::at(Date day) const {
  const auto found =
      std::ranges::lower_bound(*conditions_, day, {}, &databento::DayCondition::date);
  if (found == conditions_->end() || found->date != day || !found->last_modified) return otherwise_;
  return std::int64_t{found->last_modified->days_since_1970()} * kMicrosPerDay;
}

std::vector<databento::DayCondition> bad_days(const LoadFolder& folder) {
  std::vector<databento::DayCondition> bad;
  for (const auto& day : folder.conditions)
    if (day.condition != "available") bad.push_back(day);
  return bad;
}

}  // namespace fm::jobs
