// `frontmonth replay`: files served as Databento's live gateway and, where asked, its historical
// service.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/signals.h"

namespace fm::jobs {

struct ReplayOptions {
  std::vector<std::string> paths;
  std::string host = "127.0.0.1";
  std::uint16_t port = 13'000;              // of the live gateway; 0: any free one
  std::optional<std::uint16_t> http_port;   // none: not served
  std::optional<std::uint16_t> https_port;  // with a certificate made for this machine
  std::string speed = "1";                  // "1" or "10" times real time, or "max"
  bool once = false;                        // end after the first live session
  std::string key_file;                     // the only key that is taken; empty: any is
  std::string faults;                       // both services', joined by commas
  std::uint64_t seed = 1;                   // of the faults
  // Batch jobs and the certificate; empty: a folder below `temporary` for this run alone.
  std::string work_directory;
  std::string temporary = "/tmp";
};

// What is served, as soon as clients can connect.
struct ReplayPlaces {
  std::string host;
  std::uint16_t live_port = 0;
  std::uint16_t http_port = 0;  // 0: not served
  std::uint16_t https_port = 0;
  std::string certificate;  // PEM, for the clients of https
  std::size_t files = 0;
  std::vector<std::string> datasets;
};

struct ReplayReport {
  std::uint64_t connections = 0;  // of live clients
  std::uint64_t sessions = 0;
  std::uint64_t records = 0;
};

// Serves until `stop` is requested, or with `once` until the first session has ended. Errors:
// kInvalidArgument for a speed or fault that does not exist, with what is expected; those of
// Archive::open, of find_secret for the key, and of listening.
[[nodiscard]] Result<ReplayReport> replay(Env& env, const ReplayOptions& options,
                                          const StopSignal& stop,
                                          const std::function<Status(const ReplayPlaces&)>& ready);

}  // namespace fm::jobs
