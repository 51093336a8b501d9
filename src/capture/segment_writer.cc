#include "capture/segment_writer.h"

#include <algorithm>
#include <utility>

#include "dbn/record.h"

namespace fm::capture {

SegmentWriter::SegmentWriter(Env& env, const std::string& directory, const SegmentName& name)
    : env_(&env),
      directory_(directory),
      name_(name),
      data_path_(path_of(directory, name, kData)),
      index_path_(path_of(directory, name, kIndex)) {}

Result<std::shared_ptr<SegmentWriter>> SegmentWriter::create(Env& env, const std::string& directory,
                                                             const SegmentName& name,
                                                             std::span<const std::byte> metadata,
                                                             std::span<const std::byte> mappings) {
  std::shared_ptr<SegmentWriter> writer(new SegmentWriter(env, directory, name));
  if (Status begun = writer->begin(metadata, mappings); !begun) {
    writer->discard();
    return std::unexpected(std::move(begun).error());
  }
  return writer;
}

Status SegmentWriter::begin(std::span<const std::byte> metadata,
                            std::span<const std::byte> mappings) {
  // The index first: data without one are never this program's leftovers.
  FM_ASSIGN(index_, env_->create(index_path_, Create::kNew));
  FM_ASSIGN(data_, env_->create(data_path_, Create::kNew));
  prologue_bytes_ = metadata.size() + mappings.size();
  const IndexHeader header{.day = name_.day,
                           .segment = name_.number,
                           .repair = name_.repair,
                           .prologue_bytes = prologue_bytes_};
  const Entry entry = encode(header);
  FM_TRY(index_->write_at(0, entry));
  entries_ = 1;
  FM_TRY(write(0, metadata));
  FM_TRY(write(metadata.size(), mappings));

  count(metadata, Survey{});
  constexpr std::size_t kMappingBytes = sizeof(dbn::SymbolMappingMsg);
  while (!mappings.empty()) {
    const auto piece = mappings.first(
        std::min<std::size_t>(mappings.size(), kBlockBytesTarget / kMappingBytes * kMappingBytes));
    count(piece, Survey{.record_count = piece.size() / kMappingBytes, .holds = kHoldsMappings});
    mappings = mappings.subspan(piece.size());
  }
  end_block();
  return {};
}

Status SegmentWriter::write(std::uint64_t at, std::span<const std::byte> bytes) {
  const std::lock_guard guard(extending_);
  return data_->write_at(at, bytes);
}

// Only what this writer made; what cannot be removed now is removed when the log is opened.
void SegmentWriter::discard() {
  if (data_) static_cast<void>(env_->remove(data_path_));
  if (index_) static_cast<void>(env_->remove(index_path_));
  data_.reset();
  index_.reset();
}

void SegmentWriter::count(std::span<const std::byte> bytes, const Survey& survey) {
  maker_.add(bytes, survey);
  end_ += bytes.size();
  if (maker_.is_full()) end_block();
}

void SegmentWriter::end_block() {
  const auto block = maker_.end();
  if (!block) return;
  pending_.push_back(*block);
  ++block_count_;
}

std::vector<Block> SegmentWriter::take_pending() {
  end_block();
  return pending_;
}

void SegmentWriter::forget_pending(std::size_t count) {
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
}

// After a failed sync the pages may count as written although they are not. They are read back,
// held against the hashes made when they were appended, and written once more.
Status SegmentWriter::write_again(std::span<const Block> blocks) {
  FM_ASSIGN(auto file, env_->open(data_path_));
  std::vector<std::byte> bytes;
  for (const Block& block : blocks) {
    bytes.resize(block.length);
    FM_TRY(file->seek(block.offset));
    for (std::size_t filled = 0; filled < bytes.size();) {
      FM_ASSIGN(const std::size_t got, file->read(std::span(bytes).subspan(filled)));
      if (got == 0) break;
      filled += got;
    }
    if (block_hash(bytes) != block.hash)
      return std::unexpected(
          Error(Code::kIo, fmt::format("{}: bytes {} to {} were lost when they could not be synced",
                                       data_path_, block.offset, block.end()))
              .hint("Start again: the gateway replays what is missing."));
    FM_TRY(data_->write_at(block.offset, bytes));
  }
  return {};
}

Status SegmentWriter::put_entries(std::span<const Entry> entries) {
  const std::uint64_t at = entries_ * kEntryBytes;
  if (at + entries.size_bytes() > index_room_) {
    const std::uint64_t room = at + entries.size_bytes() + kIndexStepBytes;
    const Status made = index_->preallocate(room);
    if (!made && made.error().code() != Code::kNoSpace) return made;
    if (made) index_room_ = room;
  }
  FM_TRY(index_->write_at(at, std::as_bytes(entries)));
  return index_->sync();
}

Status SegmentWriter::commit(std::span<const Block> blocks) {
  if (blocks.empty()) return {};
  if (data_suspect_) FM_TRY(write_again(blocks));
  if (Status synced = data_->sync(); !synced) {
    data_suspect_ = true;
    return synced;
  }
  data_suspect_ = false;
  if (!named_) {
    FM_TRY(env_->sync_directory(day_path(directory_, name_.day)));
    FM_TRY(env_->sync_directory(directory_));
    named_ = true;
  }
  std::vector<Entry> entries;
  entries.reserve(blocks.size());
  for (const Block& block : blocks) entries.push_back(encode(block));
  FM_TRY(put_entries(entries));
  entries_ += entries.size();
  for (const Block& block : blocks) footer_.add(block);
  committed_ = blocks.back().end();
  return {};
}

Status SegmentWriter::preallocate_ahead(std::uint64_t written) {
  if (data_room_ >= written + kDataStepBytes / 4) return {};
  data_room_ = written + kDataStepBytes;
  const std::lock_guard guard(extending_);
  const Status made = data_->preallocate(data_room_);
  if (!made && made.error().code() == Code::kNoSpace) return {};
  return made;
}

Status SegmentWriter::finish() {
  if (finished_) return {};
  if (!truncated_) {
    FM_TRY(data_->truncate(committed_));
    FM_TRY(data_->sync());
    truncated_ = true;
  }
  // Behind the truncation, so that a footer means that the data end where it says.
  const Entry footer = encode(footer_.footer());
  FM_TRY(put_entries({&footer, 1}));
  FM_TRY(index_->truncate((entries_ + 1) * kEntryBytes));
  FM_TRY(index_->sync());
  finished_ = true;
  FM_TRY(data_->close());
  return index_->close();
}

}  // namespace fm::capture
