// When a job is due: five fields as cron has them, in a time zone.
//
//   FM_ASSIGN(const Cron cron, Cron::parse("30 17 * * mon-fri", *find_zone("exchange")));
//   const std::optional<Second> due = cron.next(second_of(env.now()));
//
// minute 0–59 · hour 0–23 · day of the month 1–31 · month 1–12 or jan–dec · weekday 0–7 or sun–sat,
// where 0 and 7 are Sunday. A field is `*`, a value, a range `a-b`, either with a step `/n`, or
// several of these with commas. Where both days are restricted, either suffices. Also @hourly,
// @daily (@midnight), @weekly, @monthly, @yearly (@annually).
//
// When clocks change: a minute that is skipped is due at the first minute behind the skip, and all
// skipped ones are that one. A minute that comes twice is due the first time; with `*` or `*/n` as
// hour, both times.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace date {
class time_zone;
}

namespace fm::schedule {

// A place's clock. Cheap to copy; lives as long as the program.
class Zone {
 public:
  // "exchange" (Chicago), "local" (of this machine), "UTC", or a name as "Europe/Berlin". Errors:
  // kInvalidArgument for a zone that does not exist; kNotFound without a time zone database.
  [[nodiscard]] static Result<Zone> find(std::string_view name);
  [[nodiscard]] const std::string& name() const { return name_; }  // as it was asked for
  [[nodiscard]] const date::time_zone& zone() const { return *zone_; }

 private:
  Zone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const date::time_zone* zone_;
};

class Cron {
 public:
  // Errors: kInvalidArgument, which names the field, what was found and what was expected.
  [[nodiscard]] static Result<Cron> parse(std::string_view text, Zone zone);

  // The first minute behind `after` at which it is due, as its first second; nothing where no such
  // day exists within nine years ("0 0 31 2 *").
  [[nodiscard]] std::optional<Second> next(Second after) const;

  // As it was given.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const Zone& zone() const { return zone_; }

  // Whether a local minute is one; for those who know the clock themselves.
  [[nodiscard]] bool matches(Date day, int hour, int minute) const;
  [[nodiscard]] bool every_hour() const { return every_hour_; }

 private:
  Cron(std::string text, Zone zone) : text_(std::move(text)), zone_(std::move(zone)) {}
  [[nodiscard]] bool matches_day(Date day) const;
  // The first moment of a local day's minutes behind `after`.
  [[nodiscard]] std::optional<Second> next_of_day(Date day, Second after) const;

  std::string text_;
  Zone zone_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;  // of the month
  bool any_weekday_ = false;
  bool every_hour_ = false;
};

}  // namespace fm::schedule
