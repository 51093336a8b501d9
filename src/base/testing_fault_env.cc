#include "base/testing_fault_env.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/assert.h"

namespace fm {

std::string_view name(Call call) {
  constexpr std::array<std::string_view, kCallKinds> kNames{"create",   "write", "sync",   "rename",
                                                            "exchange", "link",  "remove", "mkdir"};
  return kNames[static_cast<std::size_t>(call)];
}

void FaultEnv::fail_call(Call kind, std::uint64_t n, int error_number, std::uint64_t times) {
  const std::lock_guard guard(mutex_);
  const auto index = static_cast<std::size_t>(kind);
  faults_[index] = {.first = counts_[index] + n, .times = times, .error_number = error_number};
}

void FaultEnv::kill_at(std::uint64_t n, Moment moment) {
  const std::lock_guard guard(mutex_);
  kill_before_ = moment == Moment::kBefore ? total_ + n : 0;
  kill_after_ = moment == Moment::kAfter ? total_ + n : 0;
}

void FaultEnv::set_now(Nanos now) {
  const std::lock_guard guard(mutex_);
  now_ = now;
}

std::uint64_t FaultEnv::count(Call kind) const {
  const std::lock_guard guard(mutex_);
  return counts_[static_cast<std::size_t>(kind)];
}
std::uint64_t FaultEnv::count_all() const {
  const std::lock_guard guard(mutex_);
  return total_;
}
std::vector<std::string> FaultEnv::calls() const {
  const std::lock_guard guard(mutex_);
  return log_;
}
void FaultEnv::forget_calls() {
  const std::lock_guard guard(mutex_);
  log_.clear();
}

Status FaultEnv::enter(Call kind, const std::string& what) {
  const std::lock_guard guard(mutex_);
  const auto index = static_cast<std::size_t>(kind);
  const std::uint64_t number = ++counts_[index];
  ++total_;
  log_.push_back(fmt::format("{} {}", name(kind), what));
  if (total_ == kill_before_) ::kill(::getpid(), SIGKILL);
  const auto& fault = faults_[index];
  if (fault && number >= fault->first && number - fault->first < fault->times)
    return std::unexpected(errno_error(fault->error_number, name(kind), what));
  return {};
}

void FaultEnv::leave() {
  const std::lock_guard guard(mutex_);
  if (total_ == kill_after_) ::kill(::getpid(), SIGKILL);
}

template <class Action>
Status FaultEnv::change(Call kind, const std::string& what, Action&& action) {
  FM_TRY(enter(kind, what));
  Status done = action();
  leave();
  return done;
}

class FaultEnv::File final : public WritableFile {
 public:
  File(FaultEnv& env, std::string path, std::unique_ptr<WritableFile> real, bool appends)
      : env_(&env), path_(std::move(path)), real_(std::move(real)), appends_(appends) {}
  using WritableFile::write;

  Status write(std::span<const std::byte> bytes) override {
    return env_->change(Call::kWrite, path_, [&]() -> Status {
      if (!appends_) env_->remember_replaced(path_, at_, bytes.size());
      FM_TRY(real_->write(bytes));
      at_ += bytes.size();
      return {};
    });
  }
  Status write_at(std::uint64_t byte, std::span<const std::byte> bytes) override {
    return env_->change(Call::kWrite, path_, [&] {
      env_->remember_replaced(path_, byte, bytes.size());
      return real_->write_at(byte, bytes);
    });
  }
  Status sync() override {
    return env_->change(Call::kSync, path_, [&] {
      const auto [size, changes] = env_->extent(path_);
      Status synced = real_->sync();
      if (synced) env_->remember_synced(path_, size, changes);
      return synced;
    });
  }
  Status preallocate(std::uint64_t bytes) override {
    return env_->change(Call::kWrite, path_, [&] { return real_->preallocate(bytes); });
  }
  Status truncate(std::uint64_t bytes) override {
    return env_->change(Call::kWrite, path_, [&] {
      env_->remember_replaced(path_, bytes, ~std::uint64_t{0} - bytes);
      return real_->truncate(bytes);
    });
  }
  Status close() override { return real_->close(); }

 private:
  FaultEnv* env_;
  std::string path_;
  std::unique_ptr<WritableFile> real_;
  bool appends_;
  std::uint64_t at_ = 0;
};

std::pair<std::uint64_t, std::size_t> FaultEnv::extent(const std::string& path) {
  const auto file = real_->info(path);
  const std::lock_guard guard(mutex_);
  const auto found = unsynced_.find(path);
  return {file ? file->size_bytes : 0,
          found == unsynced_.end() ? 0 : found->second.replaced.size()};
}

void FaultEnv::remember_synced(const std::string& path, std::uint64_t size_bytes,
                               std::size_t changes) {
  const std::lock_guard guard(mutex_);
  const auto found = unsynced_.find(path);
  if (found == unsynced_.end()) return;
  found->second.synced_size = size_bytes;
  auto& replaced = found->second.replaced;
  replaced.erase(replaced.begin(), replaced.begin() + static_cast<std::ptrdiff_t>(
                                                          std::min(changes, replaced.size())));
}

void FaultEnv::remember_replaced(const std::string& path, std::uint64_t byte, std::uint64_t bytes) {
  const auto info = real_->info(path);
  if (!info || info->size_bytes <= byte) return;
  Replaced old{.byte = byte, .bytes = {}};
  old.bytes.resize(std::min(bytes, info->size_bytes - byte));
  auto file = real_->open(path);
  FM_ASSERT(file.has_value() && (*file)->seek(byte).has_value());
  for (std::size_t filled = 0; filled < old.bytes.size();) {
    const auto count = (*file)->read(std::span(old.bytes).subspan(filled));
    FM_ASSERT(count.has_value() && *count != 0);
    filled += *count;
  }
  const std::lock_guard guard(mutex_);
  const auto file_state =
      unsynced_.try_emplace(path, Unsynced{.synced_size = info->size_bytes, .replaced = {}}).first;
  file_state->second.replaced.push_back(std::move(old));
}

Result<std::unique_ptr<WritableFile>> FaultEnv::create(const std::string& path, Create how) {
  std::unique_ptr<WritableFile> file;
  FM_TRY(change(Call::kCreate, path, [&]() -> Status {
    const auto before = real_->info(path);
    FM_ASSIGN(file, real_->create(path, how));
    const bool keeps = how == Create::kAppend || how == Create::kOverwrite;
    const std::lock_guard guard(mutex_);
    unsynced_.try_emplace(
        path, Unsynced{.synced_size = keeps && before ? before->size_bytes : 0, .replaced = {}});
    return {};
  }));
  return std::make_unique<File>(*this, path, std::move(file), how == Create::kAppend);
}

void FaultEnv::drop_unsynced(const std::function<bool()>& survives) {
  const auto lives = [&] { return survives && survives(); };
  const std::lock_guard guard(mutex_);
  for (const auto& [path, file] : unsynced_) {
    if (!real_->exists(path)) continue;
    auto writable = real_->create(path, Create::kOverwrite);
    FM_ASSERT(writable.has_value());
    for (auto old = file.replaced.rbegin(); old != file.replaced.rend(); ++old)
      if (!lives()) FM_ASSERT((*writable)->write_at(old->byte, old->bytes).has_value());
    const auto info = real_->info(path);
    FM_ASSERT(info.has_value());
    if (info->size_bytes > file.synced_size && !lives())
      FM_ASSERT((*writable)->truncate(file.synced_size).has_value());
  }
  unsynced_.clear();
}

Nanos FaultEnv::now() {
  const std::lock_guard guard(mutex_);
  return now_ ? *now_ : real_->now();
}

void FaultEnv::sleep_for(Nanos duration) {
  {
    const std::lock_guard guard(mutex_);
    if (now_) {
      *now_ += duration;
      return;
    }
  }
  real_->sleep_for(duration);
}

Status FaultEnv::make_directories(const std::string& directory) {
  return change(Call::kMakeDirectory, directory,
                [&] { return real_->make_directories(directory); });
}

Status FaultEnv::remove(const std::string& path) {
  return change(Call::kRemove, path, [&]() -> Status {
    FM_TRY(real_->remove(path));
    const std::lock_guard guard(mutex_);
    unsynced_.erase(path);
    return {};
  });
}

Status FaultEnv::rename(const std::string& from, const std::string& to) {
  return change(Call::kRename, fmt::format("{} {}", from, to), [&]() -> Status {
    FM_TRY(real_->rename(from, to));
    const std::lock_guard guard(mutex_);
    unsynced_.erase(to);
    if (auto moved = unsynced_.extract(from)) {
      moved.key() = to;
      unsynced_.insert(std::move(moved));
    }
    return {};
  });
}

Status FaultEnv::exchange(const std::string& one, const std::string& other) {
  return change(Call::kExchange, fmt::format("{} {}", one, other),
                [&] { return real_->exchange(one, other); });
}

Status FaultEnv::hard_link(const std::string& existing, const std::string& link) {
  return change(Call::kLink, fmt::format("{} {}", existing, link),
                [&] { return real_->hard_link(existing, link); });
}

Status FaultEnv::sync_file(const std::string& path) {
  return change(Call::kSync, path, [&] {
    const auto [size, changes] = extent(path);
    Status synced = real_->sync_file(path);
    if (synced) remember_synced(path, size, changes);
    return synced;
  });
}

Status FaultEnv::sync_directory(const std::string& directory) {
  return change(Call::kSync, directory, [&] { return real_->sync_directory(directory); });
}

TestDirectory::TestDirectory() {
  std::string pattern = join(std::filesystem::temp_directory_path().string(), "frontmonth-XXXXXX");
  FM_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fm
