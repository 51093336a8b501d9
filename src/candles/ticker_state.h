// One root inside the engine: its contracts, its front month by arrival, and its rows by finality.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "candles/contract_state.h"
#include "candles/shared.h"
#include "candles/ticker_rows.h"
#include "market/front_month.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::candles {

// Volumes of seconds that are not final yet.
class OpenVolumes {
 public:
  virtual ~OpenVolumes() = default;
  // Accepted volume of `contract` in the open seconds of [from, until).
  [[nodiscard]] virtual std::int64_t open_volume(const ContractState& contract, Second from,
                                                 Second until) const = 0;
};

struct TickerState {
  TickerState(std::string_view name, TickerId ticker, const market::Universe& universe,
              Shared& the_shared);

  // The span of the session that holds `second`; null outside. The last answer is remembered.
  [[nodiscard]] const market::SessionSpan* span_at(Second second) {
    if (!span.contains(second) && !look_up_span(second)) return nullptr;
    return &span;
  }
  // Before the first trade of a second of `contract`, in order of arrival: decides the front month
  // where the trade is the first of a minute or trade date.
  void arrive(ContractState& contract, Second second, Date date, const OpenVolumes& open);

  const std::string root;
  const TickerId id;
  Shared& shared;
  const market::TemplateId sessions;
  const std::int64_t big_threshold;
  std::vector<ContractState*> contracts;  // by ContractIndex

  market::SessionSpan span;  // the last one that was found
  market::FrontMonth front;
  std::optional<Date> newest_date;  // of an accepted trade
  // Of the trade date before the first one fed.
  std::vector<std::pair<SymbolId, std::int64_t>> resumed_volumes;
  TickerRows rows;

  std::uint64_t off_session = 0;
  std::uint64_t switches = 0;
  std::vector<std::pair<Second, SymbolId>> stints;

 private:
  bool look_up_span(Second second);
  void arrive_by_minute(ContractState& contract, Second second, bool new_date,
                        const OpenVolumes& open);
  void arrive_by_session(ContractState& contract, Second second, Date date,
                         const OpenVolumes& open);
  void begin_stint(Second from);
  void refresh_expiries(Date date);
  [[nodiscard]] std::int64_t volume_of_minutes(const ContractState& contract, std::int64_t first,
                                               std::int64_t last, const OpenVolumes& open) const;

  std::vector<market::ContractVolume> volumes_;  // by ContractIndex; expiries as of newest_date
};

}  // namespace fm::candles
