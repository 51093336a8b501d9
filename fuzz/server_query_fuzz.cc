// What clients of the HTTP API send: queries with times, dates, lists and roots, ids of events.
// What can be read must mean the same when it is written again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_server.h"
#include "server/arguments.h"
#include "server/row_events.h"

namespace {

using namespace fm;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kNames[] = {"root", "from", "limit", "columns", "after"};
constexpr std::string_view kWords[] = {"json", "csv"};

void read_arguments(const server::Arguments& arguments) {
  for (const std::string_view name : kNames) {
    if (const auto number = arguments.integer(name, -10, 1'000'000); number && *number)
      require(**number >= -10 && **number <= 1'000'000);
    if (const auto moment = arguments.moment(name); moment && *moment) {
      const net::Parameters again{{"from", std::to_string(**moment)}};
      require(**moment >= 0);
      require(server::Arguments::parse(again, kNames)->moment("from").value() == **moment);
    }
    if (const auto date = arguments.date(name); date && *date)
      require(Date::parse((*date)->iso()).value() == **date);
    if (const auto items = arguments.list(name))
      for (const std::string_view item : *items) require(!item.empty() && !item.contains(','));
    static_cast<void>(arguments.word(name, kWords));
  }
  if (const auto root = arguments.root()) require(server::is_root_name(*root));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto id = server::parse_event_id(text))
    require(text.starts_with(id->epoch) && text[id->epoch.size()] == '-');
  const auto query = net::parse_form(text);
  if (!query) return 0;
  const auto arguments = server::Arguments::parse(*query, kNames);
  if (arguments) read_arguments(*arguments);
  return 0;
}
