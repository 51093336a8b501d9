// What clients of the historical service send: forms and queries, times, symbols, ranges and
// credentials. What can be read must be written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/historical_faults.h"
#include "gateway/request_values.h"
#include "net/http_server.h"

namespace {

using namespace fm;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_value(std::string_view text) {
  if (const auto time = gateway::parse_written_time(text)) {
    require(time->end() >= time->at);
    // iso_nanos writes up to 2554, as far as nanoseconds reach.
    const auto again = gateway::parse_written_time(std::to_string(time->at));
    constexpr Nanos kNineDigits = 100'000'000;
    require(time->at < kNineDigits || (again && again->at == time->at));
    require(gateway::parse_written_date(text).has_value());
  }
  if (const auto symbols = gateway::parse_symbols(text)) {
    require(!symbols->empty() && symbols->size() <= gateway::kSymbolsMax);
    std::string joined;
    for (const std::string& symbol : *symbols) joined += (joined.empty() ? "" : ",") + symbol;
    require(gateway::parse_symbols(joined).value() == *symbols);
  }
  static_cast<void>(gateway::parse_flag(text));
  static_cast<void>(gateway::parse_count(text));
  gateway::HistoricalFaults faults;
  static_cast<void>(faults.add(text));
  constexpr std::uint64_t kSize = 1000;
  if (const auto range = net::parse_range(text, kSize))
    require(range->first <= kSize && range->count <= kSize - range->first);
  const net::ServerRequest request{.headers = {{"authorization", std::string(text)}}};
  static_cast<void>(request.basic_auth());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_value(text);
  const auto form = net::parse_form(text);
  if (!form) return 0;
  net::Parameters named;
  for (const auto& [name, value] : *form) {
    read_value(value);
    if (!name.empty() || !value.empty()) named.emplace_back(name, value);
  }
  require(net::parse_form(net::encode_form(named)).value() == named);
  return 0;
}
