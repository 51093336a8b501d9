#include "jobs/halts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dbn/enums.h"
#include "market/contract.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace fm::jobs {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

constexpr std::array<std::pair<std::int32_t, std::string_view>, 19> kReasons{
    {{0, "no reason given"},
     {1, "scheduled"},
     {2, "surveillance"},
     {3, "market event"},
     {4, "the instrument is activated"},
     {5, "the instrument expires"},
     {6, "recovery"},
     {10, "regulatory"},
     {11, "administrative"},
     {30, "news pending"},
     {31, "news released"},
     {40, "order imbalance"},
     {50, "price limit"},
     {60, "operational"},
     {120, "market-wide halt, level 1"},
     {121, "market-wide halt, level 2"},
     {122, "market-wide halt, level 3"},
     {123, "market-wide halt, carried over"},
     {130, "quotation unavailable"}}};

// Whether trading stops or goes on; nothing for what says neither.
std::optional<bool> stops_trading(std::int32_t action) {
  switch (static_cast<dbn::StatusAction>(action)) {
    case dbn::StatusAction::kHalt:
    case dbn::StatusAction::kPause:
    case dbn::StatusAction::kSuspend:
      return true;
    case dbn::StatusAction::kNone:
    case dbn::StatusAction::kShortSaleRestrictionChange:
      return std::nullopt;
    default:
      return false;
  }
}

}  // namespace

std::string status_reason(std::int32_t reason) {
  const auto* const found =
      std::ranges::find(kReasons, reason, &std::pair<std::int32_t, std::string_view>::first);
  return found == kReasons.end() ? fmt::format("reason {}", reason) : std::string(found->second);
}

std::optional<quality::Interval> RunningHalts::add(std::string_view contract, Second at,
                                                   std::int32_t action, std::int32_t reason) {
  const auto stops = stops_trading(action);
  if (!stops || !market::is_outright(contract)) return std::nullopt;
  const std::string_view root = market::root_of(contract);
  auto of_root = by_root_.find(root);
  if (*stops) {
    if (of_root == by_root_.end()) of_root = by_root_.try_emplace(std::string(root)).first;
    of_root->second.try_emplace(std::string(contract), Halt{at, reason});
    return std::nullopt;
  }
  if (of_root == by_root_.end()) return std::nullopt;
  const auto halt = of_root->second.find(contract);
  if (halt == of_root->second.end()) return std::nullopt;
  const quality::Interval over{halt->second.since, at};
  of_root->second.erase(halt);
  if (of_root->second.empty()) by_root_.erase(of_root);
  return over;
}

Result<Halts> read_halts(const lake::Lake& lake, std::optional<Date> from) {
  const table::Table& statuses = table::databento_status();
  FM_ASSIGN(const auto rows,
            lake.read(statuses, {.from = from,
                                 .columns = {"ts_recv", "symbol", "root", "action", "reason"}}));
  const std::size_t time = statuses.column_index("ts_recv");
  const std::size_t symbol = statuses.column_index("symbol");
  const std::size_t root = statuses.column_index("root");
  const std::size_t action = statuses.column_index("action");
  const std::size_t reason = statuses.column_index("reason");
  Halts halts;
  table::RowBatch batch(statuses);
  while (true) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return halts;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const std::string_view contract = batch.text(symbol, row);
      if (!market::is_outright(contract)) continue;
      auto of_root = halts.over.find(batch.text(root, row));
      if (of_root == halts.over.end())
        of_root = halts.over.try_emplace(std::string(batch.text(root, row))).first;
      const Second at = batch.int64s(time)[row] / kMicrosPerSecond;
      if (const auto ended =
              halts.running.add(contract, at, batch.int32s(action)[row], batch.int32s(reason)[row]))
        of_root->second.push_back(*ended);
    }
  }
}

}  // namespace fm::jobs
