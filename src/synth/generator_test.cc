#include "synth/generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "base/hash.h"
#include "dbn/enums.h"
#include "market/contract.h"

namespace fm::synth {
namespace {

using market::Calendar;
using market::Universe;

Result<Generator> generator_of(const Options& options) {
  return Generator::create(Universe::builtin(), Calendar::builtin(), options);
}

std::vector<dbn::Mbp1Msg> all_of(Generator& generator) {
  std::vector<dbn::Mbp1Msg> records;
  for (auto block = generator.next(); !block.empty(); block = generator.next()) {
    records.insert(records.end(), block.begin(), block.end());
  }
  return records;
}

std::string hash_of_session(const Options& options) {
  auto generator = generator_of(options);
  if (!generator) return generator.error().message();
  Hasher hasher;
  for (auto block = generator->next(); !block.empty(); block = generator->next()) {
    hasher.add(std::as_bytes(block));
  }
  return hasher.digest().hex();
}

// The same bytes on every machine and with every compiler. These hashes change only together with
// the generator, the calendar or the universe, on purpose.
TEST(Generator, GivesTheSameBytesEverywhere) {
  Options rolled_week{
      .roots = {"ES", "CL", "ZL"}, .first_date = {2024, 3, 6}, .days = 5, .trades = 60'000};
  Options grains{.roots = {"ZL"}, .trades = 5'000, .seed = 7};
  Options dense{.roots = {"NQ"},
                .first_date = {2023, 11, 1},
                .trades = 300'000,
                .seed = 2,
                .trades_per_active_second = 13};
  struct {
    Options options;
    const char* hash;
  } const cases[] = {{{.trades = 50'000}, "cbee61b93e6064f6494bbd3119098122"},
                     {rolled_week, "87ca832651a171659fd44de5c27f5da7"},
                     {grains, "769ba2c917129510ccddce2db3662d89"},
                     {dense, "e5cdf988f3ebb0569ad4580fa6eaca3b"}};
  for (const auto& c : cases) {
    EXPECT_EQ(hash_of_session(c.options), c.hash);
    EXPECT_EQ(hash_of_session(c.options), hash_of_session(c.options));
  }
}

TEST(Generator, SeedChangesEverything) {
  EXPECT_NE(hash_of_session({.trades = 1'000, .seed = 1}),
            hash_of_session({.trades = 1'000, .seed = 2}));
}

TEST(Generator, GivesExactlyTheTradesAskedFor) {
  struct {
    std::vector<std::string> roots;
    int days;
    std::uint64_t trades;
  } const cases[] = {{{"ES"}, 1, 1},
                     {{"ES", "NQ", "CL", "ZL"}, 1, 3},
                     {{"ZL"}, 1, 10},
                     {{"ZL", "LE"}, 2, 999},
                     {{"ES", "6J"}, 1, 1'000},
                     {{"GC", "ZR"}, 3, 20'011},
                     {{"ES"}, 1, 900'000},
                     {{"ZC"}, 1, 900'000},
                     {{"NQ", "ES"}, 0, 1'800'001}};
  for (const auto& c : cases) {
    auto generator = generator_of({.roots = c.roots, .days = c.days, .trades = c.trades});
    ASSERT_TRUE(generator) << generator.error().message();
    std::uint64_t count = 0;
    for (auto block = generator->next(); !block.empty(); block = generator->next())
      count += block.size();
    EXPECT_EQ(count, c.trades);
    EXPECT_TRUE(generator->next().empty()) << "the end stays the end";
  }
}

TEST(Generator, EveryRootOfTheUniverseTrades) {
  for (const market::Root& root : Universe::builtin().roots()) {
    auto generator = generator_of({.roots = {root.name}, .trades = 2'000});
    ASSERT_TRUE(generator) << root.name << ": " << generator.error().message();
    EXPECT_EQ(all_of(*generator).size(), 2'000U) << root.name;
    for (const Instrument& instrument : generator->instruments()) {
      EXPECT_EQ(market::is_outright(instrument.symbol), !instrument.is_spread) << instrument.symbol;
      EXPECT_EQ(market::classify(instrument.symbol) == market::SymbolKind::kSpread,
                instrument.is_spread)
          << instrument.symbol;
    }
  }
}

TEST(Generator, InstrumentIdsAreUnique) {
  std::set<std::uint32_t> ids;
  std::set<std::string> symbols;
  for (const market::Root& root : Universe::builtin().roots()) {
    auto generator = generator_of({.roots = {root.name}, .days = 60, .trades = 100});
    ASSERT_TRUE(generator) << generator.error().message();
    for (const Instrument& instrument : generator->instruments()) {
      EXPECT_TRUE(ids.insert(instrument.id).second) << instrument.symbol;
      EXPECT_TRUE(symbols.insert(instrument.symbol).second) << instrument.symbol;
    }
  }
}

TEST(Generator, RefusesWhatCannotBe) {
  struct {
    Options options;
    const char* says;
  } const cases[] = {
      {{.roots = {}}, "no roots"},
      {{.roots = {"XX"}}, "\"XX\" is not in the universe"},
      {{.roots = {"ES", "CL", "ES"}}, "ES is named twice"},
      {{.trades = 0}, "0 trades"},
      {{.trades = kTradesMax + 1}, "1000000001 trades"},
      {{.days = -1}, "-1 days"},
      {{.first_date = {1999, 1, 4}}, "1999-01-04"},
      {{.roots = {"ES"}, .days = 2, .trades = 1'800'001}, "ask for 3 days"},
  };
  for (const auto& c : cases) {
    const auto generator = generator_of(c.options);
    ASSERT_FALSE(generator) << c.says;
    EXPECT_EQ(generator.error().code(), Code::kInvalidArgument);
    EXPECT_NE(generator.error().message().find(c.says), std::string::npos)
        << generator.error().message();
  }
}

TEST(Generator, SkipsDaysWithoutTrading) {
  // From a Saturday over Good Friday of 2025, when nothing of these trades.
  const auto generator =
      generator_of({.roots = {"ZL"}, .first_date = {2025, 4, 12}, .days = 5, .trades = 500});
  ASSERT_TRUE(generator) << generator.error().message();
  std::vector<std::string> dates;
  for (const Date date : generator->trade_dates()) dates.push_back(date.iso());
  EXPECT_EQ(dates, (std::vector<std::string>{"2025-04-14", "2025-04-15", "2025-04-16", "2025-04-17",
                                             "2025-04-21"}));
}

class Session : public testing::Test {
 protected:
  void generate(const Options& options) {
    auto generator = generator_of(options);
    ASSERT_TRUE(generator) << generator.error().message();
    records_ = all_of(*generator);
    start_ = generator->start();
    end_ = generator->end();
    rolls_.assign(generator->rolls().begin(), generator->rolls().end());
    for (const Instrument& instrument : generator->instruments()) {
      instruments_.emplace(instrument.id, instrument);
    }
  }
  const Instrument& instrument(const dbn::Mbp1Msg& record) const {
    return instruments_.at(record.header.instrument_id);
  }

  std::vector<dbn::Mbp1Msg> records_;
  std::map<std::uint32_t, Instrument> instruments_;
  std::vector<Roll> rolls_;
  Nanos start_ = 0;
  Nanos end_ = 0;
};

bool is_crossed(const dbn::Mbp1Msg& record) {
  const dbn::BidAskPair& book = record.levels[0];
  return book.ask_px == kUndefPrice || book.bid_px >= book.ask_px;
}

TEST_F(Session, RecordsAreWhatTheVendorWrites) {
  generate({.first_date = {2025, 6, 11}, .days = 3, .trades = 120'000});
  Nanos last_arrival = start_;
  std::uint32_t last_sequence = 0;
  for (const dbn::Mbp1Msg& record : records_) {
    ASSERT_EQ(record.header.length, dbn::kLengthOf<dbn::Mbp1Msg>);
    ASSERT_EQ(record.header.rtype, dbn::RType::kMbp1);
    ASSERT_EQ(record.header.publisher_id, 1);
    ASSERT_TRUE(instruments_.contains(record.header.instrument_id));
    ASSERT_EQ(record.action, 'T');
    ASSERT_GE(record.size, 1U);
    ASSERT_LE(record.size, 2'000U);
    ASSERT_GE(record.ts_recv, last_arrival);
    ASSERT_GT(record.ts_recv, record.header.ts_event);
    ASSERT_LT(record.ts_recv, end_);
    ASSERT_GT(record.ts_in_delta, 0);
    ASSERT_GE(record.sequence, last_sequence);
    last_arrival = record.ts_recv;
    last_sequence = record.sequence;
  }
}

TEST_F(Session, PricesLieOnTheGridAndAtTheQuotes) {
  generate({.trades = 200'000});
  for (const dbn::Mbp1Msg& record : records_) {
    const Price tick = *Universe::builtin().find(instrument(record).root)->tick_size({2025, 6, 10});
    const dbn::BidAskPair& book = record.levels[0];
    ASSERT_EQ(record.price % tick, 0) << instrument(record).symbol;
    ASSERT_EQ(book.bid_px % tick, 0);
    if (is_crossed(record)) {
      ASSERT_EQ(record.side, 'N') << "only auctions cross";
      continue;
    }
    ASSERT_EQ(book.ask_px % tick, 0);
    ASSERT_LE(book.ask_px - book.bid_px, 2 * tick);
    ASSERT_LE(book.bid_ct, book.bid_sz);
    ASSERT_LE(book.ask_ct, book.ask_sz);
    ASSERT_GE(book.bid_ct, 1U);
    ASSERT_GE(book.ask_ct, 1U);
    // A sweep goes through the book as it was before.
    const bool at_the_quotes = record.side == 'B' ? record.price >= book.ask_px
                               : record.side == 'A'
                                   ? record.price <= book.bid_px
                                   : book.bid_px <= record.price && record.price <= book.ask_px;
    ASSERT_TRUE(at_the_quotes) << record.side << " " << record.price;
  }
}

TEST_F(Session, BothSidesAndAllSizesTrade) {
  generate({.trades = 200'000});
  std::map<char, std::size_t> sides;
  std::size_t large = 0;
  for (const dbn::Mbp1Msg& record : records_) {
    ++sides[record.side];
    large += record.size >= 25 ? 1 : 0;
  }
  EXPECT_GT(sides['A'], 80'000U);
  EXPECT_GT(sides['B'], 80'000U);
  EXPECT_GT(sides['N'], 300U);
  EXPECT_EQ(sides.size(), 3U);
  EXPECT_GT(large, 1'000U);
  EXPECT_LT(large, 8'000U);
}

TEST_F(Session, OnlyMarkedTradesLieOutsideTheSessions) {
  const std::vector<std::string> roots = {"ES", "CL", "ZL", "LE"};
  generate({.roots = roots,
            .first_date = {2025, 11, 26},
            .days = 4,
            .trades = 200'000});  // Thanksgiving
  const Calendar& calendar = Calendar::builtin();
  std::map<std::string, std::size_t> off_session;
  std::map<std::string, std::size_t> late;
  std::map<std::string, std::size_t> too_late;
  Second clock = 0;
  for (const dbn::Mbp1Msg& record : records_) {
    const std::string& root = instrument(record).root;
    const Second event = second_of(record.header.ts_event);
    clock = std::max(clock, second_of(record.ts_recv));
    if (!calendar.span_at(calendar.template_of(root), event)) ++off_session[root];
    if (event < clock - 2) ++(event < clock - 60 ? too_late : late)[root];
  }
  for (const std::string& root : roots) {
    EXPECT_GE(off_session[root], 2U) << root;
    EXPECT_LE(off_session[root], 4 * 4U)
        << root << ": more than ten a day would contradict the calendar";
    EXPECT_GE(late[root], 2U) << root;
    EXPECT_GE(too_late[root], 2U) << root;
    EXPECT_LE(late[root] + too_late[root], 4 * 6U) << root;
  }
}

TEST_F(Session, FeaturesCanBeTurnedOff) {
  generate({.trades = 100'000,
            .features = {.roll = false,
                         .spreads = false,
                         .auctions = false,
                         .off_session = false,
                         .late = false}});
  const Calendar& calendar = Calendar::builtin();
  std::map<std::string, std::map<std::string, std::size_t>> trades;
  for (const dbn::Mbp1Msg& record : records_) {
    const Instrument& traded = instrument(record);
    ASSERT_FALSE(traded.is_spread);
    ASSERT_FALSE(is_crossed(record));
    ASSERT_TRUE(
        calendar.span_at(calendar.template_of(traded.root), second_of(record.header.ts_event)));
    ASSERT_LT(record.ts_recv - record.header.ts_event, kNanosPerSecond);
    ++trades[traded.root][traded.symbol];
  }
  EXPECT_TRUE(rolls_.empty());
  for (const auto& [root, by_contract] : trades) {
    EXPECT_EQ(by_contract.size(), 2U);
    EXPECT_GT(by_contract.begin()->second, 20 * by_contract.rbegin()->second) << root;
  }
}

TEST_F(Session, TheBreakIsEmptyAndTheOpenIsAnAuction) {
  generate({.roots = {"ZL"}, .trades = 40'000, .features = {.off_session = false}});
  const Calendar& calendar = Calendar::builtin();
  const auto spans = calendar.spans_of(calendar.template_of("ZL"), {2025, 6, 10});
  ASSERT_EQ(spans.size(), 2U);
  std::map<Second, std::size_t> crossed;
  for (const dbn::Mbp1Msg& record : records_) {
    const Second event = second_of(record.header.ts_event);
    ASSERT_FALSE(spans[0].close <= event && event < spans[1].open);
    if (is_crossed(record)) ++crossed[event];
  }
  ASSERT_FALSE(crossed.empty());
  for (const auto& [second, count] : crossed) {
    EXPECT_TRUE(second == spans[0].open || second == spans[1].open);
    EXPECT_LE(count, 12U);
  }
}

struct Volumes {
  std::uint64_t near = 0;
  std::uint64_t next = 0;
};

TEST_F(Session, VolumeRollsOnceInTheMiddle) {
  struct {
    std::vector<std::string> roots;
    int days;
    std::uint64_t trades;
    const char* first_roll_date;
  } const cases[] = {{{"ES", "CL"}, 1, 100'000, "2025-06-10"},
                     {{"ES", "ZL"}, 5, 200'000, "2025-06-12"},
                     {{"NQ"}, 2, 10'000, "2025-06-10"}};
  for (const auto& c : cases) {
    instruments_.clear();
    generate({.roots = c.roots, .first_date = {2025, 6, 10}, .days = c.days, .trades = c.trades});
    ASSERT_EQ(rolls_.size(), c.roots.size());
    for (const Roll& roll : rolls_) {
      EXPECT_EQ(roll.trade_date.iso(), c.first_roll_date);
      const Calendar& calendar = Calendar::builtin();
      const auto spans = calendar.spans_of(calendar.template_of(roll.root), roll.trade_date);
      const Second middle = (spans.front().open + spans.back().close) / 2;
      Volumes before;
      Volumes after;
      for (const dbn::Mbp1Msg& record : records_) {
        const Instrument& traded = instrument(record);
        Volumes& volumes = second_of(record.header.ts_event) < middle ? before : after;
        if (traded.symbol == roll.from) volumes.near += record.size;
        if (traded.symbol == roll.to) volumes.next += record.size;
      }
      EXPECT_GT(before.near, 2 * before.next) << roll.root;
      EXPECT_GT(after.next, 2 * after.near) << roll.root;
    }
  }
}

TEST_F(Session, LongRunsRollAsTheCalendarSays) {
  generate({.roots = {"CL"}, .first_date = {2025, 1, 2}, .days = 120, .trades = 12'000});
  ASSERT_GE(rolls_.size(), 3U);
  for (std::size_t i = 1; i < rolls_.size(); ++i) {
    EXPECT_EQ(rolls_[i].from, rolls_[i - 1].to);
    EXPECT_GE(rolls_[i].trade_date - rolls_[i - 1].trade_date, 10);
  }
}

TEST(Density, BusyDaysHaveADozenTradesASecond) {
  struct {
    Options options;
    double least;
    double most;
  } const cases[] = {
      {{.roots = {"ES"}, .trades = 800'000}, 0.065, 0.085},
      {{.roots = {"ES"}, .trades = 250'000, .trades_per_active_second = 13}, 0.06, 0.085},
      {{.roots = {"ES"}, .trades = 8'000}, 0.2, 0.4},
  };
  for (const auto& c : cases) {
    auto generator = generator_of(c.options);
    ASSERT_TRUE(generator) << generator.error().message();
    std::set<Second> seconds;
    std::map<Second, std::size_t> per_second;
    for (auto block = generator->next(); !block.empty(); block = generator->next()) {
      for (const dbn::Mbp1Msg& record : block) seconds.insert(second_of(record.header.ts_event));
    }
    const double ratio =
        static_cast<double>(seconds.size()) / static_cast<double>(c.options.trades);
    EXPECT_GE(ratio, c.least) << c.options.trades;
    EXPECT_LE(ratio, c.most) << c.options.trades;
  }
}

}  // namespace
}  // namespace fm::synth
