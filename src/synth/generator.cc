#include "synth/generator.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/assert.h"
#include "synth/allocation.h"
#include "synth/profile.h"
#include "synth/roll_schedule.h"
#include "synth/root_stream.h"

namespace fm::synth {
namespace {

constexpr std::size_t kBlockRecords = 4'096;
// When the days follow from the trades, days are this full, which leaves room for busier and
// quieter ones.
constexpr std::uint64_t kTradesPerRootAndDayAuto = 850'000;
constexpr Second kAfterLastCloseSeconds = 300;

struct RootInput {
  std::string name;
  market::TemplateId session{};
  std::vector<RootDay> days;
};

Status check(const market::Universe& universe, const Options& options) {
  if (options.roots.empty()) {
    return fail(Code::kInvalidArgument, "no roots to synthesise: name at least one, such as ES");
  }
  std::set<std::string_view> seen;
  for (const std::string& root : options.roots) {
    if (universe.find(root) == nullptr) {
      return fail(Code::kInvalidArgument, "root \"{}\" is not in the universe", root);
    }
    if (!seen.insert(root).second) {
      return fail(Code::kInvalidArgument, "root {} is named twice", root);
    }
  }
  if (options.trades == 0 || options.trades > kTradesMax) {
    return fail(Code::kInvalidArgument, "{} trades: expected 1 to {}", options.trades, kTradesMax);
  }
  if (options.days < 0 || options.days > kDaysMax) {
    return fail(Code::kInvalidArgument, "{} days: expected 0 (as many as needed) to {}",
                options.days, kDaysMax);
  }
  if (options.first_date.year() < 2010 || options.first_date.year() > 2100) {
    return fail(Code::kInvalidArgument, "first date {}: expected 2010 or later",
                options.first_date.iso());
  }
  return {};
}

// The first `count` dates from `first` on which any of the roots trades.
std::vector<Date> find_trade_dates(const market::Calendar& calendar,
                                   const std::vector<RootInput>& roots, Date first, int count) {
  std::vector<Date> dates;
  for (Date date = first; dates.size() < static_cast<std::size_t>(count); date = date + 1) {
    FM_ASSERT(date - first < 30 + 4 * count);
    if (std::any_of(roots.begin(), roots.end(), [&](const RootInput& root) {
          return calendar.is_trade_date(root.session, date);
        })) {
      dates.push_back(date);
    }
  }
  return dates;
}

// The default sessions open at 17:00 in Chicago; where they have no such date, the root's own open
// must do.
Second chicago_evening(const market::Calendar& calendar, market::TemplateId session, Date date) {
  const auto family = calendar.find_template(market::kDefaultSession);
  if (family && calendar.is_trade_date(*family, date)) {
    return calendar.spans_of(*family, date).front().open;
  }
  return calendar.spans_of(session, date).front().open;
}

Status allot_trades(const market::Calendar& calendar, const Options& options,
                    const std::vector<Date>& dates, std::vector<RootInput>& roots) {
  std::vector<std::uint32_t> weights;
  Random random(Random::seed_of(options.seed, "days", 0));
  for (const Date date : dates) {
    for (const RootInput& root : roots) {
      const std::uint32_t mood = 850 + random.below32(301);
      weights.push_back(
          calendar.is_trade_date(root.session, date) ? profile_of(root.name).weight * mood : 0);
    }
  }
  const auto cells = static_cast<std::uint64_t>(
      std::count_if(weights.begin(), weights.end(), [](std::uint32_t w) { return w > 0; }));
  if (options.trades > cells * kTradesPerRootAndDayMax) {
    const std::uint64_t days = options.trades / (roots.size() * kTradesPerRootAndDayAuto) + 1;
    return fail(Code::kInvalidArgument,
                "{} trades do not fit {} trade date(s) of {} root(s): a root has at most {} a day; "
                "ask for {} days",
                options.trades, dates.size(), roots.size(), kTradesPerRootAndDayMax, days);
  }
  const auto cell_trades = share_out(options.trades, weights, kTradesPerRootAndDayMax);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    RootInput& root = roots[i % roots.size()];
    const Date date = dates[i / roots.size()];
    root.days.push_back({date, cell_trades[i], chicago_evening(calendar, root.session, date)});
  }
  return {};
}

// Adds an instrument, or extends the dates of one that an earlier stage has.
void note_instrument(std::vector<Instrument>& instruments, Instrument instrument) {
  for (Instrument& known : instruments) {
    if (known.id != instrument.id) continue;
    known.last_date = instrument.last_date;
    return;
  }
  instruments.push_back(std::move(instrument));
}

void describe_root(const RootInput& root, const RollSchedule& schedule, bool spreads,
                   std::vector<Instrument>& instruments, std::vector<Roll>& rolls) {
  for (const Stage& stage : schedule.stages()) {
    const Date first = root.days[stage.first_day].trade_date;
    const Date last = root.days[stage.last_day].trade_date;
    const std::string near = symbol_of(root.name, stage.near);
    const std::string next = symbol_of(root.name, stage.next);
    note_instrument(instruments, {stage.instrument_ids[0], root.name, near, false, first, last});
    note_instrument(instruments, {stage.instrument_ids[1], root.name, next, false, first, last});
    if (spreads) {
      note_instrument(instruments, {stage.instrument_ids[2], root.name,
                                    spread_symbol_of(root.name, stage), true, first, last});
    }
    if (stage.roll_day < root.days.size()) {
      rolls.push_back({root.name, root.days[stage.roll_day].trade_date, near, next});
    }
  }
}

}  // namespace

Generator::Generator() = default;
Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;

Result<Generator> Generator::create(const market::Universe& universe,
                                    const market::Calendar& calendar, const Options& options) {
  FM_TRY(check(universe, options));
  Generator generator;
  generator.options_ = options;
  if (options.days == 0) {
    const std::uint64_t full = options.roots.size() * kTradesPerRootAndDayAuto;
    generator.options_.days = static_cast<int>((options.trades + full - 1) / full);
  }
  std::vector<RootInput> roots;
  roots.reserve(options.roots.size());
  for (const std::string& root : options.roots) {
    roots.push_back({root, calendar.template_of(root), {}});
  }
  generator.trade_dates_ =
      find_trade_dates(calendar, roots, options.first_date, generator.options_.days);
  FM_TRY(allot_trades(calendar, generator.options_, generator.trade_dates_, roots));

  std::optional<Second> first_open;
  Second last_close = 0;
  for (RootInput& root : roots) {
    if (root.days.empty()) continue;
    std::vector<Date> dates;
    dates.reserve(root.days.size());
    for (const RootDay& day : root.days) dates.push_back(day.trade_date);
    const Profile& profile = profile_of(root.name);
    RollSchedule schedule(root.name, profile, dates, options.features.roll);
    describe_root(root, schedule, options.features.spreads, generator.instruments_,
                  generator.rolls_);
    const Second open = calendar.spans_of(root.session, dates.front()).front().open;
    first_open = std::min(first_open.value_or(open), open);
    last_close = std::max(last_close, calendar.spans_of(root.session, dates.back()).back().close);
    const Price tick = universe.find(root.name)->tick_size(dates.front()).value_or(profile.step);
    generator.streams_.push_back(
        std::make_unique<RootStream>(calendar, root.session, generator.options_, root.name,
                                     std::move(schedule), std::move(root.days), tick));
  }
  generator.start_ = static_cast<Nanos>(first_open.value_or(0)) * kNanosPerSecond;
  generator.end_ = static_cast<Nanos>(last_close + kAfterLastCloseSeconds) * kNanosPerSecond;
  generator.block_.reserve(kBlockRecords);
  return generator;
}

std::span<const dbn::Mbp1Msg> Generator::next() {
  block_.clear();
  while (block_.size() < kBlockRecords) {
    // The stream whose next record arrives first, the earlier named among equals, and when it must
    // give way.
    RootStream* first = nullptr;
    Nanos first_arrival = kUndefTime;
    Nanos until = kUndefTime;
    for (const auto& stream : streams_) {
      const dbn::Mbp1Msg* record = stream->peek();
      if (record == nullptr) continue;
      if (first == nullptr || record->ts_recv < first_arrival) {
        until = first_arrival;
        first_arrival = record->ts_recv;
        first = stream.get();
      } else {
        until = std::min(until, record->ts_recv);
      }
    }
    if (first == nullptr) break;
    const dbn::Mbp1Msg* record = first->peek();
    do {
      block_.push_back(*record);
      sequence_ += record->sequence;
      block_.back().sequence = sequence_;
      first->pop();
      record = first->peek();
    } while (record != nullptr && record->ts_recv < until && block_.size() < kBlockRecords);
  }
  return block_;
}

}  // namespace fm::synth
