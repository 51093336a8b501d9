// Today's form of the five kinds of record that versions 1 and 2 wrote otherwise. All other records
// are the same in every version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dbn/record_v1.h"

namespace fm::dbn {

[[nodiscard]] StatMsg upgraded(const StatMsgV1& old);
[[nodiscard]] SymbolMappingMsg upgraded(const SymbolMappingMsgV1& old);
// The code is read off the text where the text is one the gateway is known to send.
[[nodiscard]] ErrorMsg upgraded(const ErrorMsgV1& old);
[[nodiscard]] SystemMsg upgraded(const SystemMsgV1& old);
[[nodiscard]] InstrumentDefMsg upgraded(const InstrumentDefMsgV1& old);
[[nodiscard]] InstrumentDefMsg upgraded(const InstrumentDefMsgV2& old);

// How long a record of version 1 or 2 becomes; 0 when it stays as it is. `tail_bytes` as in
// RecordView.
[[nodiscard]] std::size_t upgraded_bytes(RType rtype, std::size_t size_bytes,
                                         std::size_t tail_bytes);
// Writes the upgraded form, with the tail, of a record for which upgraded_bytes() is not 0, to
// `out`, which has room for that many bytes and lies on a multiple of 8.
void upgrade(const std::byte* record, std::size_t tail_bytes, std::byte* out);

}  // namespace fm::dbn
