#include "lake/changes_log.h"

#include <array>

#include "lake/files.h"

namespace fm::lake {
namespace {

// "log 0123456789abcdef\n": no two files have the same.
constexpr std::size_t kHeadBytes = 21;
constexpr std::uint64_t kBytesMax = 1 << 20;
constexpr std::string_view kDraft = ".draft";
constexpr Nanos kDraftLife = 3'600 * kNanosPerSecond;

// Up to `bytes` from `from` on; fewer where the file ends.
Result<std::string> read_some(ReadableFile& file, std::uint64_t from, std::size_t bytes) {
  FM_TRY(file.seek(from));
  std::string text(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    FM_ASSIGN(const std::size_t got,
              file.read(std::as_writable_bytes(std::span(text).subspan(filled))));
    if (got == 0) break;
    filled += got;
  }
  text.resize(filled);
  return text;
}

}  // namespace

ChangesLog::ChangesLog(Env& env, const std::string& lake_directory)
    : env_(&env), directory_(join(lake_directory, ".store/changes")) {}

std::string ChangesLog::path_of(std::string_view table) const { return join(directory_, table); }

Status ChangesLog::prepare() const { return env_->make_directories(directory_); }

// Of two that begin it at once, one takes the other's place: readers see another head.
Status ChangesLog::begin(const std::string& path) const {
  const std::string head = fmt::format("{:016x}", env_->random());
  const std::string draft = fmt::format("{}.{}{}", path, head, kDraft);
  FM_ASSIGN(const auto file, env_->create(draft, Create::kNew));
  FM_TRY(file->write(fmt::format("log {}\n", head)));
  FM_TRY(file->close());
  return env_->rename(draft, path);
}

Status ChangesLog::add(std::string_view table, std::string_view partition) const {
  const std::string path = path_of(table);
  if (!env_->exists(path)) {
    FM_TRY(prepare());
    FM_TRY(begin(path));
  }
  FM_ASSIGN(const auto file, env_->create(path, Create::kAppend));
  FM_TRY(file->write(fmt::format("{}\n", partition)));
  return file->close();
}

Status ChangesLog::shorten() const {
  FM_ASSIGN(const auto names, list_or_empty(*env_, directory_));
  for (const std::string& name : names) {
    const std::string path = join(directory_, name);
    const auto info = env_->info(path);
    if (!info) continue;
    if (!name.ends_with(kDraft)) {
      if (info->size_bytes > kBytesMax) FM_TRY(begin(path));
    } else if (info->modified + kDraftLife < env_->now()) {  // its writer died
      FM_TRY(ignore_missing(env_->remove(path)));
    }
  }
  return {};
}

Result<std::optional<ChangesLog::Position>> ChangesLog::end(std::string_view table) const {
  const std::string path = path_of(table);
  const auto info = env_->info(path);
  if (!info) {
    FM_TRY(ignore_missing(std::unexpected(info.error())));
    return std::nullopt;
  }
  FM_ASSIGN(const auto file, env_->open(path));
  FM_ASSIGN(std::string head, read_some(*file, 0, kHeadBytes));
  // Another file than the one whose size was asked: found by the next read.
  return Position{.head = std::move(head), .bytes = info->size_bytes};
}

Result<std::optional<std::vector<std::string>>> ChangesLog::read(std::string_view table,
                                                                 Position& position) const {
  const std::string path = path_of(table);
  const auto info = env_->info(path);
  if (!info || info->size_bytes < position.bytes) return std::nullopt;
  auto file = env_->open(path);
  if (!file) return std::nullopt;
  FM_ASSIGN(const std::string head, read_some(**file, 0, kHeadBytes));
  if (head != position.head) return std::nullopt;
  FM_ASSIGN(const std::string text,
            read_some(**file, position.bytes, info->size_bytes - position.bytes));
  std::vector<std::string> lines;
  for (std::size_t at = 0, stop = 0; (stop = text.find('\n', at)) != std::string::npos;
       at = stop + 1) {
    lines.push_back(text.substr(at, stop - at));
    position.bytes += lines.back().size() + 1;
  }
  return lines;
}

}  // namespace fm::lake
