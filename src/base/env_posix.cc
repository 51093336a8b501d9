#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/assert.h"
#include "base/env.h"
#include "base/socket_posix.h"

namespace fm {
namespace {

class Descriptor {
 public:
  Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
  ~Descriptor() { static_cast<void>(close()); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  int close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || !owned_ ? 0 : ::close(fd);
  }

 private:
  int fd_;
  bool owned_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(int fd, bool owned, std::string path)
      : fd_(fd, owned), path_(std::move(path)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    for (;;) {
      const ssize_t got = ::read(fd_.get(), out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return std::unexpected(errno_error(errno, "read", path_));
    }
  }

  Status seek(std::uint64_t byte) override {
    if (::lseek(fd_.get(), static_cast<off_t>(byte), SEEK_SET) >= 0) return {};
    if (errno == ESPIPE) return fail(Code::kUnsupported, "{}: a pipe cannot be read again", path_);
    return std::unexpected(errno_error(errno, "seek", path_));
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(int fd, bool owned, std::string path)
      : fd_(fd, owned), path_(std::move(path)) {}
  using WritableFile::write;

  Status write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
      if (put < 0) {
        if (errno == EINTR) continue;
        return std::unexpected(errno_error(errno, "write", path_));
      }
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return {};
  }

  Status write_at(std::uint64_t byte, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(byte));
      if (put < 0) {
        if (errno == EINTR) continue;
        return std::unexpected(errno_error(errno, "write", path_));
      }
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      byte += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  Status preallocate(std::uint64_t bytes) override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0)
      return std::unexpected(errno_error(errno, "look at", path_));
    // Written zeros, not fallocate: the first sync of an unwritten block writes metadata too.
    static const std::vector<std::byte> kZeros(std::size_t{1} << 20);
    for (auto at = static_cast<std::uint64_t>(status.st_size); at < bytes;) {
      const std::uint64_t step = std::min<std::uint64_t>(bytes - at, kZeros.size());
      const ssize_t put = ::pwrite(fd_.get(), kZeros.data(), step, static_cast<off_t>(at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return std::unexpected(errno_error(errno, "preallocate", path_));
      at += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  Status truncate(std::uint64_t bytes) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(bytes)) == 0) return {};
    return std::unexpected(errno_error(errno, "truncate", path_));
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) == 0 || errno == EINVAL) return {};  // EINVAL: a pipe
    return std::unexpected(errno_error(errno, "sync", path_));
  }

  Status close() override {
    if (fd_.close() == 0) return {};
    return std::unexpected(errno_error(errno, "close", path_));
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(int fd) : fd_(fd, true) {}

 private:
  Descriptor fd_;
};

Nanos clock_nanos(clockid_t clock) {
  timespec time{};
  FM_ASSERT(::clock_gettime(clock, &time) == 0);
  return static_cast<Nanos>(time.tv_sec) * kNanosPerSecond + static_cast<Nanos>(time.tv_nsec);
}

Status sync_path(const std::string& path, int flags) {
  const Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC), true);
  if (fd.get() < 0) return std::unexpected(errno_error(errno, "open", path));
  if (::fsync(fd.get()) != 0) return std::unexpected(errno_error(errno, "sync", path));
  return {};
}

class PosixEnv final : public Env {
 public:
  Nanos now() override { return clock_nanos(CLOCK_REALTIME); }
  Nanos monotonic() override { return clock_nanos(CLOCK_MONOTONIC); }

  void sleep_for(Nanos duration) override {
    timespec left{static_cast<time_t>(duration / kNanosPerSecond),
                  static_cast<long>(duration % kNanosPerSecond)};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }

  std::uint64_t random() override {
    std::uint64_t value = 0;
    FM_ASSERT(::getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
  }

  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    if (path == "-")
      return std::make_unique<PosixReadableFile>(STDIN_FILENO, false, "standard input");
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(errno_error(errno, "open", path));
    struct stat status{};
    if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
      ::close(fd);
      return fail(Code::kInvalidArgument, "{}: is a directory", path);
    }
    return std::make_unique<PosixReadableFile>(fd, true, path);
  }

  Result<std::unique_ptr<WritableFile>> create(const std::string& path, Create how) override {
    if (path == "-")
      return std::make_unique<PosixWritableFile>(STDOUT_FILENO, false, "standard output");
    const bool is_new = how == Create::kNew || how == Create::kNewPrivate;
    const int extra = is_new                     ? O_EXCL
                      : how == Create::kTruncate ? O_TRUNC
                      : how == Create::kAppend   ? O_APPEND
                                                 : 0;
    const mode_t mode = how == Create::kNewPrivate ? 0600 : 0644;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | extra, mode);
    if (fd < 0) return std::unexpected(errno_error(errno, "create", path));
    return std::make_unique<PosixWritableFile>(fd, true, path);
  }

  Result<FileInfo> info(const std::string& path) override {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0)
      return std::unexpected(errno_error(errno, "look at", path));
    return FileInfo{.is_directory = S_ISDIR(status.st_mode),
                    .size_bytes = static_cast<std::uint64_t>(status.st_size),
                    .modified = static_cast<Nanos>(status.st_mtim.tv_sec) * kNanosPerSecond +
                                static_cast<Nanos>(status.st_mtim.tv_nsec),
                    .inode = status.st_ino,
                    .links = status.st_nlink,
                    .mode = status.st_mode & 07777U};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
    if (!dir) return std::unexpected(errno_error(errno, "list", directory));
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(dir.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return std::unexpected(errno_error(errno, "list", directory));
    std::sort(names.begin(), names.end());
    return names;
  }

  Status make_directories(const std::string& directory) override {
    if (::mkdir(directory.c_str(), 0755) == 0) return {};
    if (errno == EEXIST) {
      FM_ASSIGN(const FileInfo there, info(directory));
      if (there.is_directory) return {};
      return fail(Code::kAlreadyExists, "{}: is a file; expected a directory", directory);
    }
    const int error_number = errno;
    const std::string parent = parent_of(directory);
    if (error_number == ENOENT && parent != directory) {
      FM_TRY(make_directories(parent));
      if (::mkdir(directory.c_str(), 0755) == 0 || errno == EEXIST) return {};
    }
    return std::unexpected(errno_error(errno, "create directory", directory));
  }

  Status remove(const std::string& path) override {
    if (::remove(path.c_str()) == 0) return {};
    return std::unexpected(errno_error(errno, "remove", path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return std::unexpected(errno_error(errno, fmt::format("rename to {}", to), from));
  }

  Status exchange(const std::string& one, const std::string& other) override {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0)
      return {};
    if (errno == EINVAL || errno == ENOSYS)
      return fail(Code::kUnsupported, "{}: the file system cannot swap directories", one);
    return std::unexpected(errno_error(errno, fmt::format("swap with {}", other), one));
  }

  Status hard_link(const std::string& existing, const std::string& link) override {
    if (::link(existing.c_str(), link.c_str()) == 0) return {};
    return std::unexpected(errno_error(errno, fmt::format("link to {}", existing), link));
  }

  Status sync_file(const std::string& path) override { return sync_path(path, O_RDONLY); }
  Status sync_directory(const std::string& directory) override {
    return sync_path(directory, O_RDONLY | O_DIRECTORY);
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path, Nanos patience) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return std::unexpected(errno_error(errno, "open lock", path));
    auto lock = std::make_unique<PosixFileLock>(fd);
    const Nanos deadline = monotonic() + patience;
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR)
        return std::unexpected(errno_error(errno, "lock", path));
      if (monotonic() >= deadline)
        return std::unexpected(
            Error(Code::kBusy, fmt::format("{}: another process holds this lock", path))
                .retryable());
      sleep_for(2'000'000);
    }
    return lock;
  }

  Result<DiskSpace> disk_space(const std::string& path) override {
    struct statvfs space{};
    if (::statvfs(path.c_str(), &space) != 0)
      return std::unexpected(errno_error(errno, "measure the disk of", path));
    return DiskSpace{.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize,
                     .total_bytes = std::uint64_t{space.f_blocks} * space.f_frsize};
  }

  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          Nanos patience) override {
    return connect_posix(host, port, patience);
  }
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) override {
    return listen_posix(host, port);
  }
};

}  // namespace

Env& Env::posix() {
  static PosixEnv env;
  return env;
}

}  // namespace fm
