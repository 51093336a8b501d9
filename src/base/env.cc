#include "base/env.h"

#include "base/hash.h"

namespace fm {

Status WritableFile::write_at(std::uint64_t, std::span<const std::byte>) {
  return fail(Code::kUnsupported, "only files on disk can be written at a place");
}
void Socket::reset(Nanos) { shut_down(); }

Status WritableFile::preallocate(std::uint64_t) {
  return fail(Code::kUnsupported, "room can be reserved in files on disk only");
}
Status WritableFile::truncate(std::uint64_t) {
  return fail(Code::kUnsupported, "only files on disk can be cut");
}

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  if (directory.back() == '/') return fmt::format("{}{}", directory, name);
  return fmt::format("{}/{}", directory, name);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string parent_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<std::string> read_text(Env& env, const std::string& path, std::uint64_t limit_bytes) {
  FM_ASSIGN(auto file, env.open(path));
  std::string text;
  constexpr std::size_t kStep = 64 << 10;
  for (;;) {
    const std::size_t had = text.size();
    if (had > limit_bytes)
      return fail(Code::kUnsupported, "{}: larger than {} bytes", path, limit_bytes);
    text.resize(had + kStep);
    FM_ASSIGN(const std::size_t got,
              file->read(std::as_writable_bytes(std::span(text.data() + had, kStep))));
    text.resize(had + got);
    if (got == 0) return text;
  }
}

Result<std::uint64_t> copy_file(Env& env, const std::string& from, const std::string& to) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::vector<std::byte> piece(kPiece);
  const auto copy = [&]() -> Result<Hash128> {
    Hasher hasher;
    FM_ASSIGN(const auto source, env.open(from));
    FM_ASSIGN(const auto target, env.create(to, Create::kNew));
    while (true) {
      FM_ASSIGN(const std::size_t got, source->read(piece));
      if (got == 0) break;
      hasher.add(std::span(piece).first(got));
      FM_TRY(target->write(std::span(piece).first(got)));
    }
    FM_TRY(target->sync());
    FM_TRY(target->close());
    return hasher.digest();
  };
  const auto read_back = [&](const Hash128& expected) -> Result<std::uint64_t> {
    Hasher hasher;
    std::uint64_t bytes = 0;
    FM_ASSIGN(const auto written, env.open(to));
    while (true) {
      FM_ASSIGN(const std::size_t got, written->read(piece));
      if (got == 0) break;
      hasher.add(std::span(piece).first(got));
      bytes += got;
    }
    if (hasher.digest() == expected) return bytes;
    return fail(Code::kCorrupt, "{}: what is read back is not what was copied from {}", to, from);
  };
  const auto hash = copy();
  auto bytes = hash ? read_back(*hash) : Result<std::uint64_t>(std::unexpected(hash.error()));
  if (!bytes && bytes.error().code() != Code::kAlreadyExists) static_cast<void>(env.remove(to));
  return bytes;
}

Status write_text_atomically(Env& env, const std::string& path, std::string_view text) {
  const std::string draft = fmt::format("{}.{:016x}.tmp", path, env.random());
  const auto write = [&]() -> Status {
    FM_ASSIGN(auto file, env.create(draft, Create::kNew));
    FM_TRY(file->write(text));
    FM_TRY(file->sync());
    FM_TRY(file->close());
    FM_TRY(env.rename(draft, path));
    return env.sync_directory(parent_of(path));
  };
  Status written = write();
  // The draft is useless now; the first error is the one to report.
  if (!written) static_cast<void>(env.remove(draft));
  return written;
}

Status remove_tree(Env& env, const std::string& path) {
  auto info = env.info(path);
  if (!info)
    return info.error().code() == Code::kNotFound ? Status{} : std::unexpected(info.error());
  if (info->is_directory) {
    FM_ASSIGN(const auto names, env.list(path));
    for (const auto& name : names) FM_TRY(remove_tree(env, join(path, name)));
  }
  auto removed = env.remove(path);
  if (!removed && removed.error().code() == Code::kNotFound) return {};
  return removed;
}

}  // namespace fm
