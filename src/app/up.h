// `frontmonth up`: everything that the configuration names, in one process that is left running.
//
//   feed, poll, mirror      each a Part: restarted with back-off, apart from the others
//   schedule                jobs as processes of their own
//   alarms                  what is wrong, to whom it may concern
//   server                  the page and the API
//
// docs/operations.md says how it is run and what to do when it complains.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/signals.h"
#include "jobs/config.h"

namespace fm::app {

struct UpOptions {
  jobs::ConfigSources sources;  // read when it begins, and again upon SIGHUP
  std::string program;          // as it was called, for jobs
  // How long everything may take to end, once asked; the process is given up behind that.
  Nanos drain_max = 60 * kNanosPerSecond;
};

// What may be told once it serves.
struct UpReady {
  std::string url;                 // "http://127.0.0.1:8080/"
  std::vector<std::string> parts;  // "feed GLBX.MDP3", "3 jobs"
};

// Returns when `stop` was requested and everything has ended. Errors, all before anything runs:
// those of the configuration; kBusy when another one runs with this state folder, or the port is
// taken; those of the server.
[[nodiscard]] Status run_up(Env& env, const UpOptions& options, StopSignal& stop,
                            const std::function<Status(const UpReady&)>& ready);

// "0.0.0.0:8080", "[::1]:0". Errors: kInvalidArgument.
[[nodiscard]] Status parse_listen(std::string_view text, std::string& host, std::uint16_t& port);

}  // namespace fm::app
