#include "lake/store.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/hash.h"
#include "lake/files.h"

namespace fm::lake {
namespace {

constexpr std::string_view kFormatText = "frontmonth-lake 1\n";
constexpr std::string_view kPart = ".part";
constexpr std::string_view kDraft = ".draft";
constexpr std::string_view kManifestDraft = ".manifest";
// Directories that were visible, in show/: retired,<second>,<token>. No table has such a name.
constexpr std::string_view kRetired = "retired,";
constexpr Second kRetiredSeconds = 10;
// Partitions share lock files, so that their number does not grow with the lake.
constexpr std::uint64_t kLockFiles = 64;

bool is_missing(const Error& error) { return error.code() == Code::kNotFound; }

std::string replaced(std::string_view text, char from, char to) {
  std::string result(text);
  std::ranges::replace(result, from, to);
  return result;
}

}  // namespace

Store::Store(Env& env, const std::string& lake_directory, std::string state_dir, Nanos grace,
             Nanos lock_patience, Nanos keep)
    : env_(&env),
      lake_(lake_directory),
      store_(join(lake_directory, ".store")),
      state_(std::move(state_dir)),
      grace_(grace),
      lock_patience_(lock_patience),
      history_(env, lake_, join(store_, "history"), keep),
      changes_(env, lake_) {}

std::string Store::part_path(std::string_view name) const {
  return fmt::format("{}/{}{}", store_, name, kPart);
}
std::string Store::visible_path(std::string_view table, std::string_view partition) const {
  return fmt::format("{}/{}/{}", lake_, replaced(table, '.', '/'), partition);
}
std::string Store::manifests_of(std::string_view table) const {
  return fmt::format("{}/manifests/{}", store_, table);
}
std::string Store::manifest_path(std::string_view table, std::string_view partition) const {
  return fmt::format("{}/{}.json", manifests_of(table), partition);
}
std::string Store::show_path(const Manifest& manifest, const Draft& draft) const {
  return fmt::format("{}/show/{},{},{}", store_, manifest.table,
                     replaced(manifest.partition, '/', ','), draft.token);
}
std::string Store::token_lock_path(std::string_view token) const {
  return fmt::format("{}/locks/draft-{}", state_, token);
}

Status Store::prepare() {
  for (const auto& directory :
       {lake_, store_, join(store_, "manifests"), join(store_, "show"), join(state_, "locks")})
    FM_TRY(env_->make_directories(directory));
  const std::string format = join(store_, "format");
  const auto text = read_text(*env_, format, 4096);
  if (!text && is_missing(text.error())) {
    FM_ASSIGN(Draft draft, begin_draft());
    Status made = probe(draft);
    bool renamed = false;
    if (made) made = write_file(format, kFormatText, draft, renamed);
    end_draft(draft);
    FM_TRY_IN(made, lake_);
    return {};
  }
  FM_TRY(text);
  if (*text == kFormatText) return {};
  return fail(Code::kUnsupported, "{}: the lake says \"{}\"; this version reads \"{}\"", format,
              std::string_view(*text).substr(0, text->find('\n')),
              kFormatText.substr(0, kFormatText.size() - 1));
}

Result<std::optional<std::string>> Store::id() const {
  constexpr std::size_t kDigits = 32;
  const std::string path = join(store_, "id");
  auto text = read_text(*env_, path, 4096);
  if (!text) {
    if (is_missing(text.error())) return std::nullopt;
    return std::unexpected(std::move(text).error());
  }
  if (text->ends_with('\n')) text->pop_back();
  const bool is_id =
      text->size() == kDigits && text->find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_id) return *std::move(text);
  return fail(Code::kCorrupt, "{}: \"{}\" names no lake; expected {} hexadecimal digits", path,
              *text, kDigits);
}

Status Store::set_id(std::string_view id) const {
  FM_ASSIGN(Draft draft, begin_draft());
  bool renamed = false;
  Status made = write_file(join(store_, "id"), fmt::format("{}\n", id), draft, renamed);
  end_draft(draft);
  return made;
}

Result<std::string> Store::make_id() const {
  FM_ASSIGN(const auto lock, env_->lock(join(state_, "locks/store"), lock_patience_));
  FM_ASSIGN(auto there, id());
  if (there) return *std::move(there);
  std::string made = fmt::format("{:016x}{:016x}", env_->random(), env_->random());
  FM_TRY(set_id(made));
  return made;
}

// What a commit needs of the file system, tried once for a new lake.
Status Store::probe(const Draft& draft) const {
  const std::string& base = draft.path;
  const auto attempt = [&]() -> Status {
    FM_TRY(env_->make_directories(base + "/one"));
    FM_TRY(env_->make_directories(base + "/two"));
    FM_ASSIGN(auto file, env_->create(base + "/one/file", Create::kNew));
    FM_TRY(file->close());
    FM_TRY(env_->hard_link(base + "/one/file", base + "/two/link"));
    return env_->exchange(base + "/one", base + "/two");
  };
  Status tried = attempt();
  FM_TRY(remove_tree(*env_, base));
  if (tried) return {};
  if (tried.error().code() == Code::kNoSpace || tried.error().code() == Code::kPermission)
    return tried;
  return std::unexpected(
      Error(Code::kUnsupported,
            fmt::format("the file system lacks hard links or the exchange of directories ({})",
                        tried.error().message()))
          .hint("Put the lake on ext4, xfs, btrfs or tmpfs."));
}

Result<std::optional<Manifest>> Store::read(std::string_view table,
                                            std::string_view partition) const {
  const std::string path = manifest_path(table, partition);
  auto text = read_text(*env_, path);
  if (!text) {
    if (is_missing(text.error())) return std::nullopt;
    return std::unexpected(std::move(text).error());
  }
  FM_ASSIGN(Manifest manifest, decode_manifest(*text, path));
  if (manifest.table != table || manifest.partition != partition)
    return fail(Code::kCorrupt, "{}: speaks of {} {}; expected {} {}", path, manifest.table,
                manifest.partition, table, partition);
  return manifest;
}

Result<std::vector<std::string>> Store::partition_names(std::string_view table,
                                                        std::string_view root) const {
  const std::string base = manifests_of(table);
  std::vector<std::string> partitions;
  const auto collect = [&](const std::string& directory, const std::string& prefix) -> Status {
    FM_ASSIGN(const auto names, list_or_empty(*env_, directory));
    for (const auto& name : names)
      if (name.ends_with(".json")) partitions.push_back(prefix + name.substr(0, name.size() - 5));
    return {};
  };
  FM_TRY(collect(base, ""));
  FM_ASSIGN(const auto roots, list_or_empty(*env_, base));
  for (const auto& name : roots)
    if (!name.ends_with(".json") && (root.empty() || name == fmt::format("p_root={}", root)))
      FM_TRY(collect(join(base, name), name + "/"));
  return partitions;
}

Result<std::vector<Manifest>> Store::read_all(std::string_view table, std::string_view root) const {
  FM_ASSIGN(const auto partitions, partition_names(table, root));
  std::vector<Manifest> manifests;
  for (const auto& partition : partitions) {
    FM_ASSIGN(auto manifest, read(table, partition));
    if (manifest) manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

Result<std::optional<Manifest>> Store::read_last(std::string_view table,
                                                 std::string_view root) const {
  FM_ASSIGN(const auto partitions, partition_names(table, root));
  if (partitions.empty()) return std::nullopt;
  return read(table, partitions.back());
}

Result<Store::Draft> Store::begin_draft() const {
  Draft draft;
  draft.token = fmt::format("{:016x}", env_->random());
  FM_ASSIGN(draft.lock, env_->lock(token_lock_path(draft.token), 0));
  draft.path = fmt::format("{}/{}{}", store_, draft.token, kDraft);
  return draft;
}

void Store::end_draft(Draft& draft) const {
  // Failures leave leftovers that the next clean() removes.
  static_cast<void>(env_->remove(draft.path));
  static_cast<void>(env_->remove(token_lock_path(draft.token)));
  draft.lock.reset();
}

Result<std::unique_ptr<FileLock>> Store::lock_partition(std::string_view table,
                                                        std::string_view partition,
                                                        Nanos patience) const {
  const auto number = hash_of(fmt::format("{}/{}", table, partition)).low % kLockFiles;
  return env_->lock(fmt::format("{}/locks/partition-{:02}", state_, number), patience);
}

// True when the part is new in the store. One with the same content may be there already: it stays
// as it is, because somebody may be reading it.
Result<bool> Store::place_part(const std::string& name, const Draft& draft) const {
  if (name.empty()) return false;
  const std::string part = part_path(name);
  if (env_->exists(part)) return false;
  FM_TRY(env_->rename(draft.path, part));
  FM_TRY(env_->sync_directory(store_));
  return true;
}

Result<std::uint64_t> Store::import_part(std::string_view name, const std::string& path) const {
  if (env_->exists(part_path(name))) return 0;
  FM_ASSIGN(Draft draft, begin_draft());
  const auto import = [&]() -> Result<std::uint64_t> {
    FM_ASSIGN(const std::uint64_t bytes, copy_file(*env_, path, draft.path));
    FM_ASSIGN(const bool placed, place_part(std::string(name), draft));
    return placed ? bytes : 0;
  };
  auto bytes = import();
  end_draft(draft);
  return bytes;
}

Status Store::build_show(const Manifest& manifest, const std::string& show) const {
  FM_TRY(env_->make_directories(show));
  for (const DataFile& file : manifest.files)
    FM_TRY(env_->hard_link(part_path(file.name), join(show, manifest.visible_name(file))));
  FM_TRY(env_->sync_directory(show));
  return env_->sync_directory(parent_of(show));
}

Result<bool> Store::shows(const std::string& directory, const Manifest& manifest) const {
  auto names = env_->list(directory);
  if (!names) {
    if (is_missing(names.error())) return false;
    return std::unexpected(std::move(names).error());
  }
  std::vector<std::string> expected;
  expected.reserve(manifest.files.size());
  for (const DataFile& file : manifest.files) expected.push_back(manifest.visible_name(file));
  std::ranges::sort(expected);
  return *names == expected;
}

Status Store::swap_visible(const Manifest& manifest, const std::string& show) const {
  const std::string visible = visible_path(manifest.table, manifest.partition);
  const std::string parent = parent_of(visible);
  FM_TRY(make_durable_directories(*env_, lake_, parent));
  const bool has_old = env_->exists(visible);
  FM_TRY(has_old ? env_->exchange(show, visible) : env_->rename(show, visible));
  FM_TRY(env_->sync_directory(parent));
  if (has_old) FM_TRY(retire(show));
  return remove_retired();
}

// A reader that has opened the old directory and is still listing it would miss names that are
// removed meanwhile, and take the rest for all. So it stays as it is for a while.
Status Store::retire(const std::string& show) const {
  const std::string token = show.substr(show.rfind(',') + 1);
  return env_->rename(
      show, fmt::format("{}/show/{}{},{}", store_, kRetired, second_of(env_->now()), token));
}

Status Store::remove_retired() const {
  FM_ASSIGN(const auto names, list_or_empty(*env_, join(store_, "show")));
  const Second now = second_of(env_->now());
  for (const auto& name : names) {
    if (!name.starts_with(kRetired)) continue;
    const Second since = std::atoll(name.c_str() + kRetired.size());
    // A clock that was set back must not keep them for ever.
    if (since + kRetiredSeconds <= now || since > now)
      FM_TRY(ignore_missing(remove_tree(*env_, join(join(store_, "show"), name))));
  }
  return {};
}

Status Store::write_manifest(const Manifest& manifest, const Draft& draft, bool& renamed) const {
  const std::string path = manifest_path(manifest.table, manifest.partition);
  FM_TRY(make_durable_directories(*env_, lake_, parent_of(path)));
  FM_TRY(changes_.add(manifest.table, manifest.partition));
  Status written = write_file(path, encode(manifest), draft, renamed);
  // Without this line a reader may learn of it an hour later; the rows count all the same.
  if (renamed) static_cast<void>(changes_.add(manifest.table, manifest.partition));
  return written;
}

// By way of the token's draft; `renamed` tells whether the file is in place.
Status Store::write_file(const std::string& path, std::string_view content, const Draft& draft,
                         bool& renamed) const {
  const std::string text = fmt::format("{}/{}{}", store_, draft.token, kManifestDraft);
  const auto write = [&]() -> Status {
    FM_ASSIGN(auto file, env_->create(text, Create::kTruncate));
    FM_TRY(file->write(content));
    FM_TRY(file->sync());
    FM_TRY(file->close());
    FM_TRY(env_->rename(text, path));
    renamed = true;
    return env_->sync_directory(parent_of(path));
  };
  Status written = write();
  if (!renamed) static_cast<void>(env_->remove(text));
  return written;
}

Status Store::publish(const std::optional<Manifest>& old, const Manifest& manifest,
                      const Draft& draft, const std::string& new_part) const {
  const std::string show = show_path(manifest, draft);
  bool is_new_part = false;
  bool renamed = false;
  const auto write = [&]() -> Status {
    // From the moment the part is in the store until a manifest names it, no cleaner may look.
    FM_ASSIGN(const auto store_lock, env_->lock(join(state_, "locks/store"), lock_patience_));
    FM_ASSIGN(is_new_part, place_part(new_part, draft));
    FM_TRY(build_show(manifest, show));
    if (old) FM_TRY(history_.add(*old, manifest_path(old->table, old->partition), manifest));
    return write_manifest(manifest, draft, renamed);
  };
  Status written = write();
  if (!renamed) {
    if (old) history_.undo_add(*old, manifest);
    static_cast<void>(remove_tree(*env_, show));
    if (is_new_part) static_cast<void>(env_->remove(part_path(new_part)));
    return written;
  }
  // The manifest counts now, even where its directory could not be synced: go on, then say so.
  FM_TRY(swap_visible(manifest, show));
  FM_TRY(written);
  return old ? remove_expired(*old, manifest) : Status{};
}

Status Store::republish(const Manifest& manifest, const Draft& draft) const {
  bool renamed = false;
  return write_manifest(manifest, draft, renamed);
}

Status Store::ensure_visible(const Manifest& manifest, const Draft& draft) const {
  FM_ASSIGN(const bool good, shows(visible_path(manifest.table, manifest.partition), manifest));
  if (good) return {};
  const std::string show = show_path(manifest, draft);
  FM_TRY(build_show(manifest, show));
  return swap_visible(manifest, show);
}

std::vector<Superseded> Store::superseded_by(const std::optional<Manifest>& old,
                                             const std::vector<DataFile>& files) const {
  std::vector<Superseded> superseded;
  if (!old) return superseded;
  const Nanos now = env_->now();
  const auto is_used = [&](const std::string& name) {
    return std::ranges::any_of(files, [&](const DataFile& file) { return file.name == name; });
  };
  for (const Superseded& file : old->supersedes)
    if (file.at + grace_ > now && !is_used(file.name)) superseded.push_back(file);
  for (const DataFile& file : old->files)
    if (!is_used(file.name)) superseded.push_back({file.name, now});
  return superseded;
}

Status Store::remove_expired(const Manifest& old, const Manifest& manifest) const {
  if (history_.is_kept()) return {};  // an entry may speak of them: clean() looks
  const auto stays = [&](const std::string& name) {
    return std::ranges::any_of(manifest.files,
                               [&](const auto& file) { return file.name == name; }) ||
           std::ranges::any_of(manifest.supersedes,
                               [&](const auto& file) { return file.name == name; });
  };
  for (const Superseded& file : old.supersedes)
    if (!stays(file.name)) FM_TRY(ignore_missing(env_->remove(part_path(file.name))));
  return {};
}

Status Store::clean() const {
  FM_ASSIGN(const auto shows, list_or_empty(*env_, join(store_, "show")));
  for (const auto& name : shows)
    if (!name.starts_with(kRetired)) FM_TRY(mend_show(name));
  FM_TRY(remove_retired());
  FM_ASSIGN(const auto names, list_or_empty(*env_, store_));
  for (const auto& name : names)
    if (name.ends_with(kDraft) || name.ends_with(kManifestDraft)) FM_TRY(clean_token(store_, name));
  FM_TRY(changes_.shorten());
  return clean_orphans();
}

// Removes a draft unless its writer lives.
Status Store::clean_token(const std::string& directory, const std::string& name) const {
  const std::string lock_path = token_lock_path(name.substr(0, name.find('.')));
  const auto lock = env_->lock(lock_path, 0);
  if (!lock) return lock.error().code() == Code::kBusy ? Status{} : std::unexpected(lock.error());
  FM_TRY(remove_tree(*env_, join(directory, name)));
  return ignore_missing(env_->remove(lock_path));
}

// A directory on its way to become visible, or the old one on its way out, whose writer died.
Status Store::mend_show(const std::string& name) const {
  const std::size_t table_end = name.find(',');
  const std::size_t token_begin = name.rfind(',');
  const std::string show = join(join(store_, "show"), name);
  if (table_end == std::string::npos || table_end == token_begin) return remove_tree(*env_, show);
  const std::string table = name.substr(0, table_end);
  const std::string partition =
      replaced(name.substr(table_end + 1, token_begin - table_end - 1), ',', '/');
  const std::string lock_path = token_lock_path(name.substr(token_begin + 1));
  const auto writer = env_->lock(lock_path, 0);
  if (!writer)
    return writer.error().code() == Code::kBusy ? Status{} : std::unexpected(writer.error());
  FM_ASSIGN(const auto lock, lock_partition(table, partition, lock_patience_));
  FM_ASSIGN(const auto manifest, read(table, partition));
  if (manifest) {
    FM_ASSIGN(const bool is_committed, shows(show, *manifest));
    FM_ASSIGN(const bool is_visible, shows(visible_path(table, partition), *manifest));
    if (is_committed && !is_visible) FM_TRY(swap_visible(*manifest, show));
  }
  FM_TRY(remove_tree(*env_, show));
  return ignore_missing(env_->remove(lock_path));
}

// Parts with a single name: superseded, or left by a writer that died before its manifest. Visible
// ones have two.
Result<std::vector<std::string>> Store::orphan_candidates() const {
  std::vector<std::string> candidates;
  const Nanos now = env_->now();
  FM_ASSIGN(const auto names, list_or_empty(*env_, store_));
  for (const auto& name : names) {
    if (!name.ends_with(kPart)) continue;
    const auto file = env_->info(join(store_, name));
    if (file && file->links == 1 && file->modified + grace_ <= now)
      candidates.push_back(name.substr(0, name.size() - kPart.size()));
  }
  return candidates;
}

// Adds the parts that what is kept speaks of.
Status Store::clean_history(std::set<std::string>& needed) const {
  if (!history_.is_kept()) return history_.clear();
  FM_ASSIGN(const auto places, history_.places());
  for (const auto& [table, partition] : places) {
    FM_ASSIGN(const auto manifest, read(table, partition));
    if (manifest) FM_TRY(history_.clean(*manifest, needed));
  }
  return {};
}

Status Store::clean_orphans() const {
  const auto lock = env_->lock(join(state_, "locks/store"), lock_patience_);
  if (!lock) return std::unexpected(lock.error());
  std::set<std::string> needed;
  FM_TRY(clean_history(needed));
  FM_ASSIGN(auto candidates, orphan_candidates());
  std::erase_if(candidates, [&](const std::string& name) { return needed.contains(name); });
  if (candidates.empty()) return {};
  FM_ASSIGN(const auto tables, list_or_empty(*env_, join(store_, "manifests")));
  for (const auto& table : tables) {
    FM_ASSIGN(const auto manifests, read_all(table, ""));
    for (const Manifest& manifest : manifests) {
      for (const DataFile& file : manifest.files) needed.insert(file.name);
      for (const Superseded& file : manifest.supersedes)
        if (file.at + grace_ > env_->now()) needed.insert(file.name);
    }
  }
  for (const auto& name : candidates)
    if (!needed.contains(name)) FM_TRY(ignore_missing(env_->remove(part_path(name))));
  return {};
}

}  // namespace fm::lake
