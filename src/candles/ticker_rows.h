// The rows of one ticker: what comes out when seconds become final. Nothing here depends on the
// order of arrival within a second's contracts, and nothing that is final is looked at again.
//
//   begin_second(s) · settle(each contract's second s) · end_second(s) · begin_second(later) …
//   close_date()
//
// Everything that this changes is its own, contracts and their seconds are only read: a copy can go
// on with seconds that are still open, to see what would come out.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "candles/contract_state.h"
#include "candles/coverage.h"
#include "candles/row_buffer.h"
#include "candles/shared.h"
#include "candles/window.h"

namespace fm::candles {

// What a contract's final seconds of one trade date added up to.
struct ContractDate {
  Date date;
  std::int64_t delta = 0;
  std::int64_t volume = 0;
  std::int64_t trades = 0;
  std::int64_t seconds = 0;
  Price close = 0;
};

class TickerRows {
 public:
  // `shared` and `out` outlive it.
  TickerRows(TickerId ticker, market::TemplateId sessions, const Shared& shared, RowBuffer& out)
      : shared_(&shared), out_(&out), ticker_(ticker), sessions_(sessions) {}
  // Goes on from where `other` is; what comes out goes to `out`. Memory is reused.
  void continue_from(const TickerRows& other, RowBuffer& out) {
    *this = other;
    out_ = &out;
  }

  // The ticker has one more contract.
  void add_contract() { finals_.emplace_back(); }
  // The CVD to go on from. Before the first second.
  void set_cvd(std::int64_t cvd) { cvd_offset_ = cvd; }
  // The front month of the first trade, and of all seconds up to the first switch.
  void start(const ContractState& active) { active_ = &active; }
  // From this second on another contract is the front month; no second from there on is final yet.
  void switch_to(const ContractState& contract, Second from) {
    switches_.push_back({from, &contract});
  }

  // Some contract of the ticker traded in this second, later than any before.
  void begin_second(Second second, Date date);
  // `data` is final; it is of the second begun.
  void settle(const ContractState& contract, const SecondData& data);
  void end_second();
  // The open trade date is over: writes its account. `contracts` are all of the ticker; coverage
  // counts up to `covered_until`.
  void close_date(const std::vector<ContractState*>& contracts,
                  Second covered_until = Coverage::kOpenEnd);

  // The second at which the open trade date closes; nothing when none is open.
  [[nodiscard]] std::optional<Second> close_at() const {
    if (!is_open_) return std::nullopt;
    return date_.spans.back().close;
  }
  [[nodiscard]] std::optional<Date> open_date() const {
    if (!is_open_) return std::nullopt;
    return date_.account.trade_date;
  }
  [[nodiscard]] Second last_second() const { return second_; }
  // After the last final second.
  [[nodiscard]] std::int64_t cvd() const;
  // Of a contract's final seconds of this trade date.
  [[nodiscard]] std::int64_t final_volume(const ContractState& contract, Date date) const {
    const ContractDate& final = finals_[contract.index];
    return final.seconds > 0 && final.date == date ? final.volume : 0;
  }
  // Of all final seconds.
  [[nodiscard]] std::uint64_t row_count() const { return row_count_; }
  [[nodiscard]] std::uint64_t accepted() const {
    return accepted_ + (is_open_ ? static_cast<std::uint64_t>(date_.account.accepted) : 0);
  }
  [[nodiscard]] std::int64_t volume() const {
    return volume_ + (is_open_ ? date_.account.volume : 0);
  }

 private:
  struct Switch {
    Second from;
    const ContractState* contract;
  };
  // The trade date whose seconds are becoming final.
  struct OpenDate {
    std::vector<market::SessionSpan> spans;
    SessionRow account;
    std::vector<SessionStint> stints;
  };

  void begin_date(Second second, Date date);
  void catch_up_to(Second second);
  void take_switches(Second second);
  void refill_window(Second last, Second until);
  [[nodiscard]] bool warm() const;
  [[nodiscard]] std::int64_t delta_of(const ContractState& contract) const;
  void write_second(const ContractState& contract, const SecondData& data, std::int64_t delta_open);
  void write_row(Second second);
  void write_quiet_row(Second second);
  [[nodiscard]] std::int32_t seconds_covered(Second second);

  const Shared* shared_;
  RowBuffer* out_;
  TickerId ticker_;
  market::TemplateId sessions_;
  std::vector<ContractDate> finals_;  // by ContractIndex
  const ContractState* active_ = nullptr;
  std::int64_t cvd_offset_ = 0;   // CVD = the active contract's delta of the date + this
  std::vector<Switch> switches_;  // not in force yet, in order
  Window window_;                 // of the active contract
  Second second_ = kNever;        // begun last
  bool active_traded_ = false;    // in `second_`
  std::uint64_t row_count_ = 0;
  std::uint64_t accepted_ = 0;
  std::int64_t volume_ = 0;
  bool is_open_ = false;
  OpenDate date_;  // while is_open_; else it only keeps its memory
  // Windows that end in [full_from_, full_until_) are covered whole, as long as the coverage says
  // the same.
  Second full_from_ = 0;
  Second full_until_ = 0;
  std::size_t coverage_version_ = 0;
  std::vector<ContractDay> days_;  // scratch of close_date
};

}  // namespace fm::candles
