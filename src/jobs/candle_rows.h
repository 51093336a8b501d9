// Engine rows, kept as bytes in a RunStore, as rows of the catalogue's tables: here integers become
// the doubles that users read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "candles/engine.h"
#include "candles/types.h"
#include "jobs/run_store.h"
#include "table/row_stream.h"

namespace fm::jobs {

// Writes `rows` behind the batch's last row; they must fit.
void append_rows(table::RowBatch& batch, std::span<const candles::CandleRow> rows,
                 const candles::Engine& names);
void append_rows(table::RowBatch& batch, std::span<const candles::SecondRow> rows,
                 const candles::Engine& names);

// The same for rows whose ids are places in these lists.
struct RowNames {
  std::span<const std::string> tickers;
  std::span<const std::string> symbols;
};
void append_rows(table::RowBatch& batch, std::span<const candles::CandleRow> rows,
                 const RowNames& names);
void append_rows(table::RowBatch& batch, std::span<const candles::SecondRow> rows,
                 const RowNames& names);

// The rows of some runs, one run after the other. Store and engine outlive it; nothing may be added
// to the store meanwhile.
template <class Row>
class StoredRows final : public table::RowStream {
 public:
  StoredRows(RunStore& store, std::vector<RunStore::RunId> runs, const candles::Engine& names);
  [[nodiscard]] const table::Table& table() const override;
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  RunStore& store_;
  std::vector<RunStore::RunId> runs_;
  const candles::Engine& names_;
  std::size_t next_run_ = 0;
  std::vector<RunStore::Reader> reader_;  // of the run in hand; empty before the first
  std::span<const Row> rest_;
};

using StoredCandles = StoredRows<candles::CandleRow>;  // market_data.candles_1m
using StoredSeconds = StoredRows<candles::SecondRow>;  // market_data.candles_1s

}  // namespace fm::jobs
