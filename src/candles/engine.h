// The candle engine: records in, rows out. No clock, no I/O, no threads, and in steady state no
// allocation. What comes out is a function of the sequence of records, however it is cut up.
//
//   Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {}, output);
//   const SourceId source = engine.begin_source();
//   for (const dbn::TbboLine& line : lines)
//     engine.feed(line.record, engine.intern(line.symbol), line.line_number, source);
//   engine.end_source(source);
//   engine.finish();
//
// Several files are fed merged by arrival (ts_recv, or ts_event where that is undefined), stable in
// the order of their names. Semantics: docs/candles.md; how it works: README.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "candles/instruments.h"
#include "candles/types.h"
#include "dbn/record_view.h"
#include "market/front_month.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::candles {

struct EngineOptions {
  // A row needs this many seconds traded by its contract in the trade date. At least 1.
  int warmup_seconds = 60;
  // Rows also for the covered seconds without a trade.
  bool every_second = false;
  market::FrontMonthRule front_month = market::FrontMonthRule::kFiveMinuteVolume;
  int confirm = market::kFrontMonthConfirm;  // evaluations in a row; at least 1
  // Whether Output::seconds is wanted.
  bool seconds = true;
};

// Where a ticker stood at the end of the trade date before the first one fed.
struct Resume {
  std::int64_t cvd_close = 0;
  std::string front_month = {};                                    // symbol; empty = none
  std::vector<std::pair<std::string, std::int64_t>> volumes = {};  // of that date, by contract
};

class OpenRows;  // open_rows.h

class Engine {
 public:
  // `universe`, `calendar` and `output` outlive the engine.
  Engine(const market::Universe& universe, const market::Calendar& calendar,
         const EngineOptions& options, Output& output);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before a ticker's first record.
  void resume(std::string_view ticker, const Resume& resume);
  void set_cvd_base(std::string_view ticker, std::int64_t cvd);

  // The feed covered [from, until), or from `from` on until told otherwise. Say so before feeding
  // what lies behind `from`; a gap ends the old stretch and begins a new one.
  void cover(Second from, Second until);
  using CoverId = std::size_t;
  CoverId cover_from(Second from);
  void cover_until(CoverId cover, Second until);
  // The feed missed [from, until) in nanoseconds: from the last arrival before the gap to the first
  // one after it. A second that the gap touches is not covered. `cover`, from cover_from(), ends
  // and what comes after the gap is another, which is returned (the same, when from ≥ until). Later
  // repaired seconds are covered by cover(); rows that are final by then keep what they say.
  CoverId cover_gap(CoverId cover, Nanos from, Nanos until);

  // A source covers from its first well-formed record (the smaller of arrival and ts_event) to the
  // clock at its end. With `covers` = false, only the above says what it covered.
  SourceId begin_source(bool covers = true);
  void end_source(SourceId source);

  // Empty = kNoSymbol.
  SymbolId intern(std::string_view symbol);

  // A well-formed TBBO or mbp-1 record, whatever its action. `position` is for quarantine.
  void feed(const dbn::Mbp1Msg& record, SymbolId symbol, std::uint64_t position, SourceId source);
  // A block of any records; positions are record numbers. Mappings are learned from; they, system
  // and error messages count as nothing.
  void feed(const dbn::RecordBlock& block, Instruments& instruments);
  // A text line that is no record (`bytes` may be empty), and one of another schema.
  void malformed(std::span<const std::byte> bytes, std::uint64_t position, SourceId source);
  void not_trade();

  // What would come out if the engine were finished now, without changing it: the candles and
  // seconds from final_to() + 1 to clock() + 1, and the accounts of the trade dates that are open.
  // The cost is that of the seconds with trades, at most 62 for each contract.
  void provisional(OpenRows& rows) const;

  // Hands out the rows that are waiting for company. A block does it at its end.
  void flush();
  // Makes everything final. Nothing may be fed afterwards.
  void finish();

  // Of everything fed so far.
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::vector<RejectCount> rejects() const;
  // How often a symbol was left out as kNotOutright.
  [[nodiscard]] std::uint64_t not_outright(SymbolId symbol) const;
  // The newest arrival; absent before the first.
  [[nodiscard]] std::optional<Second> clock() const;
  // Rows of seconds up to and including this one have come out and stay.
  [[nodiscard]] std::optional<Second> final_to() const;

  [[nodiscard]] std::string_view symbol(SymbolId id) const;
  [[nodiscard]] std::string_view ticker(TickerId id) const;
  [[nodiscard]] std::size_t symbol_count() const;
  [[nodiscard]] std::size_t ticker_count() const;

 private:
  struct State;
  struct Block;
  std::unique_ptr<State> state_;
};

}  // namespace fm::candles
