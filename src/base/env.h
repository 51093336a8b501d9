// Everything outside the program: clock, files, randomness. Nothing else in frontmonth calls the
// operating system for these, so that a test can own the world: see testing_fault_env.h.
//
// Libraries that do their own I/O are the stated exceptions: DuckDB, SQLite and cairo with files,
// libcurl, cpp-httplib and libpq with sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/socket.h"
#include "base/time.h"

namespace fm {

class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Up to out.size() bytes; 0 at the end. Errors: kIo.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  // Moves to an absolute byte. Errors: kUnsupported on a pipe.
  [[nodiscard]] virtual Status seek(std::uint64_t byte) = 0;
};

class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // All of `bytes`, or an error. Errors: kNoSpace, kIo.
  [[nodiscard]] virtual Status write(std::span<const std::byte> bytes) = 0;
  [[nodiscard]] Status write(std::string_view text) {
    return write(std::as_bytes(std::span(text.data(), text.size())));
  }
  // All of `bytes` from an absolute byte on; where write() goes on is not moved. Errors: kNoSpace
  // (some of the bytes may have been written), kIo, kUnsupported for what is not a file on disk.
  [[nodiscard]] virtual Status write_at(std::uint64_t byte, std::span<const std::byte> bytes);
  // Makes the file at least this long, filled with zeros that lie on the disk, so that a sync of
  // what is written over them has no metadata to write. Where writing goes on is not moved.
  // Errors: kNoSpace, kIo; kUnsupported for what is not a file on disk.
  [[nodiscard]] virtual Status preallocate(std::uint64_t bytes);
  // Cuts the file to this length. Errors: kIo, kUnsupported.
  [[nodiscard]] virtual Status truncate(std::uint64_t bytes);
  // Returns when what was written would survive a power cut.
  [[nodiscard]] virtual Status sync() = 0;
  // Must be called to learn of late write errors; the destructor closes silently.
  [[nodiscard]] virtual Status close() = 0;
};

// Held until destroyed; released by the operating system when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileInfo {
  bool is_directory = false;
  std::uint64_t size_bytes = 0;
  Nanos modified = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 1;  // names that the file has
  std::uint32_t mode = 0;   // permission bits
};

struct DiskSpace {
  std::uint64_t free_bytes = 0;  // for an ordinary user
  std::uint64_t total_bytes = 0;
};

enum class Create {
  kNew,         // Errors: kAlreadyExists.
  kNewPrivate,  // kNew, with mode 0600
  kTruncate,    // Replaces what is there.
  kAppend,
  kOverwrite,  // Writes over what is there, from the first byte on; keeps the rest.
};

class Env {
 public:
  virtual ~Env() = default;

  // The real world. Its standard input and output are the paths "-" for open and create.
  [[nodiscard]] static Env& posix();

  [[nodiscard]] virtual Nanos now() = 0;
  [[nodiscard]] virtual Nanos monotonic() = 0;
  virtual void sleep_for(Nanos duration) = 0;
  [[nodiscard]] virtual std::uint64_t random() = 0;

  [[nodiscard]] virtual Result<std::unique_ptr<ReadableFile>> open(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path,
                                                                     Create how) = 0;
  [[nodiscard]] virtual Result<FileInfo> info(const std::string& path) = 0;
  [[nodiscard]] bool exists(const std::string& path) { return info(path).has_value(); }
  // Names (not paths) in a directory, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Creates missing parents too; nothing happens when it is there.
  [[nodiscard]] virtual Status make_directories(const std::string& directory) = 0;
  // A file or an empty directory. Errors: kNotFound.
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Swaps two existing paths in one atomic step. Errors: kUnsupported where the file system cannot.
  [[nodiscard]] virtual Status exchange(const std::string& one, const std::string& other) = 0;
  [[nodiscard]] virtual Status hard_link(const std::string& existing, const std::string& link) = 0;
  // Makes a file's content durable that a library wrote.
  [[nodiscard]] virtual Status sync_file(const std::string& path) = 0;
  // Makes creations, renames and removals in a directory durable.
  [[nodiscard]] virtual Status sync_directory(const std::string& directory) = 0;
  // Waits up to `patience` for the exclusive lock on a file, which is created when missing. Errors:
  // kBusy.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                                               Nanos patience) = 0;
  [[nodiscard]] virtual Result<DiskSpace> disk_space(const std::string& path) = 0;

  // Tries every address of the name until one answers. Errors: kDisconnected (no such name,
  // refused), kTimedOut; both can be retried.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> connect(const std::string& host,
                                                                std::uint16_t port,
                                                                Nanos patience) = 0;
  // Port 0 is any free one. Errors: kBusy when the port is taken, kPermission.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(const std::string& host,
                                                                 std::uint16_t port) = 0;
};

// Paths.
[[nodiscard]] std::string join(std::string_view directory, std::string_view name);
[[nodiscard]] std::string_view base_name(std::string_view path);
[[nodiscard]] std::string parent_of(std::string_view path);  // "." when there is none

// Whole small files.
// Errors: also kUnsupported when the file is larger than `limit_bytes`.
[[nodiscard]] Result<std::string> read_text(Env& env, const std::string& path,
                                            std::uint64_t limit_bytes = 64 << 20);
// Any file to a path that does not exist; durable but for the new name, and read back. Returns its
// bytes. Errors: also kCorrupt when what is read back is not what was written. A file that could
// not be copied whole is removed.
[[nodiscard]] Result<std::uint64_t> copy_file(Env& env, const std::string& from,
                                              const std::string& to);
// A reader sees the old content or the new, and after return the new survives a power cut.
[[nodiscard]] Status write_text_atomically(Env& env, const std::string& path,
                                           std::string_view text);
// A directory and all below it; nothing happens when it is missing.
[[nodiscard]] Status remove_tree(Env& env, const std::string& path);

}  // namespace fm
