// Feeds from JSON lines and CSV; see feed.h.
#pragma once

#include <memory>

#include "jobs/feed.h"

namespace fm::jobs {

[[nodiscard]] Result<std::unique_ptr<Feed>> open_text_feed(dbn::OpenedInput input,
                                                           const FeedOptions& options);

}  // namespace fm::jobs
