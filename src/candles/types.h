// What goes into the candle engine and what comes out: plain integers, so that rows can be spilled
// to disk as bytes. Ratios and decimal prices are derived at the edge (derive.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/price.h"
#include "base/time.h"
#include "dbn/record.h"

namespace fm::candles {

// Numbers that one Engine gives to symbol texts and roots, from 0 without holes, for its lifetime.
using SymbolId = std::uint32_t;
using TickerId = std::uint32_t;
inline constexpr SymbolId kNoSymbol = 0;  // the record has none

// An input file or stream of one engine, from 0 in the order of Engine::begin_source.
using SourceId = std::uint32_t;

// Why a record is left out, in the order in which the rules are applied.
enum class Reason : std::uint8_t {
  kMalformed,    // not a record, or a value that does not parse
  kNotTrade,     // action other than T, or another schema
  kNoPrice,      // price undefined
  kZeroSize,     // size 0 or undefined
  kUnmapped,     // no symbol
  kNotOutright,  // a spread, an option, user-defined
  kNoTime,       // ts_event undefined
  kFuture,       // ts_event more than one second after ts_recv
  kOffSession,   // outside the root's trading hours
  kLate,         // more than 60 seconds behind the clock
};
inline constexpr std::size_t kReasonCount = 10;
using ReasonCounts = std::array<std::uint64_t, kReasonCount>;
// "malformed", "not_trade", … as in statistics and tables.
[[nodiscard]] std::string_view name(Reason reason);

inline constexpr Second kWindowSeconds = 60;    // a candle's window is [s − 59, s]
inline constexpr Second kLatenessSeconds = 60;  // a trade may be this far behind the clock

// One candle: the 60 seconds up to and including `time`, of the ticker's front month.
struct CandleRow {
  Int128 sum_price_volume;  // Σ price · size, units of 1e-9
  Second time;              // start of the window's last second
  TickerId ticker;
  SymbolId symbol;
  Date trade_date;
  std::int32_t seconds_traded;
  std::int32_t seconds_covered;
  std::int32_t reserved;  // 0
  Price open;             // an empty window has the last close in all four
  Price high;
  Price low;
  Price close;
  std::int64_t volume;      // = ask_volume + bid_volume + unknown_volume
  std::int64_t ask_volume;  // bought by the aggressor
  std::int64_t bid_volume;  // sold by the aggressor
  std::int64_t unknown_volume;
  std::int64_t cvd_open;  // before the window's first trade
  std::int64_t cvd_high;
  std::int64_t cvd_low;
  std::int64_t cvd_close;
  std::int64_t trades;
  std::int64_t max_trade_size;
  std::int64_t big_trades;
  std::int64_t big_volume;
  std::int64_t sum_bid_depth;
  std::int64_t sum_ask_depth;
  [[nodiscard]] std::int64_t vd() const { return ask_volume - bid_volume; }
  friend bool operator==(const CandleRow&, const CandleRow&) = default;
};
static_assert(std::is_trivially_copyable_v<CandleRow> && sizeof(CandleRow) == 192);

// One second of one contract, the front month or not, with the path of its own cumulative delta,
// counted from 0 at the contract's first trade of the trade date. Where the contract is the front
// month, the ticker's CVD is this delta plus the offset of the stint (SessionRow::stints).
struct SecondRow {
  Int128 sum_price_volume;
  Second time;
  TickerId ticker;
  SymbolId symbol;
  Date trade_date;
  std::int32_t reserved;  // 0
  Price open;
  Price high;
  Price low;
  Price close;
  std::int64_t volume;
  std::int64_t ask_volume;
  std::int64_t bid_volume;
  std::int64_t unknown_volume;
  std::int64_t delta_open;  // before its first trade
  std::int64_t delta_high;  // over the open and the value after each trade
  std::int64_t delta_low;
  std::int64_t delta_close;
  std::int64_t trades;
  std::int64_t max_trade_size;
  std::int64_t big_trades;
  std::int64_t big_volume;
  std::int64_t sum_bid_depth;
  std::int64_t sum_ask_depth;
  friend bool operator==(const SecondRow&, const SecondRow&) = default;
};
static_assert(std::is_trivially_copyable_v<SecondRow> && sizeof(SecondRow) == 192);

// What one contract did in one trade date.
struct ContractDay {
  SymbolId symbol;
  std::int64_t volume;
  std::int64_t trades;
  std::int64_t delta;  // buy volume − sell volume
  friend bool operator==(const ContractDay&, const ContractDay&) = default;
};

// From `from` on, `symbol` is the front month, and CVD = its delta of the trade date + cvd_offset.
struct SessionStint {
  Second from;  // first second of the minute; of the trade date's first one: of its first trade
  SymbolId symbol;
  std::int64_t cvd_offset;
  friend bool operator==(const SessionStint&, const SessionStint&) = default;
};

// The account of one ticker and trade date that had an accepted trade. It comes when the date's
// last second is final, after all its rows; the next date starts from it.
struct SessionRow {
  TickerId ticker;
  Date trade_date;
  SymbolId first_contract;  // the front month at the first trade, and at the last
  SymbolId last_contract;
  std::int64_t switches;
  std::int64_t accepted;
  std::int64_t volume;
  ReasonCounts rejected;  // with this ticker and trade date, so far
  Nanos first_event;
  Nanos last_event;
  std::int64_t cvd_open;
  std::int64_t cvd_close;
  std::int64_t rows;                       // candles
  std::int64_t seconds_written;            // rows of seconds, all contracts
  std::int64_t seconds_covered;            // seconds in session that the feed covered
  std::int64_t seconds_in_gaps;            // seconds in session between two covered stretches
  std::span<const ContractDay> contracts;  // by symbol text; valid during the call
  std::span<const SessionStint> stints;    // in order; valid during the call
};

// A record that was left out; valid during the call.
struct Rejection {
  Reason reason{};
  SourceId source = 0;
  std::uint64_t position = 0;             // as it was fed: the record's or line's number
  SymbolId symbol = kNoSymbol;            // kNoSymbol where not known
  const dbn::Mbp1Msg* record = nullptr;   // null when malformed
  std::span<const std::byte> bytes = {};  // what is there of a malformed record
};

// Where rows go. Spans are valid during the call; rows of a ticker come in the order of time, each
// once. All calls happen inside feed() and finish().
class Output {
 public:
  virtual ~Output() = default;
  virtual void candles(std::span<const CandleRow> rows) = 0;
  virtual void seconds(std::span<const SecondRow> rows) = 0;
  virtual void session(const SessionRow& row) = 0;
  // Every rejection but kNotTrade and kNotOutright.
  virtual void rejected(const Rejection& rejection) = 0;
};

// Records left out with the same ticker, date and reason.
struct RejectCount {
  std::optional<TickerId> ticker;  // absent where ticker or trade date is not known
  Date date;                       // trade date; without ticker the UTC date of arrival
  Reason reason;
  std::uint64_t count;
};

struct TickerStats {
  std::string ticker;
  std::uint64_t accepted = 0;
  std::int64_t volume = 0;
  std::uint64_t rows = 0;
  std::uint64_t switches = 0;
  std::uint64_t off_session = 0;  // left out for it
  std::optional<std::int64_t> cvd_close;
  // The front month from the first second of a minute on.
  std::vector<std::pair<Second, std::string>> stints;
};

struct Stats {
  std::uint64_t records = 0;  // mappings, system and error messages apart
  std::uint64_t accepted = 0;
  std::uint64_t rows = 0;
  ReasonCounts rejected{};
  std::vector<TickerStats> tickers;  // by name
};
// {"rejected": {reason: count}, "stats": {…, "switches:ES": 1}, "stints": {"ES": [[second,
// contract], …]}}; zero counts are left out.
[[nodiscard]] std::string to_json(const Stats& stats);

}  // namespace fm::candles
