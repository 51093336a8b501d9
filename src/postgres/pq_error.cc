#include "postgres/pq_error.h"

#include <algorithm>
#include <string>

namespace fm::postgres {
namespace {

struct Meaning {
  std::string_view state;  // or its class, the first two letters
  Code code;
  bool can_retry;
  std::string_view hint;
};

// The first that fits counts.
constexpr Meaning kMeanings[] = {
    {"40", Code::kBusy, true, ""},     // deadlock, serialization
    {"55P03", Code::kBusy, true, ""},  // lock_timeout
    {"53100", Code::kNoSpace, true, "Free some space on the database server."},
    {"53300", Code::kBusy, true, ""},  // too many connections
    {"53", Code::kBusy, true, ""},
    {"57014", Code::kTimedOut, true, ""},
    {"57", Code::kDisconnected, true, ""},  // shutdown, crash of another session, starting up
    {"08", Code::kDisconnected, true, ""},
    {"25006", Code::kPermission, true, "The server takes no writes: is it a standby?"},
    {"28", Code::kRefused, false, "Check user and password of the connection URI."},
    {"3D", Code::kNotFound, false, "Create the database, or name another one in the URI."},
    {"3F", Code::kNotFound, false,
     "`frontmonth schema --engine postgres --apply` makes what is missing."},
    {"42501", Code::kPermission, false,
     "docs/postgres.md lists the permissions; the owner can run `frontmonth schema --engine "
     "postgres --apply`."},
    {"42P01", Code::kNotFound, false,
     "`frontmonth schema --engine postgres --apply` makes what is missing."},
    {"42703", Code::kConflict, false, ""},
    {"58", Code::kIo, true, ""},
};

std::string_view first_line(std::string_view text) {
  return text.substr(0, std::min(text.find('\n'), text.size()));
}

}  // namespace

Error server_error(std::string_view place, std::string_view state, std::string_view message,
                   std::string_view detail) {
  std::string text = fmt::format("{}: {}", place, first_line(message));
  if (!detail.empty()) text += fmt::format(" ({})", first_line(detail));
  if (state.empty()) return Error(Code::kDisconnected, std::move(text)).retryable();
  text += fmt::format(" [{}]", state);
  for (const Meaning& one : kMeanings) {
    if (!state.starts_with(one.state)) continue;
    Error error(one.code, std::move(text));
    if (!one.hint.empty()) error = Error(error).hint(one.hint);
    return one.can_retry ? std::move(error).retryable() : std::move(error);
  }
  return {Code::kQuery, std::move(text)};
}

}  // namespace fm::postgres
