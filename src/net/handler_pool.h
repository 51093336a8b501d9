// A fixed number of threads for work that may block.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fm::net {

class HandlerPool {
 public:
  // Move-only, because work holds what it works on.
  using Work = std::move_only_function<void()>;

  ~HandlerPool() { stop(); }
  // Threads named "fm-http-1", "fm-http-2" …
  void start(int threads);
  // From any thread. Its callers bound how much waits: at most one piece of work per connection.
  // After stop() nothing is taken.
  void submit(Work work);
  [[nodiscard]] std::size_t waiting() const;
  // Returns when what runs has ended; what waits is dropped.
  void stop();

 private:
  void run(int number);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace fm::net
