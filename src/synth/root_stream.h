// The trades of one root over all its trade dates, in arrival order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/price.h"
#include "base/time.h"
#include "dbn/record.h"
#include "market/session.h"
#include "synth/day_plan.h"
#include "synth/options.h"
#include "synth/order_flow.h"
#include "synth/roll_schedule.h"

namespace fm::synth {

// One trade date of one root.
struct RootDay {
  Date trade_date;
  std::uint32_t trades = 0;
  Second chicago_evening = 0;
};

class RootStream {
 public:
  // `days` are the trade dates of the root, one for each of the schedule's.
  RootStream(const market::Calendar& calendar, market::TemplateId session, const Options& options,
             std::string root, RollSchedule schedule, std::vector<RootDay> days, Price tick_size);

  // The next record, or nullptr at the end; its `sequence` is the step from the record before. The
  // same until pop().
  [[nodiscard]] const dbn::Mbp1Msg* peek() {
    if (at_ == records_.size()) refill();
    return at_ < records_.size() ? &records_[at_] : nullptr;
  }
  void pop() { ++at_; }

 private:
  void refill();
  bool begin_day();
  void trade_next_second();
  void trade_strays_before(Second second);
  void trade_second(Second second, std::uint32_t trades);

  const market::Calendar& calendar_;
  market::TemplateId session_;
  Options options_;
  std::string root_;
  RollSchedule schedule_;
  std::vector<RootDay> days_;

  Random random_;
  OrderFlow flow_;
  DayPlan plan_;
  std::size_t next_day_ = 0;
  std::size_t span_ = 0;          // of plan_.spans
  Second second_ = 0;             // next to trade, within the span
  std::size_t second_index_ = 0;  // of plan_.trades
  std::size_t stray_ = 0;         // of plan_.strays

  std::vector<dbn::Mbp1Msg> records_;
  std::size_t at_ = 0;
};

}  // namespace fm::synth
