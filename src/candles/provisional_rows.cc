#include "candles/provisional_rows.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

template <class Row>
void ProvisionalRows<Row>::open(std::span<const Row> rows, Second through,
                                std::vector<Row>& changed) {
  next_.clear();
  auto known = published_.begin();
  for (const Row& row : rows) {
    FM_DCHECK(&row == rows.data() || key(*(&row - 1)) < key(row));
    while (known != published_.end() && key(known->row) < key(row)) ++known;
    const bool is_known =
        known != published_.end() && !known->is_final && key(known->row) == key(row);
    if (!is_known && row.time > through) continue;
    if (!is_known || known->row != row) changed.push_back(row);
    next_.push_back({row});
  }
  published_.swap(next_);
  waiting_ = published_.size();
}

template <class Row>
void ProvisionalRows<Row>::final(std::span<const Row> rows, std::vector<Row>& changed) {
  for (const Row& row : rows) {
    const auto known = waiting_ == 0
                           ? published_.end()
                           : std::lower_bound(published_.begin(), published_.end(), key(row),
                                              [](const Published& published, const auto& wanted) {
                                                return key(published.row) < wanted;
                                              });
    const bool is_known =
        known != published_.end() && !known->is_final && key(known->row) == key(row);
    if (is_known) {
      known->is_final = true;
      --waiting_;
    }
    if (!is_known || known->row != row) changed.push_back(row);
  }
}

template class ProvisionalRows<CandleRow>;
template class ProvisionalRows<SecondRow>;

}  // namespace fm::candles
