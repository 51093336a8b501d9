// Whether all is well, as one report: what is fresh, closed or late in the lake, how the parts of
// this process fare, which alarms are raised. GET /api/health shows it field by field.
//
//   const HealthReport now = source.health();   // from any thread; cheap enough for once a second
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fm::jobs {

enum class Expected : std::uint8_t {
  kFresh,   // the market is open (or a day was due), and the rows are there
  kClosed,  // nothing can be newer: the market is closed or halted, and the rows up to then are
            // there
  kLate,    // rows are missing that should be there by now
  kNone,    // nothing keeps the table up to date: whatever is there is as new as it will be
};
[[nodiscard]] std::string_view name(Expected expected);

// Green only when it is true: what is not known is grey.
enum class Light : std::uint8_t { kGreen, kYellow, kRed, kGrey };
[[nodiscard]] std::string_view name(Light light);

// One root of one table.
struct HealthLine {
  std::string root = {};
  std::string table = {};  // "candles_1m"
  std::optional<Second> last_row =
      {};  // of the newest row; for tables of days, its first second (UTC)
  std::optional<Second> age_s = {};  // of that row, now
  Expected expected = Expected::kNone;
  std::optional<Second> expected_by = {};  // when newer rows than these will be late
  std::optional<Second> next_open = {};    // of a closed market
  std::string reason = {};                 // in words: "closed until Sun 17:00 CT (weekend)"
  std::string contract = {};               // of the newest candle; empty where it is not known
  std::optional<std::uint64_t> rows_today =
      {};                            // of the trade date in hand; absent: not counted by day
  std::uint64_t rejected_today = 0;  // records left out of candles
  std::uint64_t gaps_today = 0;      // of the feed, not repaired
  Light light = Light::kGrey;
};

enum class PartState : std::uint8_t { kStarting, kRunning, kWaiting, kFailed, kStopped };
[[nodiscard]] std::string_view name(PartState state);

// A part of this process.
struct PartHealth {
  std::string name = {};  // "feed GLBX.MDP3"
  std::string kind = {};  // feed, sink, job, server or alarms
  PartState state = PartState::kStarting;
  std::optional<double> lag_s = {};
  std::uint64_t restarts = 0;
  std::string last_error = {};  // empty: none
  std::optional<Second> last_error_at = {};
  std::string detail = "{}";  // a JSON object of the part's own figures
};

enum class Delivery : std::uint8_t { kNone, kDelivered, kFailing };
[[nodiscard]] std::string_view name(Delivery delivery);

struct AlarmHealth {
  std::string id = {};        // "late:ES:candles_1m"
  std::string rule = {};      // "late"
  std::string severity = {};  // warning or critical
  std::string subject = {};   // "ES candles_1m"
  std::string text = {};
  Second raised_at = 0;
  std::uint64_t reminded = 0;
  Delivery delivery = Delivery::kNone;
};

struct DiskHealth {
  std::string path = {};
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};

struct HealthReport {
  Second asof = 0;
  std::vector<HealthLine> lines = {};  // by root, then in the catalogue's order of tables
  std::vector<PartHealth> parts = {};
  std::vector<AlarmHealth> alarms = {};
  std::optional<DiskHealth> disk = {};       // of the lake; absent: it could not be asked
  std::optional<double> clock_skew_ms = {};  // this clock less the gateway's; absent: not known
  std::string problem = {};                  // why lines may be missing; empty: they are not

  // No line red or yellow, no part failed, no alarm raised, and nothing unknown that should be
  // known.
  [[nodiscard]] bool ok() const;
};

// The report as the API gives it.
[[nodiscard]] std::string to_json(const HealthReport& report);

class HealthSource {
 public:
  virtual ~HealthSource() = default;
  // From any thread.
  [[nodiscard]] virtual HealthReport health() const = 0;
};

}  // namespace fm::jobs
