#include "candles/testing_reference.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "base/assert.h"

namespace fm::candles::testing {
namespace {

constexpr Second kNever = std::numeric_limits<Second>::min();

bool undefined(Nanos time) { return time == 0 || time == kUndefTime; }

struct Trade {
  Second second;
  Nanos event;
  Date date;
  std::string contract;
  Price price;
  std::int64_t size;
  std::int64_t sign;  // +1 buy, −1 sell, 0 unknown
  std::int64_t bid_size;
  std::int64_t ask_size;
};

struct Stint {
  Second from;
  std::string contract;
};

struct Ticker {
  market::TemplateId sessions{};
  std::int64_t threshold = 0;
  std::vector<Trade> trades;                                            // by arrival
  std::map<std::string, std::map<std::int64_t, std::int64_t>> minutes;  // contract, minute → volume
  std::map<std::string, std::map<Date, std::int64_t>> dates;            // contract, date → volume
  // Tick test: the last price, and the direction of the last change.
  std::map<std::pair<std::string, Date>, std::pair<Price, int>> ticks;
  std::string active;
  std::string challenger;
  int wins = 0;
  std::optional<std::int64_t> evaluated;
  std::optional<Date> newest_date;
  std::vector<Stint> stints;
  std::map<Date, std::size_t> switches;
  std::map<Date, ReasonCounts> rejected_before_close;
};

class Reference {
 public:
  explicit Reference(const ReferenceOptions& options) : options_(options) {}

  Account run(const std::vector<Arrival>& arrivals) {
    for (position_ = 0; position_ < arrivals.size(); ++position_) take(arrivals[position_]);
    if (first_covered_) {
      const Second newest = std::max(clock_.value_or(kNever), newest_event_);
      covered_.emplace_back(*first_covered_, std::max(newest + 1, *first_covered_));
    }
    for (const auto& interval : options_.covered) covered_.push_back(interval);
    if (!undated_.empty() && !clock_) count_undated(Date{});
    Stats stats;
    stats.records = arrivals.size();
    stats.rejected = rejected_;
    for (auto& [root, ticker] : tickers_) {
      if (!ticker.trades.empty()) write(root, ticker, stats);
    }
    account_.stats = to_json(stats);
    return std::move(account_);
  }

 private:
  // --- by arrival ---------------------------------------------------------------------------

  void take(const Arrival& arrival) {
    if (arrival.kind == Arrival::Kind::kMalformed) return reject(Reason::kMalformed, {}, {});
    if (arrival.kind == Arrival::Kind::kOtherSchema) return reject(Reason::kNotTrade, {}, {});
    const dbn::Mbp1Msg& record = arrival.record;
    const Nanos event = record.header.ts_event;
    const Nanos recv = record.ts_recv;
    const bool has_event = !undefined(event);
    std::optional<Nanos> came;
    if (!undefined(recv)) came = recv;
    if (!came && has_event) came = event;
    if (came && !first_covered_ && options_.from_first_record) {
      first_covered_ = second_of(has_event ? std::min(*came, event) : *came);
    }
    if (came && record.header.publisher_id != 0) {
      clock_ = std::max(clock_.value_or(second_of(*came)), second_of(*came));
      if (!undated_.empty()) count_undated(Date::of_second(*clock_));
    }

    const bool outright = market::is_outright(arrival.symbol);
    std::string root;
    std::optional<market::SessionSpan> span;
    if (outright) {
      root = std::string(market::root_of(arrival.symbol));
      Ticker& ticker = ticker_of(root);
      if (has_event) {
        span = market::Calendar::builtin().span_at(ticker.sessions, second_of(event));
      }
    }
    const auto out = [&](Reason reason) {
      std::optional<Date> arrival_date;
      if (came) arrival_date = Date::of_second(second_of(*came));
      if (span) {
        reject(reason, root, span->trade_date);
      } else {
        reject(reason, {}, arrival_date);
      }
    };
    if (record.action != 'T') return out(Reason::kNotTrade);
    if (record.price == kUndefPrice) return out(Reason::kNoPrice);
    if (record.size == 0 || record.size == dbn::kUndefOrderSize) return out(Reason::kZeroSize);
    if (arrival.symbol.empty()) return out(Reason::kUnmapped);
    if (!outright) return out(Reason::kNotOutright);
    if (!has_event) return out(Reason::kNoTime);
    if (!undefined(recv) && event > recv && event - recv > kNanosPerSecond) {
      return out(Reason::kFuture);
    }
    if (!span) return out(Reason::kOffSession);
    if (clock_ && second_of(event) < *clock_ - 60) return out(Reason::kLate);
    accept(root, tickers_.at(root), arrival, *span);
  }

  Ticker& ticker_of(const std::string& root) {
    const auto [place, fresh] = tickers_.try_emplace(root);
    Ticker& ticker = place->second;
    if (fresh) {
      ticker.sessions = market::Calendar::builtin().template_of(root);
      ticker.threshold = market::Universe::builtin().large_trade_threshold(root);
      if (options_.resume.contains(root)) ticker.active = options_.resume.at(root).front_month;
    }
    return ticker;
  }

  void reject(Reason reason, const std::string& root, std::optional<Date> date) {
    rejected_[static_cast<std::size_t>(reason)] += 1;
    if (!date && !clock_) {
      undated_.push_back(reason);
    } else {
      if (!date) date = Date::of_second(*clock_);
      account_.rejects[{root, *date, reason}] += 1;
      if (!root.empty() && !closed(tickers_.at(root), *date)) {
        tickers_.at(root).rejected_before_close[*date][static_cast<std::size_t>(reason)] += 1;
      }
    }
    if (reason != Reason::kNotTrade && reason != Reason::kNotOutright) {
      account_.rejections.emplace_back(reason, position_);
    }
  }
  void count_undated(Date date) {
    for (const Reason reason : undated_) account_.rejects[{"", date, reason}] += 1;
    undated_.clear();
  }

  Second close_of(const Ticker& ticker, Date date) const {
    return market::Calendar::builtin().spans_of(ticker.sessions, date).back().close;
  }
  bool closed(const Ticker& ticker, Date date) const {
    return clock_ && *clock_ > close_of(ticker, date) + 60;
  }

  void accept(const std::string& root, Ticker& ticker, const Arrival& arrival,
              const market::SessionSpan& span) {
    const dbn::Mbp1Msg& record = arrival.record;
    const Second second = second_of(record.header.ts_event);
    const std::int64_t minute = second / 60;
    newest_event_ = std::max(newest_event_, second);
    if (options_.engine.front_month == market::FrontMonthRule::kFiveMinuteVolume) {
      five_minutes(ticker, arrival.symbol, minute, span.trade_date);
    } else {
      previous_session(root, ticker, arrival.symbol, minute, span.trade_date);
    }
    if (!ticker.newest_date || span.trade_date > *ticker.newest_date) {
      ticker.newest_date = span.trade_date;
    }
    ticker.minutes[arrival.symbol][minute] += record.size;
    ticker.dates[arrival.symbol][span.trade_date] += record.size;

    const dbn::BidAskPair& book = record.levels[0];
    const auto depth = [](Price price, std::uint32_t size) {
      return price == kUndefPrice || size == dbn::kUndefOrderSize ? 0 : std::int64_t{size};
    };
    ticker.trades.push_back({second, record.header.ts_event, span.trade_date, arrival.symbol,
                             record.price, record.size,
                             sign_of(ticker, arrival.symbol, span.trade_date, record),
                             depth(book.bid_px, book.bid_sz), depth(book.ask_px, book.ask_sz)});
  }

  static int sign_of(Ticker& ticker, const std::string& symbol, Date date,
                     const dbn::Mbp1Msg& record) {
    auto& [last, direction] =
        ticker.ticks.try_emplace({symbol, date}, std::pair(record.price, 0)).first->second;
    if (record.price > last) direction = 1;
    if (record.price < last) direction = -1;
    last = record.price;
    if (record.side == 'B') return 1;
    if (record.side == 'A') return -1;
    const dbn::BidAskPair& book = record.levels[0];
    if (book.bid_px != kUndefPrice && book.ask_px != kUndefPrice) {
      const Int128 twice = Int128{record.price} * 2;
      const Int128 both = Int128{book.bid_px} + book.ask_px;
      if (twice > both) return 1;
      if (twice < both) return -1;
    }
    return direction;
  }

  static bool nearer(const std::string& a, const std::string& b, Date date) {
    return *market::Contract::parse(a, date) < *market::Contract::parse(b, date);
  }
  // The one with the most; among equals the active, then the nearest expiry.
  static std::string most(const std::map<std::string, std::int64_t>& volumes,
                          const std::string& active, Date date) {
    std::int64_t top = 0;
    for (const auto& [contract, volume] : volumes) top = std::max(top, volume);
    std::string best;
    for (const auto& [contract, volume] : volumes) {
      if (volume != top || top == 0) continue;
      if (contract == active) return contract;
      if (best.empty() || nearer(contract, best, date)) best = contract;
    }
    return best;
  }

  void five_minutes(Ticker& ticker, const std::string& symbol, std::int64_t minute, Date date) {
    if (ticker.newest_date && date > *ticker.newest_date) {
      ticker.challenger.clear();
      ticker.wins = 0;
    }
    if (!ticker.evaluated) {
      if (ticker.active.empty()) ticker.active = symbol;
      ticker.evaluated = minute;
      ticker.stints.push_back({minute * 60, ticker.active});
      return;
    }
    if (minute <= *ticker.evaluated) return;
    ticker.evaluated = minute;
    std::map<std::string, std::int64_t> volumes;
    for (const auto& [contract, by_minute] : ticker.minutes) {
      for (const auto& [at, volume] : by_minute) {
        if (at >= minute - 5 && at < minute) volumes[contract] += volume;
      }
    }
    const std::string winner = most(volumes, ticker.active, date);
    if (winner.empty()) return;
    if (winner == ticker.active) {
      ticker.challenger.clear();
      ticker.wins = 0;
      return;
    }
    if (winner != ticker.challenger) ticker.wins = 0;
    ticker.challenger = winner;
    if (++ticker.wins < options_.engine.confirm) return;
    ticker.active = winner;
    ticker.challenger.clear();
    ticker.wins = 0;
    ticker.stints.push_back({minute * 60, winner});
    ticker.switches[date] += 1;
  }

  void previous_session(const std::string& root, Ticker& ticker, const std::string& symbol,
                        std::int64_t minute, Date date) {
    if (ticker.newest_date && date <= *ticker.newest_date) return;
    std::map<std::string, std::int64_t> volumes;
    if (ticker.newest_date) {
      for (const auto& [contract, by_date] : ticker.dates) {
        if (by_date.contains(*ticker.newest_date)) {
          volumes[contract] = by_date.at(*ticker.newest_date);
        }
      }
    } else if (options_.resume.contains(root)) {
      for (const auto& [contract, volume] : options_.resume.at(root).volumes) {
        volumes[contract] += volume;
      }
    }
    const std::string before = ticker.active;
    const std::string winner = most(volumes, before, date);
    ticker.active = winner.empty() ? symbol : winner;
    if (ticker.stints.empty()) {
      ticker.stints.push_back({minute * 60, ticker.active});
    } else if (ticker.active != before) {
      const Second open = market::Calendar::builtin().spans_of(ticker.sessions, date).front().open;
      ticker.stints.push_back({open / 60 * 60, ticker.active});
      ticker.switches[date] += 1;
    }
  }

  // --- the whole, when everything is known ---------------------------------------------------

  static const std::string& active_at(const Ticker& ticker, Second second) {
    const std::string* active = &ticker.stints.front().contract;
    for (const Stint& stint : ticker.stints) {
      if (stint.from <= second) active = &stint.contract;
    }
    return *active;
  }
  // A contract's own delta over all its trades before `second`.
  static std::int64_t delta_before(const Ticker& ticker, const std::string& contract,
                                   Second second) {
    std::int64_t delta = 0;
    for (const Trade& trade : ticker.trades) {
      if (trade.contract == contract && trade.second < second) delta += trade.sign * trade.size;
    }
    return delta;
  }
  // What to add to the active contract's own delta at `second`.
  std::int64_t offset_at(const std::string& root, const Ticker& ticker, Second second) {
    const auto key =
        std::pair(root, std::count_if(ticker.stints.begin(), ticker.stints.end(),
                                      [&](const Stint& stint) { return stint.from <= second; }));
    if (const auto known = offsets_.find(key); known != offsets_.end()) return known->second;
    std::int64_t offset = options_.resume.contains(root) ? options_.resume.at(root).cvd_close : 0;
    for (std::size_t i = 1; i < ticker.stints.size() && ticker.stints[i].from <= second; ++i) {
      offset += delta_before(ticker, ticker.stints[i - 1].contract, ticker.stints[i].from) -
                delta_before(ticker, ticker.stints[i].contract, ticker.stints[i].from);
    }
    return offsets_[key] = offset;
  }

  bool covered(Second second) const {
    return std::any_of(covered_.begin(), covered_.end(), [&](const auto& interval) {
      return interval.first <= second && second < interval.second;
    });
  }
  static bool in_session(const Ticker& ticker, Second second, Date date) {
    const auto span = market::Calendar::builtin().span_at(ticker.sessions, second);
    return span && span->trade_date == date;
  }

  // All that a window or a second sums; `trades` in canonical order.
  template <class Row>
  static void sum(Row& row, const std::vector<const Trade*>& trades, std::int64_t threshold) {
    row.open = trades.front()->price;
    row.high = row.low = row.open;
    for (const Trade* trade : trades) {
      row.high = std::max(row.high, trade->price);
      row.low = std::min(row.low, trade->price);
      row.close = trade->price;
      row.volume += trade->size;
      (trade->sign > 0   ? row.ask_volume
       : trade->sign < 0 ? row.bid_volume
                         : row.unknown_volume) += trade->size;
      row.trades += 1;
      row.max_trade_size = std::max(row.max_trade_size, trade->size);
      if (trade->size >= threshold) {
        row.big_trades += 1;
        row.big_volume += trade->size;
      }
      row.sum_bid_depth += trade->bid_size;
      row.sum_ask_depth += trade->ask_size;
      row.sum_price_volume += Int128{trade->price} * trade->size;
    }
  }
  static void path(const std::vector<const Trade*>& trades, std::int64_t& open, std::int64_t& high,
                   std::int64_t& low, std::int64_t& close) {
    close = high = low = open;
    for (const Trade* trade : trades) {
      close += trade->sign * trade->size;
      high = std::max(high, close);
      low = std::min(low, close);
    }
  }

  void write(const std::string& root, Ticker& ticker, Stats& stats) {
    // Canonical order: event second, then arrival.
    std::stable_sort(ticker.trades.begin(), ticker.trades.end(),
                     [](const Trade& a, const Trade& b) { return a.second < b.second; });
    const std::size_t rows_before = account_.candles.size();
    std::set<Date> dates;
    for (const Trade& trade : ticker.trades) dates.insert(trade.date);
    for (const Date date : dates) write_date(root, ticker, date);

    std::sort(account_.seconds.begin(), account_.seconds.end(), [](const auto& a, const auto& b) {
      return std::tie(a.ticker, a.symbol, a.row.time) < std::tie(b.ticker, b.symbol, b.row.time);
    });

    TickerStats& totals = stats.tickers.emplace_back();
    totals.ticker = root;
    totals.switches = ticker.stints.size() - 1;
    for (const auto& [date, count] : ticker.switches) FM_ASSERT(count > 0);
    if (ticker.active != ticker.stints.back().contract) FM_ASSERT(false);
    for (const Stint& stint : ticker.stints) totals.stints.emplace_back(stint.from, stint.contract);
    stats.accepted += ticker.trades.size();
    stats.rows += account_.candles.size() - rows_before;
  }

  void write_date(const std::string& root, const Ticker& ticker, Date date) {
    std::map<std::string, std::map<Second, std::vector<const Trade*>>> contracts;
    std::set<Second> seconds;  // of any contract
    for (const Trade& trade : ticker.trades) {
      if (trade.date != date) continue;
      contracts[trade.contract][trade.second].push_back(&trade);
      seconds.insert(trade.second);
    }
    const std::size_t rows_before = account_.candles.size();
    for (Second second = *seconds.begin(); second <= *seconds.rbegin(); ++second) {
      const std::string& active = active_at(ticker, second);
      const auto found = contracts.find(active);
      if (found == contracts.end()) continue;
      const auto& own = found->second;
      const bool traded = own.contains(second);
      if (!traded &&
          !(options_.engine.every_second && in_session(ticker, second, date) && covered(second))) {
        continue;
      }
      const auto after = own.upper_bound(second);
      const auto warm = std::distance(own.begin(), after);
      if (warm < std::max(1, options_.engine.warmup_seconds)) continue;
      write_candle(root, ticker, date, second, active, own);
    }
    std::int64_t seconds_written = 0;
    for (const auto& [contract, own] : contracts) {
      if (options_.engine.seconds) write_seconds(root, ticker, contract, date, own);
      seconds_written += static_cast<std::int64_t>(own.size());
    }
    write_session(root, ticker, date, contracts,
                  static_cast<std::int64_t>(account_.candles.size() - rows_before),
                  seconds_written);
  }

  void write_candle(const std::string& root, const Ticker& ticker, Date date, Second second,
                    const std::string& active,
                    const std::map<Second, std::vector<const Trade*>>& own) {
    CandleRow row{};
    row.time = second;
    row.trade_date = date;
    std::vector<const Trade*> trades;
    for (auto at = own.lower_bound(second - 59); at != own.end() && at->first <= second; ++at) {
      trades.insert(trades.end(), at->second.begin(), at->second.end());
      row.seconds_traded += 1;
    }
    for (Second s = second - 59; s <= second; ++s) {
      if (covered(s) && in_session(ticker, s, date)) row.seconds_covered += 1;
    }
    const std::int64_t offset = offset_at(root, ticker, second);
    if (trades.empty()) {
      row.close = std::prev(own.upper_bound(second))->second.back()->price;
      row.open = row.high = row.low = row.close;
      row.cvd_open = delta_before(ticker, active, second + 1) + offset;
    } else {
      sum(row, trades, ticker.threshold);
      row.cvd_open = delta_before(ticker, active, trades.front()->second) + offset;
    }
    path(trades, row.cvd_open, row.cvd_high, row.cvd_low, row.cvd_close);
    account_.candles.push_back({root, active, row});
  }

  void write_seconds(const std::string& root, const Ticker& ticker, const std::string& contract,
                     Date date, const std::map<Second, std::vector<const Trade*>>& own) {
    std::int64_t delta = 0;
    for (const auto& [second, trades] : own) {
      SecondRow row{};
      row.time = second;
      row.trade_date = date;
      sum(row, trades, ticker.threshold);
      row.delta_open = delta;
      path(trades, row.delta_open, row.delta_high, row.delta_low, row.delta_close);
      delta = row.delta_close;
      account_.seconds.push_back({root, contract, row});
    }
  }

  void write_session(
      const std::string& root, const Ticker& ticker, Date date,
      const std::map<std::string, std::map<Second, std::vector<const Trade*>>>& contracts,
      std::int64_t rows, std::int64_t seconds_written) {
    NamedSession session;
    session.ticker = root;
    session.trade_date = date;
    session.rows = rows;
    session.seconds_written = seconds_written;
    session.first_event = kUndefTime;
    Second first = ticker.trades.back().second;
    Second last = ticker.trades.front().second;
    for (const auto& [contract, own] : contracts) {
      std::int64_t volume = 0;
      std::int64_t trades = 0;
      std::int64_t delta = 0;
      for (const auto& [second, list] : own) {
        first = std::min(first, second);
        last = std::max(last, second);
        for (const Trade* trade : list) {
          volume += trade->size;
          trades += 1;
          delta += trade->sign * trade->size;
          session.first_event = std::min(session.first_event, trade->event);
          session.last_event = std::max(session.last_event, trade->event);
        }
      }
      session.contracts.emplace_back(contract, std::vector{volume, trades, delta});
      session.volume += volume;
      session.accepted += trades;
    }
    session.first_contract = active_at(ticker, first);
    session.last_contract = active_at(ticker, last);
    if (ticker.switches.contains(date)) {
      session.switches = static_cast<std::int64_t>(ticker.switches.at(date));
    }
    if (ticker.rejected_before_close.contains(date)) {
      session.rejected = ticker.rejected_before_close.at(date);
    }
    session.cvd_close =
        delta_before(ticker, session.last_contract, last + 1) + offset_at(root, ticker, last);
    // No trade lies between two trade dates, so the CVD before the first trade is the last one's
    // close; computed from the contract that was active then.
    session.cvd_open = cvd_open(root, ticker, first);
    const auto spans = market::Calendar::builtin().spans_of(ticker.sessions, date);
    Second earliest = 0;
    Second latest = 0;
    for (const auto& [from, until] : covered_) {
      if (from >= until) continue;
      earliest = earliest == latest ? from : std::min(earliest, from);
      latest = std::max(latest, until);
    }
    for (const market::SessionSpan& span : spans) {
      for (Second s = span.open; s < span.close; ++s) {
        if (covered(s)) {
          session.seconds_covered += 1;
        } else if (earliest < s && s < latest) {
          session.seconds_in_gaps += 1;
        }
      }
    }
    for (const Stint& stint : ticker.stints) {
      if (&stint != &ticker.stints.front() && stint.from > first && stint.from <= last) {
        session.stints.emplace_back(stint.from, stint.contract);
      }
    }
    account_.sessions.push_back(std::move(session));
  }

  std::int64_t cvd_open(const std::string& root, const Ticker& ticker, Second first) {
    // The stint in force just before the first trade; a switch at or before `first` within this
    // date does not move the CVD, so either side gives the same.
    return delta_before(ticker, active_at(ticker, first), first) + offset_at(root, ticker, first);
  }

  const ReferenceOptions& options_;
  std::size_t position_ = 0;
  std::optional<Second> clock_;
  std::optional<Second> first_covered_;
  Second newest_event_ = kNever;
  std::vector<std::pair<Second, Second>> covered_;
  std::vector<Reason> undated_;
  ReasonCounts rejected_{};
  std::map<std::string, Ticker> tickers_;
  std::map<std::pair<std::string, std::ptrdiff_t>, std::int64_t> offsets_;
  Account account_;
};

}  // namespace

Account reference(const std::vector<Arrival>& arrivals, const ReferenceOptions& options) {
  return Reference(options).run(arrivals);
}

}  // namespace fm::candles::testing
