#include "capture/segment_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/segment_files.h"
#include "capture/segment_reader.h"

namespace fm::capture {
namespace {

class SegmentSource final : public dbn::ByteSource {
 public:
  explicit SegmentSource(std::unique_ptr<SegmentReader> segment) : segment_(std::move(segment)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    if (rest_.empty()) {
      if (block_ == segment_->index().blocks.size()) return 0;
      FM_ASSIGN(const SegmentReader::Run run, segment_->load(block_));
      block_ += run.block_count;
      rest_ = run.bytes;
    }
    const std::size_t count = std::min(out.size(), rest_.size());
    std::memcpy(out.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  std::unique_ptr<SegmentReader> segment_;
  std::size_t block_ = 0;            // the next to load
  std::span<const std::byte> rest_;  // of the run in the reader's memory
};

}  // namespace

Result<std::unique_ptr<dbn::ByteSource>> open_segment(Env& env, const std::string& path) {
  if (!path.ends_with(kData)) return nullptr;
  const std::string stem = path.substr(0, path.size() - kData.size());
  const std::string day_directory = parent_of(path);
  const auto day = Date::parse(day_directory.substr(day_directory.rfind('/') + 1));
  if (!day || !env.exists(stem + std::string(kIndex))) return nullptr;
  const std::string directory = parent_of(day_directory);
  FM_ASSIGN(const auto segments, list_segments(env, directory, *day));
  const auto found = std::ranges::find_if(segments, [&](const SegmentFiles& files) {
    return files.data && path_of(directory, files.name, kData) == path;
  });
  if (found == segments.end()) return nullptr;
  FM_ASSIGN(auto segment, SegmentReader::open(env, directory, found->name));
  // It was compressed this very moment, or its index is no index.
  if (segment->compressed() || segment->index().blocks.empty()) return nullptr;
  return std::make_unique<SegmentSource>(std::move(segment));
}

}  // namespace fm::capture
