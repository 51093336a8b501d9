#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "candles/derive.h"
#include "candles/testing_reference.h"

namespace fm::candles::testing {
namespace {

template <class Row>
Row without_ids(Row row) {
  row.ticker = 0;
  row.symbol = 0;
  return row;
}

std::string text(const NamedCandle& c) {
  const CandleRow& r = c.row;
  return fmt::format(
      "{} {} {} {} | {} {} {} {} | {} +{} -{} ?{} | cvd {} {} {} {} | n {} max {} big {} {} | "
      "depth "
      "{} {} | pv {} | traded {} covered {}",
      iso_second(r.time), c.ticker, r.trade_date.iso(), c.symbol, r.open, r.high, r.low, r.close,
      r.volume, r.ask_volume, r.bid_volume, r.unknown_volume, r.cvd_open, r.cvd_high, r.cvd_low,
      r.cvd_close, r.trades, r.max_trade_size, r.big_trades, r.big_volume, r.sum_bid_depth,
      r.sum_ask_depth, static_cast<double>(r.sum_price_volume), r.seconds_traded,
      r.seconds_covered);
}
std::string text(const NamedSecond& s) {
  const SecondRow& r = s.row;
  return fmt::format("{} {} {} | {} {} {} {} | {} +{} -{} ?{} | delta {} {} {} {} | n {} max {}",
                     iso_second(r.time), s.ticker, s.symbol, r.open, r.high, r.low, r.close,
                     r.volume, r.ask_volume, r.bid_volume, r.unknown_volume, r.delta_open,
                     r.delta_high, r.delta_low, r.delta_close, r.trades, r.max_trade_size);
}
std::string text(const NamedSession& s) {
  std::string line = fmt::format(
      "{} {} {}..{} switches {} accepted {} volume {} events {}..{} cvd {}..{} rows {} seconds {} "
      "covered {} gaps {}",
      s.ticker, s.trade_date.iso(), s.first_contract, s.last_contract, s.switches, s.accepted,
      s.volume, s.first_event, s.last_event, s.cvd_open, s.cvd_close, s.rows, s.seconds_written,
      s.seconds_covered, s.seconds_in_gaps);
  for (const auto& [contract, figures] : s.contracts) {
    line += fmt::format(" {}:{},{},{}", contract, figures[0], figures[1], figures[2]);
  }
  for (const auto& [from, contract] : s.stints) line += fmt::format(" @{} {}", from, contract);
  for (const std::uint64_t count : s.rejected) line += fmt::format(" {}", count);
  return line;
}
std::string text(const std::pair<Reason, std::uint64_t>& r) {
  return fmt::format("{} at {}", name(r.first), r.second);
}
std::string text(const NamedRejects::value_type& r) {
  const auto& [ticker, date, reason] = r.first;
  return fmt::format("{} {} {} {}", ticker, date.iso(), name(reason), r.second);
}

template <class Rows>
void compare(std::string_view what, const Rows& expected, const Rows& actual, std::string& out) {
  constexpr int kShown = 5;
  if (expected == actual) return;
  out += fmt::format("{}: expected {} rows, got {}\n", what, expected.size(), actual.size());
  auto e = expected.begin();
  auto a = actual.begin();
  for (int shown = 0; shown < kShown && (e != expected.end() || a != actual.end());) {
    if (e != expected.end() && a != actual.end() && *e == *a) {
      ++e;
      ++a;
      continue;
    }
    if (e != expected.end()) out += "  expected " + text(*e++) + "\n";
    if (a != actual.end()) out += "  actual   " + text(*a++) + "\n";
    ++shown;
  }
}

}  // namespace

std::string difference(const Account& expected, const Account& actual) {
  std::string out;
  compare("candles", expected.candles, actual.candles, out);
  compare("seconds", expected.seconds, actual.seconds, out);
  compare("sessions", expected.sessions, actual.sessions, out);
  compare("rejects", expected.rejects, actual.rejects, out);
  compare("rejections", expected.rejections, actual.rejections, out);
  if (expected.stats != actual.stats) {
    out += "stats: expected " + expected.stats + "actual " + actual.stats;
  }
  return out;
}

void Collector::candles(std::span<const CandleRow> rows) {
  candle_bytes_.append(reinterpret_cast<const char*>(rows.data()), rows.size_bytes());
  for (const CandleRow& row : rows) {
    account_.candles.push_back({std::string(engine_->ticker(row.ticker)),
                                std::string(engine_->symbol(row.symbol)), without_ids(row)});
  }
}
void Collector::seconds(std::span<const SecondRow> rows) {
  second_bytes_.append(reinterpret_cast<const char*>(rows.data()), rows.size_bytes());
  for (const SecondRow& row : rows) {
    account_.seconds.push_back({std::string(engine_->ticker(row.ticker)),
                                std::string(engine_->symbol(row.symbol)), without_ids(row)});
  }
}
void Collector::session(const SessionRow& row) {
  NamedSession& named = account_.sessions.emplace_back();
  named.ticker = engine_->ticker(row.ticker);
  named.trade_date = row.trade_date;
  named.first_contract = engine_->symbol(row.first_contract);
  named.last_contract = engine_->symbol(row.last_contract);
  named.switches = row.switches;
  named.accepted = row.accepted;
  named.volume = row.volume;
  named.rejected = row.rejected;
  named.first_event = row.first_event;
  named.last_event = row.last_event;
  named.cvd_open = row.cvd_open;
  named.cvd_close = row.cvd_close;
  named.rows = row.rows;
  named.seconds_written = row.seconds_written;
  named.seconds_covered = row.seconds_covered;
  named.seconds_in_gaps = row.seconds_in_gaps;
  for (const ContractDay& day : row.contracts) {
    named.contracts.emplace_back(engine_->symbol(day.symbol),
                                 std::vector{day.volume, day.trades, day.delta});
  }
  FM_ASSERT(!row.stints.empty() && row.stints.front().symbol == row.first_contract &&
            row.stints.back().symbol == row.last_contract);
  for (const SessionStint& stint : row.stints.subspan(1)) {
    named.stints.emplace_back(stint.from, engine_->symbol(stint.symbol));
  }
  // The stints' offsets lead from the first delta to the last.
  std::int64_t last_delta = 0;
  for (const ContractDay& day : row.contracts) {
    if (day.symbol == row.last_contract) last_delta = day.delta;
  }
  FM_ASSERT(row.stints.back().cvd_offset + last_delta == row.cvd_close);
}
void Collector::rejected(const Rejection& rejection) {
  FM_ASSERT((rejection.reason == Reason::kMalformed) == (rejection.record == nullptr));
  account_.rejections.emplace_back(rejection.reason, rejection.position);
}

Account Collector::account() {
  const auto order = [](const auto& a, const auto& b) {
    return std::tie(a.ticker, a.symbol, a.row.time) < std::tie(b.ticker, b.symbol, b.row.time);
  };
  // A ticker's candles must come in order of time by themselves.
  std::stable_sort(account_.candles.begin(), account_.candles.end(),
                   [](const auto& a, const auto& b) { return a.ticker < b.ticker; });
  std::sort(account_.seconds.begin(), account_.seconds.end(), order);
  std::stable_sort(account_.sessions.begin(), account_.sessions.end(),
                   [](const auto& a, const auto& b) { return a.ticker < b.ticker; });
  for (const RejectCount& count : engine_->rejects()) {
    const std::string ticker(count.ticker ? engine_->ticker(*count.ticker) : std::string_view());
    account_.rejects[{ticker, count.date, count.reason}] += count.count;
  }
  account_.stats = to_json(engine_->stats());
  return account_;
}

Feeder::Feeder(const ReferenceOptions& options)
    : engine_(market::Universe::builtin(), market::Calendar::builtin(), options.engine,
              collector_) {
  collector_.attach(engine_);
  for (const auto& [ticker, resume] : options.resume) engine_.resume(ticker, resume);
  for (const auto& [from, until] : options.covered) engine_.cover(from, until);
  source_ = engine_.begin_source(options.from_first_record);
}

void Feeder::feed(const Arrival& arrival) {
  switch (arrival.kind) {
    case Arrival::Kind::kRecord:
      engine_.feed(arrival.record, engine_.intern(arrival.symbol), position_, source_);
      break;
    case Arrival::Kind::kMalformed:
      engine_.malformed({}, position_, source_);
      break;
    case Arrival::Kind::kOtherSchema:
      engine_.not_trade();
      break;
  }
  ++position_;
}

void Feeder::finish() {
  engine_.end_source(source_);
  engine_.finish();
}

Account run_engine(const std::vector<Arrival>& arrivals, const ReferenceOptions& options) {
  Feeder run(options);
  for (const Arrival& arrival : arrivals) run.feed(arrival);
  run.finish();
  return run.collector().account();
}

}  // namespace fm::candles::testing
