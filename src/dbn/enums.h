// The closed sets of DBN: what a record is, what a file holds, how a symbol is written.
// Fields that the exchange fills (side, action, status codes) stay plain characters and integers in
// the records, because a file may hold values that no list knows; the constants here name the known
// ones. Source: Databento's DBN encoding, version 3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fm::dbn {

// The kind of a record. Files may hold others; they pass through by their length.
enum class RType : std::uint8_t {
  kTrades = 0x00,
  kMbp1 = 0x01,  // mbp-1 and tbbo: metadata.schema tells which
  kMbp10 = 0x0A,
  kOhlcvDeprecated = 0x11,  // any interval
  kStatus = 0x12,
  kDefinition = 0x13,
  kImbalance = 0x14,
  kError = 0x15,
  kSymbolMapping = 0x16,
  kSystem = 0x17,
  kStatistics = 0x18,
  kOhlcv1s = 0x20,
  kOhlcv1m = 0x21,
  kOhlcv1h = 0x22,
  kOhlcv1d = 0x23,
  kOhlcvEod = 0x24,
  kMbo = 0xA0,
  kCmbp1 = 0xB1,
  kCbbo1s = 0xC0,
  kCbbo1m = 0xC1,
  kTcbbo = 0xC2,
  kBbo1s = 0xC3,
  kBbo1m = 0xC4,
};

// What a file was asked to hold.
enum class Schema : std::uint16_t {
  kMbo = 0,
  kMbp1 = 1,
  kMbp10 = 2,
  kTbbo = 3,
  kTrades = 4,
  kOhlcv1s = 5,
  kOhlcv1m = 6,
  kOhlcv1h = 7,
  kOhlcv1d = 8,
  kDefinition = 9,
  kStatistics = 10,
  kStatus = 11,
  kImbalance = 12,
  kOhlcvEod = 13,
  kCmbp1 = 14,
  kCbbo1s = 15,
  kCbbo1m = 16,
  kTcbbo = 17,
  kBbo1s = 18,
  kBbo1m = 19,
};

// How a symbol is written.
enum class SType : std::uint8_t {
  kInstrumentId = 0,
  kRawSymbol = 1,
  kSmart = 2,  // no longer in use
  kContinuous = 3,
  kParent = 4,
  kNasdaqSymbol = 5,
  kCmsSymbol = 6,
  kIsin = 7,
  kUsCode = 8,
  kBbgCompId = 9,
  kBbgCompTicker = 10,
  kFigi = 11,
  kFigiTicker = 12,
  kListingId = 13,
  kIssuerId = 14,
  kSecurityId = 15,
};
inline constexpr std::uint8_t kUndefSType = 255;

// "tbbo", "raw_symbol": the words of file names, metadata and text encodings. "unknown" for a value
// outside the set.
[[nodiscard]] std::string_view name(Schema schema);
[[nodiscard]] std::string_view name(SType stype);
[[nodiscard]] std::optional<Schema> parse_schema(std::string_view text);
// Also the older words "product_id" and "native".
[[nodiscard]] std::optional<SType> parse_stype(std::string_view text);
// The rtype of a schema's records; mbp-1 and tbbo share one.
[[nodiscard]] RType rtype_of(Schema schema);

// `side` of a record. On a trade it is the aggressor's.
inline constexpr char kSideAsk = 'A';
inline constexpr char kSideBid = 'B';
inline constexpr char kSideNone = 'N';

// `action` of a record.
inline constexpr char kActionModify = 'M';
inline constexpr char kActionTrade = 'T';
inline constexpr char kActionFill = 'F';
inline constexpr char kActionCancel = 'C';
inline constexpr char kActionAdd = 'A';
inline constexpr char kActionClear = 'R';
inline constexpr char kActionNone = 'N';

// Bits of `flags`.
inline constexpr std::uint8_t kFlagLast = 0x80;          // last record of its event
inline constexpr std::uint8_t kFlagTopOfBook = 0x40;     // from a top-of-book feed
inline constexpr std::uint8_t kFlagSnapshot = 0x20;      // from a snapshot or replay
inline constexpr std::uint8_t kFlagAggregated = 0x10;    // an aggregated price level
inline constexpr std::uint8_t kFlagBadTsRecv = 0x08;     // ts_recv is unreliable
inline constexpr std::uint8_t kFlagMaybeBadBook = 0x04;  // an unrecovered gap in the channel
inline constexpr std::uint8_t kFlagPublisherSpecific = 0x02;

// `stat_type` of a statistics record.
enum class StatType : std::uint16_t {
  kOpeningPrice = 1,
  kIndicativeOpeningPrice = 2,
  kSettlementPrice = 3,
  kSessionLowPrice = 4,
  kSessionHighPrice = 5,
  kClearedVolume = 6,
  kLowestOffer = 7,
  kHighestBid = 8,
  kOpenInterest = 9,
  kFixingPrice = 10,
  kClosePrice = 11,
  kNetChange = 12,
  kVwap = 13,
  kVolatility = 14,
  kDelta = 15,
  kUncrossingPrice = 16,
  kUpperPriceLimit = 17,
  kLowerPriceLimit = 18,
  kBlockVolume = 19,
  kIndicativeClosePrice = 20,
  kVenueVolume = 10001,
  kVenuePrice = 10002,
};

// `action` of a status record.
enum class StatusAction : std::uint16_t {
  kNone = 0,
  kPreOpen = 1,
  kPreCross = 2,
  kQuoting = 3,
  kCross = 4,
  kRotation = 5,
  kNewPriceIndication = 6,
  kTrading = 7,
  kHalt = 8,
  kPause = 9,
  kSuspend = 10,
  kPreClose = 11,
  kClose = 12,
  kPostClose = 13,
  kShortSaleRestrictionChange = 14,
  kNotAvailable = 15,
};

// `code` of an error record. The gateway ends the session after 1, 2, 3, 5 and 6.
enum class ErrorCode : std::uint8_t {
  kAuthenticationFailed = 1,
  kKeyDeactivated = 2,
  kConnectionLimit = 3,
  kSymbolResolutionFailed = 4,
  kInvalidSubscription = 5,
  kInternalError = 6,
  kSkippedAfterSlowReading = 7,
  kReplayAgedOut = 8,
  kUnset = 255,
};

// `code` of a system record.
enum class SystemCode : std::uint8_t {
  kHeartbeat = 0,
  kSubscriptionAck = 1,
  kSlowReaderWarning = 2,
  kReplayCompleted = 3,
  kEndOfInterval = 4,
  kUnset = 255,
};

// `instrument_class` of a definition.
inline constexpr char kClassFuture = 'F';
inline constexpr char kClassCall = 'C';
inline constexpr char kClassPut = 'P';
inline constexpr char kClassFutureSpread = 'S';
inline constexpr char kClassOptionSpread = 'T';
inline constexpr char kClassMixedSpread = 'M';

}  // namespace fm::dbn
