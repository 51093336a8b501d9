// An Env for tests: the real one, with failures on order.
//
//   FaultEnv env;
//   env.fail_call(Call::kRename, 3, ENOSPC);          // the third rename from now on finds the
//   disk full env.kill_at(7, FaultEnv::Moment::kBefore);        // the process dies before its 7th
//   change of the disk env.drop_unsynced();                              // power cut: what was not
//   synced is gone
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"

namespace fm {

// The calls that change a disk.
enum class Call : std::uint8_t {
  kCreate,
  kWrite,
  kSync,  // of files and of directories
  kRename,
  kExchange,
  kLink,
  kRemove,
  kMakeDirectory,
};
inline constexpr std::size_t kCallKinds = 8;
[[nodiscard]] std::string_view name(Call call);

class FaultEnv final : public Env {
 public:
  enum class Moment { kBefore, kAfter };

  explicit FaultEnv(Env& real = Env::posix()) : real_(&real) {}

  // The n-th (1 = next) call of a kind fails with errno `error_number`, and every one behind it for
  // as long as `times` says. Nothing is done by a failing call.
  void fail_call(Call kind, std::uint64_t n, int error_number, std::uint64_t times = 1);
  // Ends the process with SIGKILL just before or after its n-th changing call of any kind from now
  // on.
  void kill_at(std::uint64_t n, Moment moment);
  // Time goes on from here, by sleep_for alone. Before the first call, it is the real clock's.
  void set_now(Nanos now);

  [[nodiscard]] std::uint64_t count(Call kind) const;
  [[nodiscard]] std::uint64_t count_all() const;
  // "rename a b", one per changing call so far.
  [[nodiscard]] std::vector<std::string> calls() const;
  void forget_calls();

  // What a power cut leaves of files written through this Env: files whose content was never synced
  // become empty, others keep what the last sync saw, also of bytes that were written over. Where
  // `survives` is given, it is asked for each such change, because a disk may have written any of
  // them. Creations and renames whose directory was not synced stay: a file system may keep them.
  void drop_unsynced(const std::function<bool()>& survives = nullptr);

  Nanos now() override;
  Nanos monotonic() override { return real_->monotonic(); }
  void sleep_for(Nanos duration) override;
  std::uint64_t random() override { return real_->random(); }
  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    return real_->open(path);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& path, Create how) override;
  Result<FileInfo> info(const std::string& path) override { return real_->info(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return real_->list(directory);
  }
  Status make_directories(const std::string& directory) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status exchange(const std::string& one, const std::string& other) override;
  Status hard_link(const std::string& existing, const std::string& link) override;
  Status sync_file(const std::string& path) override;
  Status sync_directory(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, Nanos patience) override {
    return real_->lock(path, patience);
  }
  Result<DiskSpace> disk_space(const std::string& path) override { return real_->disk_space(path); }
  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          Nanos patience) override {
    return real_->connect(host, port, patience);
  }
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) override {
    return real_->listen(host, port);
  }

 private:
  class File;
  struct Fault {
    std::uint64_t first = 0;  // by count of the kind
    std::uint64_t times = 0;
    int error_number = 0;
  };

  // Runs one changing call: counts, logs, fails, kills.
  template <class Action>
  Status change(Call kind, const std::string& what, Action&& action);
  [[nodiscard]] Status enter(Call kind, const std::string& what);
  void leave();
  // What an unsynced change replaced.
  struct Replaced {
    std::uint64_t byte = 0;
    std::vector<std::byte> bytes;
  };
  struct Unsynced {
    std::uint64_t synced_size = 0;
    std::vector<Replaced> replaced;  // oldest first
  };
  void remember_synced(const std::string& path, std::uint64_t size_bytes, std::size_t changes);
  void remember_replaced(const std::string& path, std::uint64_t byte, std::uint64_t bytes);
  // How much of a file a sync that begins now will see.
  [[nodiscard]] std::pair<std::uint64_t, std::size_t> extent(const std::string& path);

  Env* real_;
  mutable std::mutex mutex_;
  std::array<std::uint64_t, kCallKinds> counts_{};
  std::array<std::optional<Fault>, kCallKinds> faults_{};
  std::uint64_t total_ = 0;
  std::uint64_t kill_before_ = 0;
  std::uint64_t kill_after_ = 0;
  std::vector<std::string> log_;
  std::optional<Nanos> now_;
  std::map<std::string, Unsynced> unsynced_;  // files written through this Env, by path
};

// A directory of its own for a test, removed at the end.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return join(path_, name); }

 private:
  std::string path_;
};

}  // namespace fm
