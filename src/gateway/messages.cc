#include "gateway/messages.h"

#include <fmt/core.h>

namespace fm::gateway {
namespace {

dbn::RecordHeader header_of(std::uint8_t length, dbn::RType rtype, std::uint32_t instrument_id,
                            Nanos now) {
  constexpr std::uint16_t kGatewayPublisher = 0;
  return {length, rtype, kGatewayPublisher, instrument_id, now};
}

}  // namespace

dbn::SystemMsg system_message(dbn::SystemCode code, std::string_view text, Nanos now) {
  dbn::SystemMsg record{};
  record.header = header_of(dbn::kLengthOf<dbn::SystemMsg>, dbn::RType::kSystem, 0, now);
  record.code = static_cast<std::uint8_t>(code);
  dbn::set_text(record.msg, text);
  return record;
}

dbn::ErrorMsg error_message(dbn::ErrorCode code, std::string_view text, Nanos now) {
  dbn::ErrorMsg record{};
  record.header = header_of(dbn::kLengthOf<dbn::ErrorMsg>, dbn::RType::kError, 0, now);
  record.code = static_cast<std::uint8_t>(code);
  record.is_last = 1;
  dbn::set_text(record.err, text);
  return record;
}

dbn::SymbolMappingMsg mapping_message(std::uint32_t instrument_id, dbn::SType stype_in,
                                      std::string_view requested, std::string_view raw_symbol,
                                      Nanos now) {
  dbn::SymbolMappingMsg record{};
  record.header = header_of(dbn::kLengthOf<dbn::SymbolMappingMsg>, dbn::RType::kSymbolMapping,
                            instrument_id, now);
  record.stype_in = static_cast<std::uint8_t>(stype_in);
  dbn::set_text(record.stype_in_symbol, requested);
  record.stype_out = static_cast<std::uint8_t>(dbn::SType::kRawSymbol);
  dbn::set_text(record.stype_out_symbol, raw_symbol);
  record.start_ts = kUndefTime;
  record.end_ts = kUndefTime;
  return record;
}

std::string subscription_ack(std::uint32_t id, dbn::Schema schema) {
  return fmt::format("Subscription request {} for {} data succeeded", id, dbn::name(schema));
}
std::string slow_reader_warning(dbn::Schema schema) {
  return fmt::format("Warning: slow reading, not keeping pace with {} data", dbn::name(schema));
}
std::string replay_finished(dbn::Schema schema) {
  return fmt::format("Finished {} replay", dbn::name(schema));
}
std::string end_of_interval(dbn::Schema schema) {
  return fmt::format("End of interval for {}", dbn::name(schema));
}
std::string resolution_failed(std::string_view symbol) {
  return fmt::format("Failed to resolve symbol: {}", symbol);
}
std::string records_skipped(dbn::Schema schema) {
  return fmt::format("Slow client detected for {}. Skipped records", dbn::name(schema));
}

}  // namespace fm::gateway
