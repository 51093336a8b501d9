#include "databento/backoff.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::databento {

Backoff::Backoff(Env& env, BackoffOptions options)
    : env_(&env), options_(options), limit_(std::min(options.first, options.cap)) {
  FM_ASSERT(options.floor > 0 && options.floor <= options.cap && options.first > 0);
}

Nanos Backoff::next() {
  ++attempts_;
  const Nanos most = std::max(limit_, options_.floor);
  limit_ = limit_ > options_.cap / 2 ? options_.cap : limit_ * 2;
  return options_.floor + env_->random() % (most - options_.floor + 1);
}

void Backoff::session_ended(Nanos lived) {
  if (lived < options_.healthy) return;
  attempts_ = 0;
  limit_ = std::min(options_.first, options_.cap);
}

}  // namespace fm::databento
