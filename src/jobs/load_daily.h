// `frontmonth load --as …`: daily files that are no feed of the exchange, into tables of their own
// that nothing takes for one.
//
//   yahoo     the bridge of ZL before 2010-06-06, where the exchange's feed begins:
//             market_data.yahoo_zl_historical_2000_2010
//   barchart  histories of single contracts with open interest: market_data.barchart_contract_1d
//
// Rows are merged by date (and contract); of two files the one that was published later counts, as
// for the feed's own rows (load_rule.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/env.h"
#include "base/error.h"
#include "jobs/load.h"

namespace fm::jobs {

enum class DailyForm : std::uint8_t { kYahoo, kBarchart };
// "yahoo" or "barchart". Errors: kInvalidArgument.
[[nodiscard]] Result<DailyForm> parse_daily_form(std::string_view name);

// The first date of the exchange's feed: the bridge ends before it.
[[nodiscard]] Date bridge_end();

// What the load state calls the forms, and where their rows go.
[[nodiscard]] std::span<const std::pair<std::string_view, const table::Table*>> daily_tables();

// Of the options: inputs, lake, state_dir, keep_days and again. A file that cannot be read keeps
// none of its rows. Errors: as run_load().
[[nodiscard]] Result<LoadReport> run_load_daily(Env& env, const LoadOptions& options,
                                                DailyForm form);

}  // namespace fm::jobs
