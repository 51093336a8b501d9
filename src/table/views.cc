#include "table/views.h"

#include <array>

namespace fm::table {
namespace {

constexpr std::array<std::string_view, 2> kStitchedTables{"yahoo_zl_historical_2000_2010",
                                                          "databento_futures_continuous_1d"};

constexpr std::array kViews{View{
    .dataset = "market_data",
    .name = "zl_daily_stitched",
    .description =
        "Daily ZL since 2000: Yahoo's bridge before 2010-06-06, from then on the exchange's feed "
        "as "
        "the unadjusted series by volume (ZL_CONT_VOL). The prices are not adjusted at the seam: "
        "seam_basis, the same on every row, is the feed's first close minus the bridge's last one, "
        "two days apart in different contracts. For long pictures, never for returns across it",
    .tables = kStitchedTables,
    .select = R"(WITH bridge AS (
  SELECT date, yahoo_zl_open AS open, yahoo_zl_high AS high, yahoo_zl_low AS low,
         yahoo_zl_close AS close, yahoo_zl_volume AS volume
  FROM market_data.yahoo_zl_historical_2000_2010
  WHERE date < DATE '2010-06-06'
), feed AS (
  SELECT date, open, high, low, close, volume
  FROM market_data.databento_futures_continuous_1d
  WHERE root = 'ZL' AND cont_id = 'ZL_CONT_VOL' AND date >= DATE '2010-06-06'
), seam AS (
  SELECT (SELECT close FROM feed ORDER BY date LIMIT 1) -
         (SELECT close FROM bridge ORDER BY date DESC LIMIT 1) AS seam_basis
)
SELECT date, 'yahoo' AS source, open, high, low, close, volume, seam_basis FROM bridge, seam
UNION ALL
SELECT date, 'databento' AS source, open, high, low, close, volume, seam_basis FROM feed, seam)"}};

}  // namespace

std::span<const View> all_views() { return kViews; }

}  // namespace fm::table
