// What the tests of live sessions begin with: a session with a fake gateway, and what one sends.
#pragma once

#include <memory>
#include <optional>

#include "base/secret.h"
#include "databento/live_session.h"
#include "databento/testing_fake_gateway.h"
#include "dbn/metadata.h"
#include "dbn/testing_records.h"

namespace fm::databento::testing {

// Long enough for what happens on this machine, short enough to wait for.
inline constexpr Nanos kSoon = 60'000'000;

[[nodiscard]] Secret test_key();
[[nodiscard]] Result<std::unique_ptr<LiveSession>> open(const LiveOptions& options,
                                                        std::optional<Nanos> start = std::nullopt);

[[nodiscard]] dbn::Metadata live_metadata(bool ts_out = false);
[[nodiscard]] dbn::testing::Bytes stream_of(const dbn::Metadata& metadata);
[[nodiscard]] dbn::testing::Bytes ten_records();

}  // namespace fm::databento::testing
