#include "table/row_stream.h"

#include <algorithm>

namespace fm::table {

Result<bool> BatchStream::next(RowBatch& batch) {
  batch.clear();
  const std::size_t rows = std::min(batch.rows_max(), batch_->size() - row_);
  if (rows == 0) return false;
  batch.append(*batch_, row_, rows);
  row_ += rows;
  return true;
}

}  // namespace fm::table
