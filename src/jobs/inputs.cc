#include "jobs/inputs.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

namespace fm::jobs {
namespace {

constexpr std::array kDataEndings{".dbn", ".json", ".jsonl", ".ndjson", ".csv", ".frag"};
constexpr int kDirectoryDepthMax = 32;

bool ends_with_data(std::string_view name) {
  if (name.ends_with(".zst")) name.remove_suffix(4);
  return std::ranges::any_of(kDataEndings,
                             [&](const char* ending) { return name.ends_with(ending); });
}

// Why a file found in a directory is not read; empty when it is.
std::string reason_to_skip(std::string_view name) {
  if (is_side_file(name)) return "describes a batch download";
  if (name.starts_with('.')) return "hidden";
  if (!ends_with_data(name)) return "its ending is none of .dbn .json .jsonl .ndjson .csv (.zst)";
  const auto schema = schema_in_name(name);
  if (schema && *schema != dbn::Schema::kTbbo && *schema != dbn::Schema::kMbp1)
    return fmt::format("its name says {}, not tbbo or mbp-1", dbn::name(*schema));
  return "";
}

Status walk(Env& env, const std::string& directory, int depth, InputList& list) {
  if (depth > kDirectoryDepthMax)
    return fail(Code::kUnsupported,
                "{}: directories are nested more than {} deep (a link in a circle?)", directory,
                kDirectoryDepthMax);
  FM_ASSIGN(const std::vector<std::string> names, env.list(directory));
  for (const std::string& name : names) {
    const std::string path = join(directory, name);
    FM_ASSIGN(const FileInfo info, env.info(path));
    if (info.is_directory) {
      if (!name.starts_with('.')) FM_TRY(walk(env, path, depth + 1, list));
    } else if (const std::string why = reason_to_skip(name); !why.empty()) {
      list.skipped.push_back({path, why});
    } else {
      list.files.push_back({path, info.size_bytes, true});
    }
  }
  return {};
}

}  // namespace

bool is_side_file(std::string_view name) {
  return name == "manifest.json" || name == "metadata.json" || name == "condition.json" ||
         name.starts_with("symbology.");
}

std::optional<dbn::Schema> schema_in_name(std::string_view name) {
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    if (const auto schema = dbn::parse_schema(name.substr(0, dot))) return schema;
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::string absolute_path(std::string_view path) {
  // The working directory does not change under a run, so this is no door past Env.
  std::error_code error;
  const std::filesystem::path full = std::filesystem::absolute(path, error);
  return error ? std::string(path) : full.lexically_normal().string();
}

Result<InputList> find_inputs(Env& env, std::span<const std::string> named) {
  if (named.empty())
    return std::unexpected(Error(Code::kInvalidArgument, "no input is named")
                               .hint("Name files or directories, or - for standard input."));
  InputList list;
  for (const std::string& name : named) {
    if (name == kStandardInput) {
      list.files.push_back({name, 0, false});
      continue;
    }
    std::string path = absolute_path(name);
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    auto found = env.info(path);
    if (!found && found.error().code() == Code::kNotFound)
      return std::unexpected(std::move(found).error().hint(
          "Check the name. A relative one begins where the command is run."));
    FM_ASSIGN(const FileInfo info, std::move(found));
    if (info.is_directory) {
      FM_TRY(walk(env, path, 0, list));
    } else if (is_side_file(base_name(path))) {
      list.skipped.push_back({path, "describes a batch download"});
    } else {
      list.files.push_back({path, info.size_bytes, false});
    }
  }
  std::ranges::stable_sort(list.files, {}, &InputFile::path);
  // Named twice, or named and found: the naming counts.
  std::vector<InputFile> once;
  for (InputFile& file : list.files) {
    if (once.empty() || once.back().path != file.path) {
      once.push_back(std::move(file));
    } else {
      once.back().from_directory &= file.from_directory;
    }
  }
  list.files = std::move(once);
  return list;
}

Result<Hash128> hash_file(Env& env, const std::string& path) {
  FM_ASSIGN(auto file, env.open(path));
  Hasher hasher;
  std::vector<std::byte> buffer(256 << 10);
  for (;;) {
    FM_ASSIGN(const std::size_t got, file->read(buffer));
    if (got == 0) return hasher.digest();
    hasher.add(std::span(buffer).first(got));
  }
}

Status drop_copies(Env& env, InputList& list) {
  std::map<std::uint64_t, std::size_t> files_of_size;
  for (const InputFile& file : list.files) ++files_of_size[file.size_bytes];

  std::map<Hash128, std::string> seen;
  std::vector<InputFile> kept;
  for (InputFile& file : list.files) {
    // Only files of one size can be copies, so that a run over unlike files reads each once.
    if (file.path != kStandardInput && file.size_bytes > 0 && files_of_size[file.size_bytes] > 1) {
      FM_ASSIGN(const Hash128 hash, hash_file(env, file.path));
      const auto [at, is_new] = seen.emplace(hash, file.path);
      if (!is_new) {
        list.skipped.push_back({file.path, fmt::format("a copy of {}", at->second)});
        continue;
      }
    }
    kept.push_back(std::move(file));
  }
  list.files = std::move(kept);
  return {};
}

}  // namespace fm::jobs
