// What of the open rows has to be published, again or for the first time. A row is published as
// soon as its second is over and once more whenever it has changed, under the same key.
//
//   ProvisionalRows<CandleRow> published;          // one for each reader that takes open rows
//   published.open(open.candles(), wall_second - 1, rows);   // then give `rows` to the reader
//   published.final(final_rows, rows);             // from Output::candles; the same
//
// Final rows that are not given back stand as they were published. A reader that takes open rows
// only when the feed is silent gets its corrections in the same way.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

#include "candles/types.h"

namespace fm::candles {

// Row is CandleRow or SecondRow. It remembers the rows that are published and not final: no more
// than one call of open() was given.
template <class Row>
class ProvisionalRows {
 public:
  // `rows` are all open rows (OpenRows). Appends to `changed` those up to and including the second
  // `through` that were not published like this, and later ones that were published otherwise.
  // Final rows that came out before must have been given to final() (Engine::flush), or they are
  // published twice.
  void open(std::span<const Row> rows, Second through, std::vector<Row>& changed);
  // Rows that became final, in any order. Appends to `changed` those that were not published like
  // this; forgets all of them.
  void final(std::span<const Row> rows, std::vector<Row>& changed);

  // How many rows are published and not final.
  [[nodiscard]] std::size_t size() const { return waiting_; }

 private:
  struct Published {
    Row row;
    bool is_final = false;
  };
  static auto key(const CandleRow& row) { return std::tuple(row.ticker, row.time, kNoSymbol); }
  static auto key(const SecondRow& row) { return std::tuple(row.ticker, row.time, row.symbol); }

  std::vector<Published> published_;  // by key
  std::vector<Published> next_;       // scratch of open()
  std::size_t waiting_ = 0;           // of published_, not final
};

}  // namespace fm::candles
