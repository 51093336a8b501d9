#include "lake/row_pump.h"

#include "base/assert.h"
#include "base/thread.h"

namespace fm::lake {

using table::RowBatch;

RowPump::RowPump(table::RowStream& rows, std::size_t batch_rows)
    : rows_(&rows),
      batches_{RowBatch(rows.table(), batch_rows), RowBatch(rows.table(), batch_rows),
               RowBatch(rows.table(), batch_rows)} {}

RowPump::~RowPump() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status RowPump::fill(RowBatch& batch) {
  FM_ASSIGN(const bool more, rows_->next(batch));
  FM_ASSERT(more == (batch.size() > 0));
  if (more && observer_ != nullptr) FM_TRY(observer_->see(batch));
  return {};
}

Result<const RowBatch*> RowPump::next() {
  if (!thread_.joinable() && !ended_) {
    const Status filled = fill(batches_[0]);
    if (!filled) error_ = filled.error();
    ended_ = !filled || batches_[0].size() == 0;
    if (!ended_) {
      if (batches_[0].full()) {
        filled_ = taken_ = 1;
        thread_ = std::thread([this] { run(); });
      }
      return &batches_[0];
    }
  }
  std::unique_lock lock(mutex_);
  in_hand_ = taken_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return taken_ < filled_ || ended_; });
  if (taken_ < filled_) return &batches_[taken_++ % kBatches];
  if (error_) return std::unexpected(*error_);
  return nullptr;
}

void RowPump::run() {
  name_thread("fm-rows");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || filled_ - in_hand_ < kBatches; });
    if (stop_) return;
    RowBatch& batch = batches_[filled_ % kBatches];
    lock.unlock();
    const Status filled = fill(batch);
    lock.lock();
    if (filled && batch.size() > 0) {
      ++filled_;
    } else {
      if (!filled) error_ = filled.error();
      ended_ = true;
    }
    changed_.notify_all();
    if (ended_) return;
  }
}

}  // namespace fm::lake
