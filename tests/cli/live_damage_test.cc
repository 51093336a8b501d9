// A byte of the capture log changes between two runs of `frontmonth live`.
#include <signal.h>

#include <algorithm>

#include "capture/index.h"
#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

struct DamagedBlock {
  std::string file;
  std::size_t number = 0;
  capture::Block block;
};

class LiveDamage : public FeedTest {
 protected:
  // Segments of one capture day, in order, without their endings.
  [[nodiscard]] std::vector<std::string> segments(const std::string& lake, const std::string& day) {
    std::vector<std::string> found;
    const std::string folder = join(log_of(lake), day);
    for (const std::string& name : env_.list(folder).value_or(std::vector<std::string>()))
      if (name.ends_with(".dbn")) found.push_back(join(folder, name.substr(0, name.size() - 4)));
    std::ranges::sort(found);
    return found;
  }

  // Changes one byte in the middle of one of the segment's blocks.
  DamagedBlock damage(const std::string& segment, std::size_t number) {
    const std::string bytes = read_text(env_, segment + ".idx").value();
    const auto index = capture::parse_index(std::as_bytes(std::span(bytes)));
    DamagedBlock one{segment + ".dbn", number, {}};
    EXPECT_LT(number, index.blocks.size()) << segment;
    if (number >= index.blocks.size()) return one;
    one.block = index.blocks[number];
    std::string data = read_text(env_, one.file).value();
    data[one.block.offset + one.block.length / 2] ^= 0x20;
    EXPECT_TRUE(write_text_atomically(env_, one.file, data));
    return one;
  }

  static std::string told(const DamagedBlock& one) {
    return one.file + ": block " + std::to_string(one.number) + " at byte " +
           std::to_string(one.block.offset);
  }
  std::uint64_t missing() {
    const Outcome compared = run(
        {"reconcile", "--date", kFirstDate, "--lake", "live", "--from", source().trades, "--json"});
    const std::uint64_t records = number_in(compared.out, "records_missing");
    EXPECT_EQ(compared.exit_code, records == 0 ? 0 : 3) << compared.err << compared.out;
    EXPECT_EQ(number_in(compared.out, "records_extra"), 0U);
    return records;
  }
};

// Records are missing where their block is damaged, and nowhere else; what lies within the
// gateway's replay comes again, and the rest can be fetched.
TEST_F(LiveDamage, IsToldByNameAndByteCostsNothingElseAndIsRepaired) {
  write("frontmonth.yaml",
        read("frontmonth.yaml") + "capture:\n  segment_mib: 1\n  compress: false\n");
  // Many blocks, and several segments.
  constexpr std::uint64_t kPause = 57'500;
  const Gateway gateway = serve({"--fault", rests(1'000, 40) + "," + pause_at(kPause) + "#1"});
  {
    const auto feed = live(gateway, "live");
    await_records(*feed, "live", kPause);
    feed->signal(SIGKILL);
    static_cast<void>(feed->wait());
  }
  const auto files = segments("live", kFirstDate);
  ASSERT_GE(files.size(), 3U);
  // Not the first one, whose first block holds the mappings of the session.
  const DamagedBlock closed = damage(files[1], 1);
  const DamagedBlock open = damage(files.back(), 1);
  const Outcome batch = run({"candles", log_of("live"), "-o", path("candles.csv")});
  EXPECT_EQ(batch.exit_code, 1);
  EXPECT_NE(batch.err.find(closed.file + ": block " + std::to_string(closed.number)),
            std::string::npos)
      << batch.err;
  const auto feed = live(gateway, "live", {"--until-end"});
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_NE(feed->err().find(told(closed)), std::string::npos) << feed->err();
  EXPECT_NE(feed->err().find(told(open)), std::string::npos) << feed->err();
  const std::uint64_t records = missing();
  EXPECT_GE(records, closed.block.record_count);
  EXPECT_LE(records, closed.block.record_count + open.block.record_count);

  const Outcome repaired = run({"repair", "--lake", "live", "--from", source().trades});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.err;
  EXPECT_EQ(missing(), 0U) << repaired.out;
  expect_batch_rows("live");
  EXPECT_EQ(result({"query", "SELECT count(*) AS n FROM feed_gaps WHERE NOT repaired", "--lake",
                    "live", "--format", "csv"}),
            "n\n0\n");
}

}  // namespace
}  // namespace fm::testing_cli
