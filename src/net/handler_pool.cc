#include "net/handler_pool.h"

#include <fmt/core.h>

#include "base/thread.h"

namespace fm::net {

void HandlerPool::start(int threads) {
  threads_.reserve(static_cast<std::size_t>(threads));
  for (int i = 1; i <= threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

void HandlerPool::submit(Work work) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  waiting_.push_back(std::move(work));
  changed_.notify_one();
}

std::size_t HandlerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void HandlerPool::stop() {
  std::deque<Work> dropped;  // destroyed without the lock: work may own anything
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void HandlerPool::run(int number) {
  name_thread(fmt::format("fm-http-{}", number).c_str());
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || stopped_; });
    if (stopped_) return;
    {
      Work work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }  // destroyed without the lock
    lock.lock();
  }
}

}  // namespace fm::net
