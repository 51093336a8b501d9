// The candle semantics a second time, slowly and obviously: every accepted trade is kept, and every
// row is computed from the trades of its window. Tests hold the engine against it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "candles/engine.h"

namespace fm::candles::testing {

// One record as it arrives.
struct Arrival {
  enum class Kind { kRecord, kMalformed, kOtherSchema };
  Kind kind = Kind::kRecord;
  dbn::Mbp1Msg record{};
  std::string symbol;
};

struct ReferenceOptions {
  EngineOptions engine;
  std::map<std::string, Resume> resume;
  std::vector<std::pair<Second, Second>> covered;  // besides what the source itself covers
  bool from_first_record = true;                   // the arrivals are one source
};

// Rows with their texts; the ids in `row` are 0.
struct NamedCandle {
  std::string ticker;
  std::string symbol;
  CandleRow row;
  friend bool operator==(const NamedCandle&, const NamedCandle&) = default;
};
struct NamedSecond {
  std::string ticker;
  std::string symbol;
  SecondRow row;
  friend bool operator==(const NamedSecond&, const NamedSecond&) = default;
};
struct NamedSession {
  std::string ticker;
  Date trade_date;
  std::string first_contract;
  std::string last_contract;
  std::int64_t switches = 0;
  std::int64_t accepted = 0;
  std::int64_t volume = 0;
  ReasonCounts rejected{};
  Nanos first_event = 0;
  Nanos last_event = 0;
  std::int64_t cvd_open = 0;
  std::int64_t cvd_close = 0;
  std::int64_t rows = 0;
  std::int64_t seconds_written = 0;
  std::int64_t seconds_covered = 0;
  std::int64_t seconds_in_gaps = 0;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>>
      contracts;  // volume, trades, delta
  std::vector<std::pair<Second, std::string>> stints;
  friend bool operator==(const NamedSession&, const NamedSession&) = default;
};
// Ticker (empty = none), date, reason → count.
using NamedRejects = std::map<std::tuple<std::string, Date, Reason>, std::uint64_t>;

// Everything an engine says, with texts for ids; sorted by ticker, (symbol,) time.
struct Account {
  std::vector<NamedCandle> candles;
  std::vector<NamedSecond> seconds;
  std::vector<NamedSession> sessions;
  NamedRejects rejects;
  std::vector<std::pair<Reason, std::uint64_t>> rejections;  // reason and position, as reported
  std::string stats;                                         // as JSON
};

[[nodiscard]] Account reference(const std::vector<Arrival>& arrivals,
                                const ReferenceOptions& options);

// One line per difference, the first few; empty when equal.
[[nodiscard]] std::string difference(const Account& expected, const Account& actual);

// Collects what an engine puts out.
class Collector final : public Output {
 public:
  void attach(const Engine& engine) { engine_ = &engine; }
  void candles(std::span<const CandleRow> rows) override;
  void seconds(std::span<const SecondRow> rows) override;
  void session(const SessionRow& row) override;
  void rejected(const Rejection& rejection) override;
  // After finish().
  [[nodiscard]] Account account();
  // All rows as they came, byte for byte.
  [[nodiscard]] const std::string& candle_bytes() const { return candle_bytes_; }
  [[nodiscard]] const std::string& second_bytes() const { return second_bytes_; }

 private:
  const Engine* engine_ = nullptr;
  Account account_;
  std::string candle_bytes_;
  std::string second_bytes_;
};

// An engine with these options, to be fed one arrival at a time.
class Feeder {
 public:
  explicit Feeder(const ReferenceOptions& options);
  void feed(const Arrival& arrival);
  // The end of the arrivals; everything becomes final.
  void finish();

  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] Collector& collector() { return collector_; }

 private:
  Collector collector_;
  Engine engine_;
  SourceId source_;
  std::uint64_t position_ = 0;
};

// What an engine makes of the same arrivals, fed one by one.
[[nodiscard]] Account run_engine(const std::vector<Arrival>& arrivals,
                                 const ReferenceOptions& options);

}  // namespace fm::candles::testing
