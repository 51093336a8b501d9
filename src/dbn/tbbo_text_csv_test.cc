#include <gtest/gtest.h>

#include <filesystem>

#include "base/env.h"
#include "dbn/reader.h"
#include "dbn/testing_text.h"

namespace fm::dbn {
namespace {

const std::string kHeader =
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,"
    "ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol";
const std::string kRow =
    "2025-06-16T13:00:00.000200000Z,2025-06-16T13:00:00.000000001Z,1,1,7,T,B,2,6012.250000000,3,"
    "128,"
    "-5,9,6012.000000000,6012.250000000,21,20,11,12,ESM5";

std::vector<OwnedLine> read_rows(const std::string& header, const std::string& rows) {
  const std::string text = header + "\n" + rows;
  return read_text(text, TextForm::kCsv, 100);
}

OwnedLine read_row(const std::string& row) {
  const std::vector<OwnedLine> lines = read_rows(kHeader, row);
  EXPECT_EQ(lines.size(), 1U) << row;
  return lines.empty() ? OwnedLine() : lines.front();
}

TEST(TbboCsv, ReadsEveryColumn) {
  const OwnedLine line = read_row(kRow);
  ASSERT_EQ(line.kind, LineKind::kTbbo) << line.reason;
  EXPECT_EQ(line.record, trade_record());
  EXPECT_EQ(line.symbol, "ESM5");
  EXPECT_EQ(line.line_number, 2U);
  EXPECT_EQ(line.first_byte, kHeader.size() + 1);
}

TEST(TbboCsv, ReadsTheSameRowInOtherSpellings) {
  const OwnedLine expected = read_row(kRow);
  struct {
    const char* what;
    std::string header;
    std::string row;
  } const cases[] = {
      {"tabs", replaced(kHeader, ",", "\t"), replaced(kRow, ",", "\t")},
      {"carriage returns", kHeader + "\r", kRow + "\r\n"},
      {"quotes", replaced(kHeader, "symbol", "\"symbol\""), replaced(kRow, "ESM5", "\"ESM5\"")},
      {"raw", kHeader, replaced(kRow, "6012.250000000", "6012250000000")},
      {"unknown columns", "x," + kHeader + ",y", "\"a,\"\"b\"," + kRow + ","},
      {"mbp-10", replaced(kHeader, ",symbol", ",bid_px_01,symbol"),
       replaced(kRow, ",ESM5", ",x,ESM5")},
      {"byte order mark", "\xEF\xBB\xBF" + kHeader, kRow},
      {"another order", "symbol," + kHeader.substr(0, kHeader.size() - 7),
       "ESM5," + kRow.substr(0, kRow.size() - 5)},
  };
  for (const auto& c : cases) {
    const std::vector<OwnedLine> lines = read_rows(c.header, c.row);
    ASSERT_EQ(lines.size(), 1U) << c.what;
    EXPECT_EQ(lines[0].reason, "") << c.what;
    EXPECT_EQ(lines[0].record, expected.record) << c.what;
    EXPECT_EQ(lines[0].symbol, "ESM5") << c.what;
  }
}

TEST(TbboCsv, TakesEmptyCellsAsUndefined) {
  const OwnedLine line = read_row(",,1,1,7,,,,,3,,,,,,,,,,");
  ASSERT_EQ(line.kind, LineKind::kTbbo) << line.reason;
  EXPECT_EQ(line.record.ts_recv, kUndefTime);
  EXPECT_EQ(line.record.header.ts_event, kUndefTime);
  EXPECT_EQ(line.record.action, '\0');
  EXPECT_EQ(line.record.side, kSideNone);
  EXPECT_EQ(line.record.price, kUndefPrice);
  EXPECT_EQ(line.record.levels[0], (BidAskPair{kUndefPrice, kUndefPrice, 0, 0, 0, 0}));
  EXPECT_EQ(line.symbol, "");
}

TEST(TbboCsv, SaysWhyARowIsMalformed) {
  struct {
    std::string header;
    std::string row;
    const char* reason;
  } const cases[] = {
      {kHeader, kRow + ",x", "not as many cells as the header has"},
      {kHeader, kRow.substr(0, 60), "not as many cells as the header has"},
      {kHeader, replaced(kRow, "ESM5", "\"ESM5"), "a quoted cell does not end"},
      {kHeader, replaced(kRow, "ESM5", "\"ES\"M5"), "a quoted cell does not end"},
      {kHeader, replaced(kRow, ",3,", ",,"), "the value of size does not parse"},
      {kHeader, replaced(kRow, ",3,", ", 3,"), "the value of size does not parse"},
      {kHeader, replaced(kRow, ",6012.250000000,3", ",6e3,3"), "the value of price does not parse"},
      {kHeader, kHeader, "the value of rtype does not parse"},
      {replaced(kHeader, "price", "prize"), kRow, "price is missing"},
      {replaced(kHeader, "action", "acton"), kRow, "action is missing"},
      {replaced(kHeader, "ts_event", "time"), kRow, "ts_event is missing"},
      {replaced(kHeader, "size", "sise"), kRow, "size is missing"},
  };
  for (const auto& c : cases) {
    const std::vector<OwnedLine> lines = read_rows(c.header, c.row);
    ASSERT_EQ(lines.size(), 1U) << c.row;
    EXPECT_EQ(lines[0].kind, LineKind::kMalformed) << c.row;
    EXPECT_EQ(lines[0].reason, c.reason) << c.row;
  }
}

TEST(TbboCsv, ReadsRowsInAnyPieces) {
  std::string text = kHeader + "\n";
  for (int i = 0; i < 600; ++i)
    text += (i % 3 == 0 ? replaced(kRow, "ESM5", "\"E\"\"S,M5\"") : kRow) +
            (i % 5 == 0 ? "\n\n" : "\n");
  const auto whole = read_text(text, TextForm::kCsv, text.size());
  EXPECT_EQ(whole.size(), 600U);
  EXPECT_EQ(whole[0].symbol, "E\"S,M5");
  for (const std::size_t piece : {1, 13, 4096})
    EXPECT_EQ(read_text(text, TextForm::kCsv, piece), whole) << piece;
}

TEST(TbboCsv, ReadsNothingFromAnEmptyFile) {
  EXPECT_TRUE(read_text("", TextForm::kCsv, 1).empty());
  EXPECT_TRUE(read_text("\n\n", TextForm::kCsv, 1).empty());
  EXPECT_TRUE(read_text(kHeader, TextForm::kCsv, 7).empty());
}

// The samples of one fixture in all text forms hold the records that the fixture holds.
TEST(TbboCsv, ReadsTheVendorsTextAsTheVendorsRecords) {
  const std::string data = FM_SHARED_DATA;
  const std::string fixture = data + "/glbx-fixtures/test_data.tbbo.dbn.zst";
  if (!std::filesystem::exists(fixture)) GTEST_SKIP() << "shared data absent: " << fixture;
  auto input = open_input(Env::posix(), fixture);
  ASSERT_TRUE(input);
  auto reader = Reader::open(std::move(input->source), fixture);
  ASSERT_TRUE(reader);
  std::vector<Mbp1Msg> records;
  const auto block = reader->next();
  ASSERT_TRUE(block);
  for (const RecordView record : *block) records.push_back(*record.get_if<Mbp1Msg>());
  for (const char* sample : {"raw.json", "pretty-sym.json", "raw.csv", "pretty-sym.csv"}) {
    const std::string name(sample);
    auto text = open_input(Env::posix(), data + "/text-samples/glbx.tbbo." + name);
    ASSERT_TRUE(text) << name;
    const auto lines = read_all(std::move(text->source),
                                name.ends_with("csv") ? TextForm::kCsv : TextForm::kJsonLines);
    ASSERT_EQ(lines.size(), records.size()) << name;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(lines[i].record, records[i]) << name << i;
      EXPECT_EQ(lines[i].symbol, name.starts_with("raw") ? "" : "ESH1") << name;
    }
  }
}

}  // namespace
}  // namespace fm::dbn
