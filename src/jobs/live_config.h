// The configuration of the live feed as its job wants it.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "databento/live_session.h"
#include "jobs/config.h"
#include "jobs/live.h"

namespace fm::jobs {

// "tbbo:parent:ES.FUT,NQ.FUT; status:raw_symbol:ESM5". Errors: kInvalidArgument, which names the
// part that cannot be.
[[nodiscard]] Result<std::vector<databento::Subscription>> parse_subscriptions(
    std::string_view text);
// "tbbo,status" for the same symbols. Errors: kInvalidArgument.
[[nodiscard]] Result<std::vector<databento::Subscription>> subscriptions_of(
    std::string_view schemas, std::string_view stype, std::string_view symbols);
// "127.0.0.1:13000", "[::1]:13000" or "host". Errors: kInvalidArgument.
[[nodiscard]] Status parse_gateway(std::string_view text, databento::LiveOptions& options);

// Everything that the configuration says. Errors: kInvalidArgument; kInvalidConfig when tbbo and
// mbp-1 are both asked for, or nothing is.
[[nodiscard]] Result<LiveJobOptions> live_options(const Config& config);

}  // namespace fm::jobs
