// The newest seconds of every contract, as a feed of this process knows them: what running bars are
// made of until the lake has them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "candles/engine.h"
#include "candles/types.h"
#include "table/row_batch.h"

namespace fm::server {

// Rows are final, and stored, long before: they are final after 66 s, and stored a minute later.
inline constexpr Second kTailSeconds = 300;
inline constexpr std::size_t kTailRootsMax = 500;  // rows of further ones are not kept

class SecondTail {
 public:
  // New and changed rows, in any order.
  void take(std::span<const candles::SecondRow> rows, const candles::Engine& names);

  struct Seconds {
    std::shared_ptr<const table::RowBatch> rows;  // of candles_1s, by time and contract
    Second complete_from = 0;                     // every traded second from here on is in it
  };
  // Nothing for a root without rows.
  [[nodiscard]] std::optional<Seconds> of(std::string_view root) const;

 private:
  struct Root {
    std::map<std::pair<Second, std::string>, candles::SecondRow> rows;
    Second complete_from = 0;
  };

  mutable std::mutex mutex_;
  std::optional<Second> first_;  // of all rows that were taken
  std::map<std::string, Root, std::less<>> roots_;
};

}  // namespace fm::server
