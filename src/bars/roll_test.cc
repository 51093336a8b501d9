#include "bars/roll.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "bars/series.h"
#include "bars/testing_bars.h"
#include "bars/testing_few.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

// A history of one root by hand: contracts in the order of delivery, and for each date the close
// and volume of those that traded.
struct Traded {
  ContractNumber contract = 0;
  double close = 0;
  std::int64_t volume = 0;
};

class HistoryMaker {
 public:
  HistoryMaker() { history_.root = "ES"; }
  HistoryMaker& contract(const char* symbol, Date delivery, std::optional<Date> last = {}) {
    history_.contracts.push_back({symbol, delivery, last});
    return *this;
  }
  HistoryMaker& date(Date date, const std::vector<Traded>& traded) {
    history_.dates.push_back(date);
    history_.days.emplace_back();
    for (const Traded& t : traded) {
      const Price close = price_of(t.close);
      history_.days.back().push_back({.contract = t.contract,
                                      .open = close,
                                      .high = close,
                                      .low = close,
                                      .close = close,
                                      .volume = t.volume});
    }
    return *this;
  }
  [[nodiscard]] const ContractHistory& history() const { return history_; }

 private:
  ContractHistory history_;
};

const Date kMonday(2025, 6, 9);

// Two quarters: the second is busier than the first from Wednesday on, but for Friday.
HistoryMaker two_quarters() {
  HistoryMaker maker;
  maker.contract("ESM5", Date(2025, 6, 1), kMonday + 4)
      .contract("ESU5", Date(2025, 9, 1), Date(2025, 9, 19))
      .contract("ESZ5", Date(2025, 12, 1), Date(2025, 12, 19));
  maker.date(kMonday, {{0, 100, 90}, {1, 110, 10}, {2, 120, 1}})
      .date(kMonday + 1, {{0, 101, 80}, {1, 111, 30}, {2, 121, 1}})
      .date(kMonday + 2, {{0, 102, 40}, {1, 113, 60}, {2, 122, 1}})
      .date(kMonday + 3, {{0, 103, 70}, {1, 114, 50}, {2, 123, 1}})
      .date(kMonday + 4, {{0, 104, 30}, {1, 116, 90}, {2, 124, 1}})
      .date(kMonday + 7, {{1, 117, 99}, {2, 125, 2}});
  return maker;
}

TradeDates es_dates() { return {market::Calendar::builtin(), "ES"}; }

// "M" for ESM5 and so on, "-" for no choice.
std::string letters(const ContractHistory& history, const RollRule& rule,
                    const OpenInterestKnown& open_interest = {}) {
  const auto active = choose_contracts(history, rule, es_dates(), open_interest);
  if (!active) return active.error().message();
  std::string text;
  for (const auto& contract : *active)
    text += contract ? history.contracts[*contract].symbol[2] : '-';
  return text;
}

TEST(Roll, EachRuleChoosesAsItSays) {
  const HistoryMaker maker = two_quarters();
  const struct {
    const char* rule;
    int rank;
    const char* expected;
  } cases[] = {
      {"calendar", 0, "MMMMMU"},  // until the day it expires
      {"calendar", 1, "UUUUUZ"},       {"calendar", 3, "------"},
      {"days:2", 0, "MMMUUU"},  // Wednesday is two trade dates before Friday; Thursday counts
      {"volume", 0, "-MMUMU"},  // by the date before: back to M for a day
      {"volume", 1, "-UUMUZ"},  // M has expired on the last date
      {"volume_forward", 0, "-MMUUU"},
  };
  for (const auto& c : cases) {
    RollRule rule = parse_roll_rule(c.rule).value();
    rule.rank = c.rank;
    EXPECT_EQ(letters(maker.history(), rule), c.expected) << c.rule << " " << c.rank;
  }
}

TEST(Roll, RulesThatLackTheirFactsSaySo) {
  HistoryMaker maker;
  maker.contract("ESM5", Date(2025, 6, 1)).date(kMonday, {{0, 100, 1}});
  EXPECT_NE(letters(maker.history(), {.method = RollMethod::kCalendar})
                .find("no contract has a definition"),
            std::string::npos);
  EXPECT_NE(letters(maker.history(), {.method = RollMethod::kOpenInterest})
                .find("no open interest is loaded"),
            std::string::npos);
  EXPECT_NE(letters(maker.history(), {.method = RollMethod::kVolumeForward, .rank = 1})
                .find("has rank 0 alone"),
            std::string::npos);
}

TEST(Roll, ACalendarDoesNotGuessAroundContractsWithoutDefinition) {
  HistoryMaker maker;
  maker.contract("ESM5", Date(2025, 6, 1)).contract("ESU5", Date(2025, 9, 1), Date(2025, 9, 19));
  maker.date(kMonday, {{0, 100, 9}, {1, 110, 1}}).date(kMonday + 7, {{1, 110, 1}});
  EXPECT_EQ(letters(maker.history(), {.method = RollMethod::kCalendar}), "-U");
}

class OpenInterestRoll : public LakeTest {
 protected:
  OpenInterestKnown known(std::vector<TestStatistic> rows) {
    store_statistics(*lake_, "ES", std::move(rows));
    OpenInterestKnown known;
    auto stored = lake_->read(table::databento_statistics(), {});
    EXPECT_TRUE(stored && known.read(**stored));
    return known;
  }
  static TestStatistic open_interest(Second received, const char* symbol, Date of,
                                     std::int64_t quantity) {
    return {received, symbol, 9, of, {}, quantity};
  }
};

TEST_F(OpenInterestRoll, UsesWhatIsKnownWhenTheSessionOpens) {
  const HistoryMaker maker = two_quarters();
  // Monday's figures come on Tuesday morning: in time for the session of Wednesday, which opens on
  // Tuesday evening. Tuesday's come late, after that of Thursday has opened.
  const auto figures =
      known({open_interest(chicago_summer(kMonday, 10), "ESM5", kMonday - 3, 500),
             open_interest(chicago_summer(kMonday, 10), "ESU5", kMonday - 3, 100),
             open_interest(chicago_summer(kMonday + 1, 10), "ESM5", kMonday, 300),
             open_interest(chicago_summer(kMonday + 1, 10), "ESU5", kMonday, 400),
             open_interest(chicago_summer(kMonday + 2, 18), "ESM5", kMonday + 1, 900),
             open_interest(chicago_summer(kMonday + 2, 18), "ESU5", kMonday + 1, 100)});
  EXPECT_EQ(letters(maker.history(), {.method = RollMethod::kOpenInterest}, figures), "-MUUMU");
  EXPECT_EQ(letters(maker.history(), {.method = RollMethod::kOpenInterestForward}, figures),
            "-MUUUU");
}

TEST_F(OpenInterestRoll, NothingReceivedLaterChangesAChoice) {
  int run = 0;
  EXPECT_TRUE(holds_for_a_few("open interest without look-ahead", [&] {
    const HistoryMaker maker = two_quarters();
    std::vector<TestStatistic> all;
    const int count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
      const Second received = (kMonday - 2).first_second() + *rc::gen::inRange(0, 9 * 24) * 3'600;
      const char* symbol = *rc::gen::element("ESM5", "ESU5", "ESZ5");
      all.push_back(
          open_interest(received, symbol, Date::of_second(received) - 1, *rc::gen::inRange(0, 50)));
    }
    const auto of = [&](Second until) {
      std::vector<TestStatistic> received;
      for (const TestStatistic& row : all)
        if (row.received < until) received.push_back(row);
      const auto lake = open("lake" + std::to_string(run++));
      store_statistics(*lake, "ES", received);
      OpenInterestKnown known;
      auto stored = lake->read(table::databento_statistics(), {});
      RC_ASSERT(stored.has_value() && known.read(**stored).has_value());
      return known;
    };
    const std::size_t date = *rc::gen::inRange<std::size_t>(0, maker.history().dates.size());
    const auto everything = of((kMonday + 30).first_second());
    const auto before = of(es_dates().open_of(maker.history().dates[date]));
    for (const RollMethod method : {RollMethod::kOpenInterest, RollMethod::kOpenInterestForward}) {
      const auto with_all =
          choose_contracts(maker.history(), {.method = method}, es_dates(), everything);
      const auto with_past =
          choose_contracts(maker.history(), {.method = method}, es_dates(), before);
      RC_ASSERT(with_all.has_value());
      if (!with_past) {
        RC_ASSERT(before.empty() && !(*with_all)[date].has_value());
        continue;
      }
      RC_ASSERT((*with_all)[date] == (*with_past)[date]);
    }
  }));
}

TEST(Roll, GapsAreMeasuredAtTheLastCommonCloseBeforeTheRoll) {
  const HistoryMaker maker = two_quarters();
  const auto series =
      make_series(maker.history(), {.method = RollMethod::kVolumeForward}, es_dates(), {});
  ASSERT_TRUE(series);
  ASSERT_EQ(series->stretches.size(), 2U);
  const Stretch& roll = series->stretches[1];
  EXPECT_EQ(maker.history().dates[roll.first_date], kMonday + 3);
  ASSERT_TRUE(roll.gap);
  EXPECT_EQ(maker.history().dates[roll.gap->date], kMonday + 2);
  EXPECT_EQ(roll.gap->difference(), 11 * kPriceScale);
  EXPECT_EQ(series->differences[0], 11 * kPriceScale);
  EXPECT_EQ(series->differences[1], 0);
  // 102 became 113; 101 · 113 / 102.
  EXPECT_EQ(times(101 * kPriceScale, *series->ratios[0]), 111'892'156'863);
  EXPECT_EQ(series->ratios[1], kFactorOne);
}

TEST(Roll, WithoutACommonCloseTheAdjustedSeriesBeginsBehindTheRoll) {
  HistoryMaker maker;
  maker.contract("ESM5", Date(2025, 6, 1)).contract("ESU5", Date(2025, 9, 1));
  maker.date(kMonday, {{0, 100, 9}})
      .date(kMonday + 1, {{0, 100, 9}})
      .date(kMonday + 2, {{1, 110, 9}})
      .date(kMonday + 3, {{1, 111, 9}});
  const auto series = make_series(maker.history(), {.method = RollMethod::kVolume}, es_dates(), {});
  ASSERT_TRUE(series);
  EXPECT_EQ(series->dates_without_bar, 1U) << "on Wednesday the volume was still the old one's";
  EXPECT_EQ(series->differences[0], std::nullopt);
  EXPECT_EQ(series->ratios[0], std::nullopt);
  EXPECT_EQ(series->differences[1], 0);
}

TEST(Roll, RatiosNeedPositivePrices) {
  const Stretch first{.first_date = 0, .contract = 0};
  Stretch second{.first_date = 1, .contract = 1};
  second.gap = Stretch::Gap{0, price_of(-37.63), price_of(20)};
  EXPECT_EQ(ratio_adjustments({first, second})[0], std::nullopt);
  EXPECT_EQ(difference_adjustments({first, second})[0], price_of(57.63));
  second.gap = Stretch::Gap{0, 1, price_of(1'000)};
  EXPECT_EQ(ratio_adjustments({first, second})[0], std::nullopt) << "no market does that";
}

TEST(Roll, TimesRoundsHalvesAwayFromZero) {
  const struct {
    Price price;
    Factor factor;
    Price expected;
  } cases[] = {{3, kFactorOne / 2, 2},
               {-3, kFactorOne / 2, -2},
               {1, kFactorOne / 2 - 1, 0},
               {5'000 * kPriceScale, kFactorOne + kFactorOne / 100, 5'050 * kPriceScale},
               {7, 0, 0}};
  for (const auto& c : cases) EXPECT_EQ(times(c.price, c.factor), c.expected);
}

// Random histories of four contracts.
HistoryMaker random_history(int dates) {
  HistoryMaker maker;
  maker.contract("ESM5", Date(2025, 6, 1), kMonday + 5)
      .contract("ESU5", Date(2025, 9, 1), kMonday + 30)
      .contract("ESZ5", Date(2025, 12, 1))
      .contract("ESH6", Date(2026, 3, 1), Date(2026, 3, 20));
  for (int i = 0; i < dates; ++i) {
    std::vector<Traded> traded;
    for (ContractNumber n = 0; n < 4; ++n)
      if (*rc::gen::inRange(0, 5) > 0)
        traded.push_back({n, *rc::gen::inRange(-20, 200) * 0.25, *rc::gen::inRange(0, 6)});
    maker.date(kMonday + i, traded);
  }
  return maker;
}

const char* const kRules[] = {"volume", "volume_forward", "calendar", "days:3"};

TEST(RollProperty, NothingLaterChangesAChoice) {
  EXPECT_TRUE(rc::check("no look-ahead", [] {
    const int dates = *rc::gen::inRange(2, 30);
    const HistoryMaker one = random_history(dates);
    const int common = *rc::gen::inRange(1, dates);
    ContractHistory other = random_history(dates).history();
    for (int i = 0; i < common; ++i)
      other.days[static_cast<std::size_t>(i)] = one.history().days[static_cast<std::size_t>(i)];
    for (const char* text : kRules) {
      RollRule rule = parse_roll_rule(text).value();
      if (!rule.is_forward()) rule.rank = *rc::gen::inRange(0, 3);
      const auto first = make_series(one.history(), rule, es_dates(), {});
      const auto second = make_series(other, rule, es_dates(), {});
      RC_ASSERT(first.has_value() && second.has_value());
      // A date is chosen before it begins: the choice may depend on dates before it alone. (A
      // calendar also looks at what trades on the date, to refuse; never to choose another.)
      const auto a = choose_contracts(one.history(), rule, es_dates(), {}).value();
      const auto b = choose_contracts(other, rule, es_dates(), {}).value();
      const auto same = static_cast<std::ptrdiff_t>(common);
      RC_ASSERT(std::equal(a.begin(), a.begin() + same, b.begin()));
      if (rule.method == RollMethod::kVolume || rule.is_forward())
        RC_ASSERT(a[static_cast<std::size_t>(common)] == b[static_cast<std::size_t>(common)] ||
                  common == dates);
      // Unadjusted rows up to there are the same, roll flags and all.
      const auto rows_until = [&](const Series& series) {
        std::vector<std::tuple<std::size_t, ContractNumber, bool>> rows;
        for (const SeriesDay& day : series.days)
          if (day.date < static_cast<std::size_t>(common))
            rows.emplace_back(day.date, day.contract, day.roll);
        return rows;
      };
      RC_ASSERT(rows_until(*first) == rows_until(*second));
    }
  }));
}

TEST(RollProperty, WithinAContractAdjustedMovesAreUnadjustedMoves) {
  EXPECT_TRUE(rc::check("differences move alike, and meet at rolls", [] {
    const HistoryMaker maker = random_history(*rc::gen::inRange(2, 30));
    const RollRule rule = parse_roll_rule(*rc::gen::elementOf(std::vector<std::string>(
                                              std::begin(kRules), std::end(kRules))))
                              .value();
    const Series series = make_series(maker.history(), rule, es_dates(), {}).value();
    for (std::size_t i = 1; i < series.days.size(); ++i) {
      const SeriesDay& before = series.days[i - 1];
      const SeriesDay& day = series.days[i];
      const auto adjust = Adjuster::of(series, before.stretch, Adjustment::kDifference);
      if (!adjust) continue;
      const auto adjust_now = Adjuster::of(series, day.stretch, Adjustment::kDifference);
      RC_ASSERT(adjust_now.has_value());
      const Price move = (*adjust_now)(maker.history().find(day.date, day.contract)->close) -
                         (*adjust)(maker.history().find(before.date, before.contract)->close);
      if (day.stretch == before.stretch) {
        RC_ASSERT(move == maker.history().find(day.date, day.contract)->close -
                              maker.history().find(before.date, day.contract)->close);
      }
    }
    for (std::size_t i = 1; i < series.stretches.size(); ++i) {
      if (!series.differences[i - 1]) continue;
      const auto& gap = series.stretches[i].gap;
      RC_ASSERT(gap.has_value());
      RC_ASSERT(gap->before + *series.differences[i - 1] == gap->after + *series.differences[i]);
    }
  }));
}

TEST(RollProperty, ForwardRulesNeverGoBack) {
  EXPECT_TRUE(rc::check("deliveries only grow", [] {
    const HistoryMaker maker = random_history(*rc::gen::inRange(2, 40));
    const Series series =
        make_series(maker.history(), {.method = RollMethod::kVolumeForward}, es_dates(), {})
            .value();
    for (std::size_t i = 1; i < series.stretches.size(); ++i)
      RC_ASSERT(series.stretches[i - 1].contract < series.stretches[i].contract);
  }));
}

}  // namespace
}  // namespace fm::bars
