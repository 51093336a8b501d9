// Feeds from DBN files; see feed.h.
#pragma once

#include <memory>

#include "jobs/feed.h"

namespace fm::jobs {

[[nodiscard]] Result<std::unique_ptr<Feed>> open_dbn_feed(dbn::OpenedInput input,
                                                          const FeedOptions& options);

}  // namespace fm::jobs
