#include "jobs/load_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace fm::jobs {
namespace {

class CountedFile final : public ReadableFile {
 public:
  CountedFile(std::unique_ptr<ReadableFile> file, std::shared_ptr<ByteCount> count)
      : file_(std::move(file)), count_(std::move(count)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    auto got = file_->read(out);
    if (got) *count_ += *got;
    return got;
  }
  Status seek(std::uint64_t byte) override { return file_->seek(byte); }

 private:
  std::unique_ptr<ReadableFile> file_;
  std::shared_ptr<ByteCount> count_;
};

}  // namespace

std::unique_ptr<ReadableFile> counted(std::unique_ptr<ReadableFile> file,
                                      std::shared_ptr<ByteCount> count) {
  return std::make_unique<CountedFile>(std::move(file), std::move(count));
}

class LoadStream::Handle final : public ReadableFile {
 public:
  explicit Handle(std::shared_ptr<LoadStream> stream) : stream_(std::move(stream)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    FM_ASSIGN(const std::size_t got, stream_->read_at(byte_, out));
    byte_ += got;
    return got;
  }
  Status seek(std::uint64_t) override {
    return fail(Code::kUnsupported, "{}: a pipe cannot be read from elsewhere", stream_->path_);
  }

 private:
  std::shared_ptr<LoadStream> stream_;
  std::uint64_t byte_ = 0;
};

std::unique_ptr<ReadableFile> LoadStream::open() {
  return std::make_unique<Handle>(shared_from_this());
}

void LoadStream::seal() {
  const std::lock_guard lock(mutex_);
  is_sealed_ = true;
}

Result<std::size_t> LoadStream::read_at(std::uint64_t byte, std::span<std::byte> out) {
  const std::lock_guard lock(mutex_);
  if (byte < head_.size()) {
    const std::size_t count = std::min<std::size_t>(out.size(), head_.size() - byte);
    std::memcpy(out.data(), head_.data() + byte, count);
    return count;
  }
  if (!file_) {
    FM_ASSIGN(file_, env_.open(path_));
  }
  FM_ASSERT(byte == bytes_);
  FM_ASSIGN(const std::size_t got, file_->read(out));
  const auto bytes = std::span<const std::byte>(out).first(got);
  hasher_.add(bytes);
  bytes_ += got;
  if (is_sealed_) {
    // Whoever reads here is behind the head, and nobody begins again.
    head_ = {};
    return got;
  }
  if (head_.size() + got > kHeadBytesMax)
    return fail(Code::kUnsupported, "{}: nothing in its first {} bytes says what it is", path_,
                kHeadBytesMax);
  head_.insert(head_.end(), bytes.begin(), bytes.end());
  return got;
}

Hash128 LoadStream::hash() const {
  const std::lock_guard lock(mutex_);
  return hasher_.digest();
}

}  // namespace fm::jobs
