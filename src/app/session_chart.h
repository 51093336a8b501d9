// The picture of one root's trade date, out of a lake.
#pragma once

#include <string>

#include "app/chart.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/config.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::app {

// Plain 5-minute bars of the front month, from the seconds of candles_1s and the stints of
// candle_sessions. Errors: kNotFound when the lake has nothing of that root and date; those of the
// query.
[[nodiscard]] Result<Chart> session_chart(Env& env, const jobs::Config& config,
                                          const market::Universe& universe,
                                          const market::Calendar& calendar, const std::string& root,
                                          Date trade_date);

}  // namespace fm::app
