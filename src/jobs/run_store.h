// Rows kept as raw bytes, in runs, until their run is whole: in memory up to a bound, beyond it in
// one file.
//
//   RunStore store(env, "candles.parquet.1f2e.frontmonth-spill", 48 << 20);
//   const RunStore::RunId es = store.begin_run(sizeof(CandleRow));
//   FM_TRY(store.append(es, std::as_bytes(rows)));
//   RunStore::Reader reader = store.read(es);       // chunks of whole rows, in the order they came
//
// The file is removed with the store. A killed process leaves it; its ending says what it is.
// Errors: kNoSpace, kIo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::jobs {

inline constexpr const char* kSpillEnding = ".frontmonth-spill";

class RunStore {
 public:
  using RunId = std::size_t;
  static constexpr std::size_t kChunkBytes = 64 << 10;

  RunStore(Env& env, std::string spill_path, std::uint64_t memory_bytes_max);
  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  // row_bytes ≤ kChunkBytes.
  [[nodiscard]] RunId begin_run(std::size_t row_bytes);
  // Whole rows.
  [[nodiscard]] Status append(RunId run, std::span<const std::byte> rows);
  // Forgets a run's rows and gives their room back. Its id may be used again by begin_run.
  void drop(RunId run);

  [[nodiscard]] std::uint64_t rows(RunId run) const;
  // Bytes ever written to the file.
  [[nodiscard]] std::uint64_t spilled_bytes() const { return spilled_bytes_; }

  class Reader {
   public:
    // The next rows, at most kChunkBytes of them; empty at the end. Valid until the next call, and
    // only while nothing is appended.
    [[nodiscard]] Result<std::span<const std::byte>> next();

   private:
    friend class RunStore;
    Reader(RunStore& store, RunId run, std::size_t chunk)
        : store_(&store), run_(run), chunk_(chunk) {}
    RunStore* store_;
    RunId run_;
    std::size_t chunk_;
    std::vector<std::byte> buffer_;
  };
  // From its first row, or from the first row of a later chunk: every chunk but a run's last holds
  // as many rows as fit into kChunkBytes. Readers of a store may be used by several threads.
  [[nodiscard]] Reader read(RunId run, std::size_t first_chunk = 0) {
    return {*this, run, first_chunk};
  }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> memory;  // nothing once it lies in the file
    std::uint64_t file_byte = 0;
    std::size_t used_bytes = 0;
  };
  struct Run {
    std::size_t row_bytes = 0;
    std::size_t chunk_limit_bytes = 0;  // whole rows
    std::uint64_t rows = 0;
    std::vector<Chunk> chunks;
  };

  [[nodiscard]] std::unique_ptr<std::byte[]> take_memory();
  [[nodiscard]] Status spill_full_chunks();
  [[nodiscard]] Status write_out(Chunk& chunk);
  void close_file();

  Env& env_;
  std::string spill_path_;
  std::size_t chunks_in_memory_max_;
  std::size_t chunks_in_memory_ = 0;
  std::size_t chunks_in_file_ = 0;
  std::vector<Run> runs_;
  std::vector<RunId> free_runs_;
  std::vector<std::unique_ptr<std::byte[]>> free_memory_;
  std::unique_ptr<WritableFile> writer_;
  std::mutex reader_mutex_;
  std::unique_ptr<ReadableFile> reader_;  // guarded
  std::uint64_t file_bytes_ = 0;
  std::uint64_t spilled_bytes_ = 0;
};

}  // namespace fm::jobs
