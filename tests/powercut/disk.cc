#include "disk.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace {

// Plain data: the calls below also run before and after main.
struct Watch {
  std::array<char, 512> directory;
  std::array<char, 512> journal;
  std::uint64_t cut_at;
  std::uint64_t calls;
  bool on;
};
Watch watch;

bool is_below(std::string_view path) {
  return watch.on && path.starts_with(watch.directory.data());
}

bool is_watched(int fd, struct stat& info) {
  if (!watch.on) return false;
  std::array<char, 64> link;
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  std::array<char, 1024> path;
  const long size = syscall(SYS_readlinkat, AT_FDCWD, link.data(), path.data(), path.size());
  return size > 0 && is_below({path.data(), static_cast<std::size_t>(size)}) &&
         fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

void count_call() {
  if (++watch.calls == watch.cut_at) kill(getpid(), SIGKILL);
}

std::array<char, 600> journal_path(const struct stat& info) {
  std::array<char, 600> path;
  std::snprintf(path.data(), path.size(), "%s/%lu", watch.journal.data(),
                static_cast<unsigned long>(info.st_ino));
  return path;
}

// Keeps the content as it was when the file was last synced, unless that is kept already.
void keep_content(int fd, const struct stat& info) {
  const auto path = journal_path(info);
  const int out = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, path.data(), O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (out < 0) return;
  std::array<char, 300> own;  // the descriptor may be open for writing only
  std::snprintf(own.data(), own.size(), "/proc/self/fd/%d", fd);
  const int in = static_cast<int>(syscall(SYS_openat, AT_FDCWD, own.data(), O_RDONLY, 0));
  std::array<char, 65536> buffer;
  for (long got = 0; in >= 0 && (got = syscall(SYS_read, in, buffer.data(), buffer.size())) > 0;)
    if (syscall(SYS_write, out, buffer.data(), got) != got) abort();
  syscall(SYS_close, in);
  syscall(SYS_close, out);
}

void before_change(int fd) {
  struct stat info;
  if (!is_watched(fd, info) || !S_ISREG(info.st_mode)) return;
  count_call();
  keep_content(fd, info);
}

// A file that is opened to be emptied has changed, too.
void before_truncation(const char* path, int flags) {
  if ((flags & O_TRUNC) == 0 || !is_below(path)) return;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0));
  if (fd < 0) return;
  before_change(fd);
  syscall(SYS_close, fd);
}

int opened(const char* path, int flags, va_list arguments) {
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  before_truncation(path, flags);
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int synced(int fd, long call) {
  struct stat info;
  const bool watched = is_watched(fd, info);
  if (watched) count_call();
  const long result = syscall(call, fd);
  if (watched && result == 0) syscall(SYS_unlinkat, AT_FDCWD, journal_path(info).data(), 0);
  return static_cast<int>(result);
}

void before_naming(const char* path) {
  if (is_below(path)) count_call();
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = opened(path, flags, arguments);
  va_end(arguments);
  return fd;
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = opened(path, flags, arguments);
  va_end(arguments);
  return fd;
}
ssize_t write(int fd, const void* bytes, size_t size) {
  before_change(fd);
  return syscall(SYS_write, fd, bytes, size);
}
ssize_t writev(int fd, const struct iovec* parts, int count) {
  before_change(fd);
  return syscall(SYS_writev, fd, parts, count);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  before_change(fd);
  return syscall(SYS_pwrite64, fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return pwrite(fd, bytes, size, at);
}
int ftruncate(int fd, off_t size) noexcept {
  before_change(fd);
  return static_cast<int>(syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) noexcept { return ftruncate(fd, size); }
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
int rename(const char* from, const char* to) noexcept {
  before_naming(from);
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) noexcept {
  before_naming(from);
  return static_cast<int>(syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}
int link(const char* from, const char* to) noexcept {
  before_naming(from);
  return static_cast<int>(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char* path) noexcept {
  before_naming(path);
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

}  // extern "C"

namespace fm::powercut {

Disk::Disk(std::string directory, std::string journal)
    : directory_(std::move(directory)), journal_(std::move(journal)) {}

void Disk::cut_at(std::uint64_t call) const {
  std::snprintf(watch.directory.data(), watch.directory.size(), "%s/", directory_.c_str());
  std::snprintf(watch.journal.data(), watch.journal.size(), "%s", journal_.c_str());
  watch.cut_at = call;
  watch.calls = 0;
  watch.on = true;
}

std::uint64_t Disk::calls() { return watch.calls; }

void Disk::lose_unsynced() const {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
    struct stat info;
    if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &info) != 0) continue;
    const fs::path kept = fs::path(journal_) / std::to_string(info.st_ino);
    // In place, because other names may lead to the same file.
    if (fs::exists(kept)) fs::copy_file(kept, entry.path(), fs::copy_options::overwrite_existing);
  }
  for (const auto& kept : fs::directory_iterator(journal_)) fs::remove(kept);
}

}  // namespace fm::powercut
