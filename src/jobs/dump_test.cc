#include "jobs/dump.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "base/text_file.h"
#include "dbn/writer.h"

namespace fm::jobs {
namespace {

const std::string kData = FM_SHARED_DATA;

class DumpTest : public testing::Test {
 protected:
  void need(const std::string& path) {
    if (!env_.exists(path)) GTEST_SKIP() << "shared data absent: " << path;
  }
  std::string dumped(DumpOptions options) {
    TextFile out;
    const auto report = dump(env_, options, out);
    EXPECT_TRUE(report) << report.error().message();
    return out.text();
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  Env& env_ = Env::posix();
};

TEST_F(DumpTest, TextIsThatOfTheVendorsTools) {
  const std::string samples = join(kData, "text-samples");
  need(samples);
  for (const std::string schema :
       {"tbbo", "trades", "ohlcv-1m", "definition", "mbp-10", "statistics"}) {
    const std::string file = fmt::format("{}/glbx-fixtures/test_data.{}.dbn.zst", kData, schema);
    for (const bool csv : {false, true}) {
      const std::string ending = csv ? "csv" : "json";
      EXPECT_EQ(dumped({.input = file, .csv = csv, .upgrade = true}),
                read_text(env_, fmt::format("{}/glbx.{}.raw.{}", samples, schema, ending)).value())
          << schema << ending;
      EXPECT_EQ(
          dumped({.input = file, .csv = csv, .pretty = true, .symbols = true, .upgrade = true}),
          read_text(env_, fmt::format("{}/glbx.{}.pretty-sym.{}", samples, schema, ending)).value())
          << schema << ending;
    }
  }
}

TEST_F(DumpTest, LimitCountsRecordsAndMetadataStandsAlone) {
  const std::string file = join(kData, "esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn");
  need(file);
  EXPECT_EQ(lines(dumped({.input = file, .limit = 3})), 3u);
  EXPECT_EQ(lines(dumped({.input = file, .csv = true, .limit = 3})), 4u);
  EXPECT_EQ(dumped({.input = file, .limit = 0}), "");
  EXPECT_EQ(lines(dumped({.input = file})), 2973u);
  const std::string header = dumped({.input = file, .metadata = true});
  EXPECT_EQ(lines(header), 1u);
  EXPECT_NE(header.find("\"GLBX.MDP3\""), std::string::npos) << header;
}

TEST_F(DumpTest, FragmentsNeedTheirVersion) {
  const std::string file = join(kData, "dbn-fixtures/test_data.definition.v1.dbn.frag.zst");
  need(file);
  EXPECT_EQ(lines(dumped({.input = file, .fragment_version = 1})), 2u);
  TextFile out;
  const auto without = dump(env_, {.input = file}, out);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), Code::kUnsupported) << without.error().message();
}

TEST_F(DumpTest, TextAndOldInputsAreRefused) {
  need(kData);
  for (const std::string file :
       {"text-samples/glbx.tbbo.raw.json", "dbn-fixtures/test_data.tbbo.dbz"}) {
    TextFile out;
    const auto refused = dump(env_, {.input = join(kData, file)}, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kUnsupported) << refused.error().message();
  }
}

// A file of one trade and one bar, and where it lies.
std::string two_kinds(Env& env, const std::string& folder) {
  const std::string path = join(folder, "mixed.dbn");
  auto sink = dbn::create_output(env, path);
  EXPECT_TRUE(sink);
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  auto writer = dbn::Writer::open(std::move(*sink), metadata);
  EXPECT_TRUE(writer);
  dbn::TradeMsg trade{};
  trade.header.rtype = dbn::RType::kTrades;
  dbn::OhlcvMsg bar{};
  bar.header.rtype = dbn::RType::kOhlcv1m;
  EXPECT_TRUE(writer->write(trade) && writer->write(bar) && writer->finish());
  return path;
}

class DumpFileTest : public DumpTest {
 protected:
  const TestDirectory directory_;
  const std::string& folder_ = directory_.path();
};

TEST_F(DumpFileTest, CsvHoldsOneKindAndJsonAll) {
  const std::string file = two_kinds(env_, folder_);
  EXPECT_EQ(lines(dumped({.input = file})), 2u);
  TextFile out;
  const auto refused = dump(env_, {.input = file, .csv = true}, out);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("record 2 is of another kind"), std::string::npos)
      << refused.error().message();
  EXPECT_FALSE(refused.error().advice().empty());
}

TEST_F(DumpFileTest, RecordsBeforeDamageAreShown) {
  const std::string file = two_kinds(env_, folder_);
  std::string bytes = read_text(env_, file).value();
  bytes.resize(bytes.size() - 5);
  ASSERT_TRUE(write_text_atomically(env_, file, bytes));
  TextFile out;
  const auto broken = dump(env_, {.input = file}, out);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), Code::kTruncated);
  EXPECT_EQ(lines(out.text()), 1u);
  TextFile rest;
  const auto salvaged = dump(env_, {.input = file, .salvage = true}, rest);
  ASSERT_TRUE(salvaged) << salvaged.error().message();
  EXPECT_EQ(salvaged->records, 1u);
  EXPECT_TRUE(salvaged->damage.has_value());
}

}  // namespace
}  // namespace fm::jobs
