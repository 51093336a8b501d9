#include "server/roots.h"

#include <algorithm>
#include <set>

#include "market/contract.h"
#include "server/frame.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr int kPlacesMax = 9;

// 1/32 and its halves, quarters and eighths, as a price.
std::optional<int> parts_of_32nd(Price tick) {
  for (const int sub : {1, 2, 4, 8})
    if (tick == kPriceScale / 32 / sub) return sub;
  return std::nullopt;
}

bool is_of_roots(const table::Table& table) {
  return !table.root_column.empty() && (table.layout == table::LakeLayout::kRootDay ||
                                        table.layout == table::LakeLayout::kRootYear);
}

// Distinct outright contracts in the newest partition of a table, or in all.
Status add_contracts(Context& context, const table::Table& table, const std::string& root,
                     bool newest_only, std::set<std::string>& found) {
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, root);
  if (!index || index->rows() == 0) return {};
  lake::ReadRange range{.root = root, .columns = {"symbol"}};
  if (newest_only) {
    const auto& newest = index->partitions.back();
    range.from = std::max(newest.first, newest.end - 1 - 10);
    range.before = newest.end;
  }
  FM_ASSIGN(const auto rows, context.lake->read(table, range));
  const std::size_t symbol = table.column_index("symbol");
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return {};
    for (std::size_t code = 0; code < batch.text_count(symbol); ++code) {
      const auto text = batch.text_of_code(symbol, static_cast<std::int32_t>(code));
      if (market::is_outright(text)) found.emplace(text);
    }
  }
}

}  // namespace

PriceFormat price_format(std::optional<Price> tick) {
  if (!tick || *tick <= 0) return {};
  if (const auto sub = parts_of_32nd(*tick)) return {.is_fraction = true, .sub = *sub};
  int places = 0;
  for (Price step = kPriceScale; places < kPlacesMax && *tick % step != 0; step /= 10) ++places;
  return {.places = places};
}

Result<std::vector<RootTable>> tables_of(Context& context, const std::string& root) {
  std::vector<RootTable> tables;
  for (const table::Table& table : table::all_tables()) {
    if (!is_of_roots(table)) continue;
    FM_TRY(context.index.look(table));
    const auto index = context.index.find(table, root);
    if (!index || index->rows() == 0) continue;
    const PartitionInfo& first = index->partitions.front();
    const PartitionInfo& last = index->partitions.back();
    RootTable one{.table = &table, .rows = index->rows()};
    one.first = first.first_second ? Date::of_second(*first.first_second) : first.first;
    one.last = last.last_second ? Date::of_second(*last.last_second) : last.end - 1;
    tables.push_back(one);
  }
  return tables;
}

Result<std::optional<std::string>> front_month(Context& context, const std::string& root) {
  const table::Table& table = table::candles_1m();
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, root);
  if (!index || index->rows() == 0) return std::nullopt;
  const PartitionInfo& newest = index->partitions.back();
  FM_ASSIGN(const auto rows,
            context.lake->read(
                table,
                {.root = root, .from = newest.first, .before = newest.end, .columns = {"symbol"}}));
  std::optional<std::string> symbol;
  const std::size_t column = table.column_index("symbol");
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return symbol;
    symbol = batch.text(column, batch.size() - 1);
  }
}

Result<std::vector<std::string>> contracts_of(Context& context, const std::string& root) {
  std::set<std::string> found;
  FM_TRY(add_contracts(context, table::candle_session_contracts(), root, false, found));
  FM_TRY(add_contracts(context, table::candles_1s(), root, true, found));
  FM_TRY(add_contracts(context, table::databento_futures_ohlcv_1d(), root, false, found));
  FM_TRY(add_contracts(context, table::futures_ohlcv_1m_live(), root, true, found));

  const Date today = Date::of_second(second_of(context.env.now()));
  std::vector<market::Contract> contracts;
  for (const std::string& symbol : found)
    if (const auto contract = market::Contract::parse(symbol, today))
      contracts.push_back(*contract);
  std::ranges::sort(contracts, std::greater<>{});
  std::vector<std::string> names;
  for (const auto& contract : contracts) {
    if (names.size() == kContractsMax) break;
    names.emplace_back(contract.symbol());
  }
  return names;
}

}  // namespace fm::server
