// What the live gateway itself says on the stream. Private to the room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dbn/record.h"

namespace fm::gateway {

// Texts that do not fit are cut.
[[nodiscard]] dbn::SystemMsg system_message(dbn::SystemCode code, std::string_view text, Nanos now);
[[nodiscard]] dbn::ErrorMsg error_message(dbn::ErrorCode code, std::string_view text, Nanos now);
[[nodiscard]] dbn::SymbolMappingMsg mapping_message(std::uint32_t instrument_id,
                                                    dbn::SType stype_in, std::string_view requested,
                                                    std::string_view raw_symbol, Nanos now);

[[nodiscard]] std::string subscription_ack(std::uint32_t id, dbn::Schema schema);
[[nodiscard]] std::string slow_reader_warning(dbn::Schema schema);
[[nodiscard]] std::string replay_finished(dbn::Schema schema);
[[nodiscard]] std::string end_of_interval(dbn::Schema schema);
[[nodiscard]] std::string resolution_failed(std::string_view symbol);
[[nodiscard]] std::string records_skipped(dbn::Schema schema);

}  // namespace fm::gateway
