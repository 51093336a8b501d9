// Deterministic, realistic TBBO: the same options give the same records on every machine, in
// arrival order, in memory that does not grow with their number.
//
//   FM_ASSIGN(Generator generator, Generator::create(universe, calendar, {.trades = 1'000'000}));
//   for (auto block = generator.next(); !block.empty(); block = generator.next()) use(block);
//
// Trades lie within the sessions of the calendar, on the tick grid, at the quotes they claim.
// Everything that is not so is there on purpose (see Features). How the market behind them works is
// in README.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "dbn/record.h"
#include "market/session.h"
#include "market/universe.h"
#include "synth/options.h"

namespace fm::synth {

// One generated contract or spread. Its id depends on nothing but its symbol.
struct Instrument {
  std::uint32_t id = 0;
  std::string root;
  std::string symbol;  // raw: "ESM5", "ESM5-ESU5"
  bool is_spread = false;
  Date first_date;  // trade dates in which it is traded, both ends included
  Date last_date;
};

// A roll that was asked for: on this trade date the volume of `root` moves from one contract to the
// next.
struct Roll {
  std::string root;
  Date trade_date;
  std::string from;
  std::string to;
};

class RootStream;

class Generator {
 public:
  // The universe and calendar must outlive the generator.
  // Errors: kInvalidArgument for an unknown or repeated root, no roots, no trades, or more trades
  // than fit the days.
  [[nodiscard]] static Result<Generator> create(const market::Universe& universe,
                                                const market::Calendar& calendar,
                                                const Options& options);
  ~Generator();
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;

  // The next records by arrival (ts_recv), valid until the next call; empty at the end.
  [[nodiscard]] std::span<const dbn::Mbp1Msg> next();

  // By root as asked, then in the order of their first dates. Known before the first record.
  [[nodiscard]] std::span<const Instrument> instruments() const { return instruments_; }
  [[nodiscard]] std::span<const Roll> rolls() const { return rolls_; }
  [[nodiscard]] const Options& options() const { return options_; }  // days filled in
  // Trade dates of any of the roots, in order.
  [[nodiscard]] std::span<const Date> trade_dates() const { return trade_dates_; }
  // Every arrival lies in [start, end): the first session's open, and a little after the last one's
  // close.
  [[nodiscard]] Nanos start() const { return start_; }
  [[nodiscard]] Nanos end() const { return end_; }

 private:
  Generator();

  Options options_;
  std::vector<Date> trade_dates_;
  std::vector<Instrument> instruments_;
  std::vector<Roll> rolls_;
  std::vector<std::unique_ptr<RootStream>> streams_;
  std::vector<dbn::Mbp1Msg> block_;
  std::uint32_t sequence_ = 0;
  Nanos start_ = 0;
  Nanos end_ = 0;
};

}  // namespace fm::synth
