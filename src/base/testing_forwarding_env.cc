#include "base/testing_forwarding_env.h"

#include <algorithm>
#include <random>

namespace fm {
namespace {

class ShortReads final : public ReadableFile {
 public:
  ShortReads(std::unique_ptr<ReadableFile> file, std::uint64_t seed)
      : file_(std::move(file)), random_(seed) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    // Mostly small, sometimes large: both sides of every buffer's length.
    const std::size_t most = random_() % 4 == 0 ? 100'000 : 97;
    return file_->read(out.first(std::min<std::size_t>(out.size(), 1 + random_() % most)));
  }
  Status seek(std::uint64_t byte) override { return file_->seek(byte); }

 private:
  std::unique_ptr<ReadableFile> file_;
  std::mt19937_64 random_;
};

class FullDisk final : public WritableFile {
 public:
  FullDisk(std::unique_ptr<WritableFile> file, std::uint64_t bytes)
      : file_(std::move(file)), rest_(bytes) {}
  Status write(std::span<const std::byte> bytes) override {
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size()));
    rest_ -= some;
    FM_TRY(file_->write(bytes.first(some)));
    if (some < bytes.size()) return fail(Code::kNoSpace, "write: no space left on device");
    return {};
  }
  Status sync() override { return file_->sync(); }
  Status close() override { return file_->close(); }

 private:
  std::unique_ptr<WritableFile> file_;
  std::uint64_t rest_;
};

}  // namespace

Result<std::unique_ptr<ReadableFile>> ForwardingEnv::open(const std::string& path) {
  FM_ASSIGN(auto file, real().open(path));
  return on_open ? on_open(path, std::move(file)) : std::move(file);
}

Result<std::unique_ptr<WritableFile>> ForwardingEnv::create(const std::string& path, Create how) {
  FM_ASSIGN(auto file, real().create(path, how));
  if (on_create) return on_create(path, std::move(file));
  return file;
}

std::unique_ptr<ReadableFile> with_short_reads(std::unique_ptr<ReadableFile> file,
                                               std::uint64_t seed) {
  return std::make_unique<ShortReads>(std::move(file), seed);
}

std::unique_ptr<WritableFile> with_full_disk(std::unique_ptr<WritableFile> file,
                                             std::uint64_t bytes) {
  return std::make_unique<FullDisk>(std::move(file), bytes);
}

}  // namespace fm
