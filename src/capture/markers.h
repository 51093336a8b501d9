// What the log says about itself, among the records: DBN system records (publisher 0, code 255)
// with a text of ours, so that any reader of DBN passes over them.
//
//   frontmonth.session start=1718571600000000000
//   frontmonth.gap from=1718571600000000000 to=1718571660000000000 reason=gateway closed the
//   session
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "dbn/record.h"
#include "dbn/record_view.h"

namespace fm::capture {

// A session with a gateway begins here.
struct SessionMarker {
  Nanos start =
      0;  // from when on its records are complete: the start asked for, else metadata.start
  friend bool operator==(const SessionMarker&, const SessionMarker&) = default;
};

// Records whose arrival lies in [from, to) may be missing.
struct GapMarker {
  Nanos from = 0;
  Nanos to = 0;
  std::string reason;  // cut to what fits the record; never empty
  friend bool operator==(const GapMarker&, const GapMarker&) = default;
};

using Marker = std::variant<SessionMarker, GapMarker>;

// `now` becomes the record's ts_event.
[[nodiscard]] dbn::SystemMsg encode(const Marker& marker, Nanos now);
// Nothing for any other record.
[[nodiscard]] std::optional<Marker> decode_marker(dbn::RecordView record);

}  // namespace fm::capture
