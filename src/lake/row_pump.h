// A row stream read ahead on a thread of its own, so that making rows and writing them go on at the
// same time.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "lake/row_source.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::lake {

// For one consumer. Until a batch is full, the stream is read where it is asked for: for a few
// rows, a thread would cost more than it saves.
class RowPump {
 public:
  // `rows` and the observer, which may be absent, are used by one thread at a time.
  RowPump(table::RowStream& rows, std::size_t batch_rows);
  ~RowPump();
  RowPump(const RowPump&) = delete;
  RowPump& operator=(const RowPump&) = delete;

  void observe(RowSource::Observer& observer) { observer_ = &observer; }
  // The next rows, which stay as they are until the next call; nullptr at the end. Errors: those of
  // the stream and of the observer, again and again.
  [[nodiscard]] Result<const table::RowBatch*> next();

 private:
  // One in the consumer's hands, one being filled, one between them.
  static constexpr std::size_t kBatches = 3;

  [[nodiscard]] Status fill(table::RowBatch& batch);
  void run();

  table::RowStream* rows_;
  RowSource::Observer* observer_ = nullptr;
  std::array<table::RowBatch, kBatches> batches_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Batches [taken_, filled_) are ready; number n lies in batches_[n % kBatches].
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
  std::size_t in_hand_ = 0;  // batches before this number are free again
  bool ended_ = false;       // no more will be filled
  bool stop_ = false;
  std::optional<Error> error_;  // behind the last filled batch
  std::thread thread_;
};

}  // namespace fm::lake
