// How records are written as text; see text_json.h and text_csv.h.
#pragma once

#include "base/time.h"
#include "dbn/record_view.h"

namespace fm::dbn {

struct TextOptions {
  bool pretty_px =
      false;  // prices with nine decimals, undefined ones null or empty; else raw units
  bool pretty_ts = false;    // times as ISO 8601, 0 and undefined ones null or empty; else raw ns
  bool map_symbols = false;  // a last field `symbol`
};

// The time by which a record is found and its symbol looked up: ts_recv where its kind has one,
// else ts_event.
[[nodiscard]] Nanos index_time(RecordView record);

}  // namespace fm::dbn
