#include "capture/log.h"

#include <gtest/gtest.h>

#include "capture/log_reader.h"
#include "capture/markers.h"
#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

class LogTest : public ::testing::Test {
 protected:
  // For a log's first day, when no session tells it.
  LogTest() { env_.set_now(kMorning); }

  std::unique_ptr<Log> open(const LogOptions& options) {
    auto log = Log::open(env_, options);
    EXPECT_TRUE(log.has_value()) << log.error().message();
    return *std::move(log);
  }
  std::unique_ptr<Log> open() { return open(by_hand(log_)); }
  std::string day_file(std::string_view name) const {
    return join(join(log_, kMonday.iso()), name);
  }

  TestDirectory dir_;
  FaultEnv env_;
  const std::string log_ = dir_.file("capture/GLBX.MDP3");
};

TEST_F(LogTest, GivesBackWhatWasAppended) {
  const Bytes records = trades(1, 1000, kMorning);
  auto log = open();
  ASSERT_TRUE(log->begin_session(session_metadata()));
  EXPECT_EQ(log->synced(), Position{});
  ASSERT_TRUE(log->append(block_of(records)));
  EXPECT_EQ(log->written().day, kMonday);
  EXPECT_EQ(log->newest_arrival(), kMorning + 999'000'000);
  EXPECT_TRUE(read_log(env_, log_).records.empty()) << "not durable yet";
  ASSERT_TRUE(log->sync());
  EXPECT_EQ(log->synced(), log->written());
  EXPECT_EQ(read_log(env_, log_).records, records);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(read_log(env_, log_).records, records);
  EXPECT_EQ(files_of(log_, kMonday), (std::vector<std::string>{"0001.dbn", "0001.idx"}));
  EXPECT_EQ(log->figures().records, 1001U);
}

TEST_F(LogTest, GoesOnInANewSegmentAfterARestart) {
  Bytes all;
  for (std::uint32_t run = 0; run < 3; ++run) {
    auto log = open();
    EXPECT_EQ(log->newest_arrival(), run == 0 ? 0 : kMorning + (run - 1) * kNanosPerSecond);
    const Bytes record = bytes_of(trade(run, kMorning + run * kNanosPerSecond));
    ASSERT_TRUE(log->append(block_of(record)));
    ASSERT_TRUE(log->close());
    all = all + record;
  }
  EXPECT_EQ(read_log(env_, log_).records, all);
  EXPECT_EQ(Log::open(env_, by_hand(log_)).value()->written().segment, 3U);
}

TEST_F(LogTest, MakesSegmentsThatAnyReaderOfDbnReads) {
  for (const bool compress : {false, true}) {
    const std::string where = dir_.file(compress ? "packed" : "plain");
    auto options = by_hand(where);
    options.segment_bytes = 20'000;
    options.compress = compress;
    auto log = open(options);
    const Bytes mapped = bytes_of(mapping(5482, "ES.c.0", "ESM5"));
    Bytes all;
    ASSERT_TRUE(log->append(block_of(mapped)));
    for (std::uint32_t i = 0; i < 10; ++i) {
      const Bytes some = trades(i * 100, 100, kMorning + i * kNanosPerSecond);
      ASSERT_TRUE(log->append(block_of(some)));
      all = all + some;
    }
    ASSERT_TRUE(log->close());
    ASSERT_TRUE(log->work_off());
    log.reset();

    Bytes from_files;
    for (int number = 1; number <= 5; ++number) {
      const std::string path = join(join(where, kMonday.iso()),
                                    fmt::format("{:04}.dbn{}", number, compress ? ".zst" : ""));
      const Bytes records = read_segment(path);
      EXPECT_EQ(Bytes(records.begin(), records.begin() + 176), mapped) << path;
      from_files = from_files + data_only(records);
    }
    EXPECT_EQ(from_files, all);
    EXPECT_EQ(read_log(env_, where).records, all);
    EXPECT_EQ(files_of(where, kMonday).size(), 10U);
  }
}

TEST_F(LogTest, BeginsSegmentsWithTheMappingsInForce) {
  auto options = by_hand(log_);
  options.segment_bytes = 1;  // every append begins one
  auto log = open(options);
  const Bytes first =
      bytes_of(mapping(1, "ES.c.0", "ESM5")) + bytes_of(mapping(2, "ZL.c.0", "ZLN5"));
  const Bytes over = bytes_of(mapping(3, "GC.c.0", "GCM5", kMorning + 1));
  const Bytes again = bytes_of(mapping(1, "ES.c.0", "ESU5"));
  ASSERT_TRUE(log->append(block_of(first)));
  ASSERT_TRUE(log->append(block_of(over)));
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(1, kMorning + 5)))));
  ASSERT_TRUE(log->append(block_of(again)));
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(2, kMorning + 6)))));
  ASSERT_TRUE(log->close());
  log.reset();
  const Bytes in_force = bytes_of(mapping(2, "ZL.c.0", "ZLN5")) + again;
  EXPECT_EQ(read_segment(day_file("0005.dbn")), in_force + bytes_of(trade(2, kMorning + 6)));

  // … and those of the process before.
  log = open(options);
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(3, kMorning + 7)))));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(read_segment(day_file("0006.dbn")), in_force + bytes_of(trade(3, kMorning + 7)));
}

TEST_F(LogTest, ReadersGetTheMappingsOnce) {
  auto options = by_hand(log_);
  options.segment_bytes = 1;
  auto log = open(options);
  ASSERT_TRUE(log->append(block_of(bytes_of(mapping(1, "ES.c.0", "ESM5")))));
  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(log->append(block_of(bytes_of(trade(i, kMorning + i)))));
  ASSERT_TRUE(log->close());
  const auto count = [&](LogReaderOptions reading) {
    auto reader = LogReader::open(env_, log_, reading);
    int mappings = 0;
    for (;;) {
      const auto block = reader->next();
      if (!block || block->empty()) return mappings;
      for (const dbn::RecordView record : *block)
        mappings += record.rtype() == dbn::RType::kSymbolMapping;
    }
  };
  EXPECT_EQ(count({}), 2) << "the first segment's copy, and the record itself";
  auto reader = LogReader::open(env_, log_);
  ASSERT_TRUE(reader->next().has_value());
  EXPECT_EQ(reader->metadata().dataset, kDataset);
}

TEST_F(LogTest, CutsDaysByTheStreamsClock) {
  const Nanos cut = *parse_iso_nanos("2025-06-16T21:30:00Z");
  env_.set_now(*parse_iso_nanos("2030-01-01T00:00:00Z"));  // says nothing
  auto log = open();
  const Bytes before = trades(1, 3, cut - 10'000'000);
  const Bytes behind = trades(4, 3, cut);
  const Bytes replayed = trades(7, 2, cut - 20'000'000);
  ASSERT_TRUE(log->append(block_of(before + behind)));
  EXPECT_EQ(log->written().day, kMonday + 1);
  ASSERT_TRUE(log->append(block_of(replayed)));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(*days(env_, log_), (std::vector<Date>{kMonday, kMonday + 1}));
  EXPECT_EQ(read_log(env_, log_, {.to_day = kMonday}).records, before);
  EXPECT_EQ(read_log(env_, log_, {.from_day = kMonday + 1}).records, behind + replayed);
  EXPECT_EQ(read_log(env_, log_).records, before + behind + replayed);
}

TEST_F(LogTest, BeginsTheDayThatASessionStartsIn) {
  auto log = open();
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(1, kMorning)))));
  const Nanos next_week = kMorning + 7 * kNanosPerDay;
  ASSERT_TRUE(log->begin_session(session_metadata(next_week)));
  EXPECT_EQ(log->written().day, kMonday + 7);
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(2, next_week + 5)))));
  EXPECT_EQ(log->written(), (Position{kMonday + 7, 1, log->written().byte}));
}

TEST_F(LogTest, LeavesUnusableClocksOutOfTheCut) {
  struct {
    const char* what;
    void (*change)(dbn::Mbp1Msg&);
  } const cases[] = {
      {"undefined", [](dbn::Mbp1Msg& r) { r.ts_recv = kUndefTime; }},
      {"marked as bad",
       [](dbn::Mbp1Msg& r) {
         r.flags = dbn::kFlagBadTsRecv;
         r.ts_recv += kNanosPerDay / 2;
       }},
      {"days behind its event", [](dbn::Mbp1Msg& r) { r.ts_recv += 3 * kNanosPerDay; }},
      {"of nobody",
       [](dbn::Mbp1Msg& r) {
         r.header.publisher_id = 0;
         r.ts_recv += kNanosPerDay / 2;
       }},
  };
  auto log = open();
  ASSERT_TRUE(log->append(block_of(bytes_of(trade(1, kMorning)))));
  for (const auto& c : cases) {
    auto record = trade(2, kMorning + 1);
    c.change(record);
    ASSERT_TRUE(log->append(block_of(bytes_of(record))));
    EXPECT_EQ(log->written().day, kMonday) << c.what;
    EXPECT_EQ(log->newest_arrival(), kMorning) << c.what;
  }
}

TEST_F(LogTest, TakesTsOutOff) {
  auto log = open();
  Bytes sent;
  Bytes expected;
  for (std::uint32_t i = 0; i < 3; ++i) {
    Bytes record = bytes_of(trade(i, kMorning + i));
    expected = expected + record;
    record[0] = std::byte{(80 + 8) / 4};
    record.resize(88, static_cast<std::byte>(i));
    sent = sent + record;
  }
  ASSERT_TRUE(log->append(block_of(sent, dbn::kTsOutBytes)));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(read_log(env_, log_).records, expected);
}

TEST_F(LogTest, MarksSessionsAndGaps) {
  env_.set_now(kMorning);
  auto log = open();
  ASSERT_TRUE(log->begin_session(session_metadata(), kMorning - 5));
  ASSERT_TRUE(log->mark_gap(kMorning - 90, kMorning, "over 24 h"));
  ASSERT_TRUE(log->close());
  std::vector<Marker> markers;
  const Bytes records = read_segment(day_file("0001.dbn"));
  for (const dbn::RecordView record : block_of(records))
    if (const auto marker = decode_marker(record)) markers.push_back(*marker);
  EXPECT_EQ(markers, (std::vector<Marker>{
                         SessionMarker{.start = kMorning - 5},
                         GapMarker{.from = kMorning - 90, .to = kMorning, .reason = "over 24 h"}}));
  auto reader = LogReader::open(env_, log_);
  ASSERT_TRUE(reader->next());
  EXPECT_EQ(reader->metadata().start, kMorning - 5);
}

// Else a reader that waits for more would find it there at once, again and again.
TEST_F(LogTest, OpensAtTheEndThatReadersReach) {
  for (const bool damaged : {false, true}) {
    ASSERT_TRUE(remove_tree(env_, log_));
    auto log = open();
    ASSERT_TRUE(log->append(block_of(trades(1, 50, kMorning))));
    ASSERT_TRUE(log->close());
    log.reset();
    if (damaged) flip(day_file("0001.dbn"), size_of(day_file("0001.dbn")) - 5);
    log = open();
    auto reader = *LogReader::open(env_, log_, {.go_on_behind_damage = true});
    for (bool more = true; more;) {
      const auto block = reader.next(log->synced());
      ASSERT_TRUE(block.has_value());
      more = !block->empty();
    }
    EXPECT_EQ(reader.position(), log->synced());
    EXPECT_EQ(reader.damages().size(), damaged ? 1U : 0U);
  }
}

TEST_F(LogTest, RefusesWhatIsNotItsOwn) {
  auto log = open();
  const auto second = Log::open(env_, by_hand(log_));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kBusy);
  EXPECT_TRUE(second.error().can_retry());
  EXPECT_NE(second.error().message().find(log_), std::string::npos);

  auto other = session_metadata();
  other.dataset = "XNAS.ITCH";
  EXPECT_EQ(log->begin_session(other).error().code(), Code::kConflict);
  auto old = session_metadata();
  old.version = 2;
  EXPECT_EQ(log->begin_session(old).error().code(), Code::kUnsupported);
  log.reset();

  auto options = by_hand(log_);
  options.dataset = "XNAS.ITCH";
  const auto wrong = Log::open(env_, options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), Code::kConflict);
  EXPECT_FALSE(wrong.error().advice().empty());

  ASSERT_TRUE(write_text_atomically(env_, join(log_, "format"), "frontmonth-capture 9\n"));
  EXPECT_EQ(Log::open(env_, by_hand(log_)).error().code(), Code::kUnsupported);
}

TEST_F(LogTest, IsDurableAtOnceWithoutAnInterval) {
  auto options = by_hand(log_);
  options.sync_interval = 0;
  auto log = open(options);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(log->append(block_of(bytes_of(trade(i, kMorning + i)))));
    EXPECT_EQ(log->synced(), log->written());
  }
  log.reset();
  env_.drop_unsynced();
  EXPECT_EQ(read_log(env_, log_).records.size(), 3 * sizeof(dbn::Mbp1Msg));
}

TEST_F(LogTest, RemovesOldDays) {
  struct {
    const char* what;
    int days;
    std::uint64_t bytes;
    Date keep_from;
    std::size_t removed;
  } const cases[] = {
      {"by age", 3, ~0ULL, kMonday + 100, 2},
      {"by size", 100, 1, kMonday + 100, 4},
      {"nothing to do", 100, ~0ULL, kMonday + 100, 0},
      {"a cursor stands in the way", 1, 1, kMonday + 1, 1},
      {"the newest stays", 0, 0, kMonday + 100, 4},
  };
  for (const auto& c : cases) {
    const std::string where = dir_.file(c.what);
    auto options = by_hand(where);
    options.retention_days = c.days;
    options.retention_bytes = c.bytes;
    auto log = open(options);
    for (std::uint32_t day = 0; day < 5; ++day)
      ASSERT_TRUE(log->append(block_of(trades(day, 2, kMorning + day * kNanosPerDay))));
    ASSERT_TRUE(log->sync());
    const auto removed = log->remove_old_days(c.keep_from);
    ASSERT_TRUE(removed.has_value()) << removed.error().message();
    EXPECT_EQ(removed->days.size(), c.removed) << c.what;
    EXPECT_EQ(days(env_, where)->size(), 5 - c.removed) << c.what;
    ASSERT_TRUE(log->work_off());
    EXPECT_EQ(read_log(env_, where).records.size(), (5 - c.removed) * 2 * sizeof(dbn::Mbp1Msg));
  }
}

TEST_F(LogTest, PartsBlocksThatAreTooLargeForTheIndex) {
  auto log = open();
  const Bytes many = trades(1, 150'000, kMorning);  // 12 MB
  const Status appended = log->append(block_of(many));
  ASSERT_TRUE(appended) << appended.error().message();
  ASSERT_TRUE(log->close());
  EXPECT_EQ(read_log(env_, log_).records, many);
}

TEST(LogReader, SaysWhenThereIsNoLog) {
  const auto reader = LogReader::open(Env::posix(), "/nowhere/capture");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace fm::capture
