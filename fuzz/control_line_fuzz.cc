// Any bytes as a line of a live client: parsed, or refused with words that can travel in a line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "gateway/control_line.h"

namespace {

void check_words(const fm::Error& error) {
  FM_ASSERT(error.code() == fm::Code::kInvalidArgument);
  FM_ASSERT(!error.message().empty());
  for (const char c : error.message()) FM_ASSERT(c >= ' ' && c < '\x7F' && c != '|');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace gateway = fm::gateway;
  if (size > 1024) return -1;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto auth = gateway::parse_auth(line)) {
    FM_ASSERT(auth->digest.size() == 64 && auth->bucket.size() == 5 && !auth->dataset.empty());
    FM_ASSERT(auth->heartbeat_interval_s >= gateway::kHeartbeatIntervalMin_s);
    FM_ASSERT(auth->heartbeat_interval_s <= gateway::kHeartbeatIntervalMax_s);
  } else {
    check_words(auth.error());
  }
  if (const auto request = gateway::parse_subscribe(line)) {
    FM_ASSERT(!request->symbols.empty());
    for (const std::string& symbol : request->symbols)
      FM_ASSERT(!symbol.empty() && symbol.find_first_of(",|") == std::string::npos);
  } else {
    check_words(request.error());
  }
  (void)gateway::kind_of(line);
  if (const auto moment = gateway::parse_moment(line); !moment) check_words(moment.error());
  return 0;
}
