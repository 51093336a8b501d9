// Any bytes as a symbol: never a crash, and what parses has the parts it says.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "market/contract.h"

using fm::Date;
using fm::market::Contract;
using fm::market::SymbolKind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view symbol(reinterpret_cast<const char*>(data), size);
  const SymbolKind kind = fm::market::classify(symbol);
  const bool outright = fm::market::is_outright(symbol);
  FM_ASSERT(outright == (kind == SymbolKind::kOutright));

  const Date as_of(2000 + static_cast<int>(size % 60), 1, 1);
  const auto contract = Contract::parse(symbol, as_of);
  FM_ASSERT(contract.has_value() == outright);
  if (!outright) return 0;

  FM_ASSERT(contract->symbol() == symbol);
  FM_ASSERT(contract->root() == fm::market::root_of(symbol));
  const auto delivery = contract->delivery();
  const std::string_view digits = symbol.substr(contract->root().size() + 1);
  FM_ASSERT(delivery.year >= as_of.year() - 1);
  FM_ASSERT(delivery.year < as_of.year() - 1 + (digits.size() == 1 ? 10 : 100));

  // Written again from its parts it is the same symbol and the same contract.
  std::string again(contract->root());
  again += fm::market::letter_of_month(delivery.month);
  const std::string year = std::to_string(delivery.year);
  again += year.substr(year.size() - digits.size());
  FM_ASSERT(again == symbol);
  FM_ASSERT(Contract::parse(again, as_of).value() == *contract);

  // Twice the same leg is a spread, never an outright.
  FM_ASSERT(fm::market::classify(again + "-" + again) == SymbolKind::kSpread);
  return 0;
}
