#include "jobs/run_store.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace fm::jobs {

RunStore::RunStore(Env& env, std::string spill_path, std::uint64_t memory_bytes_max)
    : env_(env),
      spill_path_(std::move(spill_path)),
      chunks_in_memory_max_(
          std::max<std::size_t>(4, static_cast<std::size_t>(memory_bytes_max / kChunkBytes))) {}

RunStore::~RunStore() { close_file(); }

void RunStore::close_file() {
  if (!writer_) return;
  reader_.reset();
  writer_.reset();
  // Nothing in it is needed; a failure to remove it is visible by its ending.
  static_cast<void>(env_.remove(spill_path_));
  file_bytes_ = 0;
}

RunStore::RunId RunStore::begin_run(std::size_t row_bytes) {
  FM_ASSERT(row_bytes > 0 && row_bytes <= kChunkBytes);
  Run run;
  run.row_bytes = row_bytes;
  run.chunk_limit_bytes = kChunkBytes / row_bytes * row_bytes;
  if (!free_runs_.empty()) {
    const RunId id = free_runs_.back();
    free_runs_.pop_back();
    runs_[id] = std::move(run);
    return id;
  }
  runs_.push_back(std::move(run));
  return runs_.size() - 1;
}

Status RunStore::append(RunId id, std::span<const std::byte> rows) {
  FM_ASSERT(rows.size() % runs_[id].row_bytes == 0);
  runs_[id].rows += rows.size() / runs_[id].row_bytes;
  while (!rows.empty()) {
    Run& run = runs_[id];
    if (run.chunks.empty() || !run.chunks.back().memory ||
        run.chunks.back().used_bytes == run.chunk_limit_bytes) {
      if (chunks_in_memory_ >= chunks_in_memory_max_) FM_TRY(spill_full_chunks());
      run.chunks.push_back({take_memory(), 0, 0});
    }
    Chunk& chunk = run.chunks.back();
    const std::size_t put = std::min(rows.size(), run.chunk_limit_bytes - chunk.used_bytes);
    std::memcpy(chunk.memory.get() + chunk.used_bytes, rows.data(), put);
    chunk.used_bytes += put;
    rows = rows.subspan(put);
  }
  return {};
}

std::unique_ptr<std::byte[]> RunStore::take_memory() {
  ++chunks_in_memory_;
  if (free_memory_.empty()) return std::make_unique_for_overwrite<std::byte[]>(kChunkBytes);
  auto memory = std::move(free_memory_.back());
  free_memory_.pop_back();
  return memory;
}

// Full ones only: a run that is still filling goes on where it is, so that the file holds no
// crumbs. When every chunk is a run's last, the bound is exceeded by one chunk per run.
Status RunStore::spill_full_chunks() {
  for (Run& run : runs_) {
    for (Chunk& chunk : run.chunks) {
      if (chunk.memory && chunk.used_bytes == run.chunk_limit_bytes) FM_TRY(write_out(chunk));
    }
  }
  return {};
}

Status RunStore::write_out(Chunk& chunk) {
  if (!writer_) {
    FM_ASSIGN(writer_, env_.create(spill_path_, Create::kTruncate));
  }
  FM_TRY(writer_->write(std::span<const std::byte>(chunk.memory.get(), chunk.used_bytes)));
  chunk.file_byte = file_bytes_;
  file_bytes_ += chunk.used_bytes;
  spilled_bytes_ += chunk.used_bytes;
  ++chunks_in_file_;
  --chunks_in_memory_;
  free_memory_.push_back(std::move(chunk.memory));
  return {};
}

void RunStore::drop(RunId id) {
  for (Chunk& chunk : runs_[id].chunks) {
    if (chunk.memory) {
      --chunks_in_memory_;
      free_memory_.push_back(std::move(chunk.memory));
    } else {
      --chunks_in_file_;
    }
  }
  runs_[id] = Run{};
  free_runs_.push_back(id);
  // Nobody's rows are in the file any more: begin a new one rather than grow for the length of the
  // run.
  if (chunks_in_file_ == 0) close_file();
}

std::uint64_t RunStore::rows(RunId run) const { return runs_[run].rows; }

Result<std::span<const std::byte>> RunStore::Reader::next() {
  const Run& run = store_->runs_[run_];
  if (chunk_ == run.chunks.size()) return std::span<const std::byte>();
  const Chunk& chunk = run.chunks[chunk_++];
  if (chunk.memory) return std::span<const std::byte>(chunk.memory.get(), chunk.used_bytes);

  const std::scoped_lock lock(store_->reader_mutex_);
  if (!store_->reader_) {
    FM_ASSIGN(store_->reader_, store_->env_.open(store_->spill_path_));
  }
  FM_TRY(store_->reader_->seek(chunk.file_byte));
  buffer_.resize(chunk.used_bytes);
  std::size_t have = 0;
  while (have < buffer_.size()) {
    FM_ASSIGN(const std::size_t got, store_->reader_->read(std::span(buffer_).subspan(have)));
    if (got == 0)
      return fail(Code::kIo, "{}: ends at byte {}, where rows were written", store_->spill_path_,
                  chunk.file_byte + have);
    have += got;
  }
  return std::span<const std::byte>(buffer_);
}

}  // namespace fm::jobs
