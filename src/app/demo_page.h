// The end of `frontmonth demo`: the page over the demo's own rows, with the next trade date coming
// in live from a replay gateway.
//
// Everything lies in DIR/page/, made anew each time: a copy of the demo's lake, its own state, the
// next day's trades. The demo's own lake stays as it was compared.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/demo.h"
#include "app/up.h"
#include "base/env.h"
#include "base/error.h"
#include "base/signals.h"

namespace fm::app {

struct DemoPageOptions {
  std::string directory;  // of the demo
  std::string lake;       // of the demo
  Date trade_date;        // that it holds
  std::uint64_t trades = 0;
  std::string program;       // as it was called
  std::string listen;        // empty: 127.0.0.1:8080, or another port where that is taken
  std::uint32_t speed = 60;  // times real time
};

// Returns when `stop` was requested. Errors: those of the generator, the gateway and run_up().
[[nodiscard]] Status serve_demo(Env& env, const DemoPageOptions& options, StopSignal& stop,
                                const std::function<Status(const UpReady&)>& ready);

}  // namespace fm::app
