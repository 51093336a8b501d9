#include "dbn/testing_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <regex>

#include "base/env.h"

namespace fm::dbn {

OwnedLine own(const TbboLine& line) {
  OwnedLine owned;
  owned.record = line.record;
  owned.symbol = line.symbol;
  owned.reason = line.reason;
  if (line.kind == LineKind::kMapping) owned.mapping = *line.mapping;
  owned.line_number = line.line_number;
  owned.first_byte = line.first_byte;
  owned.kind = line.kind;
  return owned;
}

std::vector<OwnedLine> read_all(std::unique_ptr<ByteSource> source, TextForm form) {
  TbboTextReader reader(std::move(source), "test", form);
  std::vector<OwnedLine> all;
  while (true) {
    const auto lines = reader.next();
    if (!lines) ADD_FAILURE() << lines.error().message();
    if (!lines || lines->empty()) return all;
    for (const TbboLine& line : *lines) all.push_back(own(line));
  }
}

std::vector<OwnedLine> read_text(std::string_view text, TextForm form, std::size_t piece_bytes) {
  return read_all(std::make_unique<PieceSource>(std::string(text), piece_bytes), form);
}

OwnedLine read_json_line(std::string_view text) {
  const std::vector<OwnedLine> lines = read_text(text, TextForm::kJsonLines, text.size());
  EXPECT_EQ(lines.size(), 1U) << text;
  return lines.empty() ? OwnedLine() : lines.front();
}

Mbp1Msg trade_record() {
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, 1, 7, kTradeEvent};
  record.price = 6'012'250'000'000;
  record.size = 3;
  record.action = 'T';
  record.side = 'B';
  record.flags = 128;
  record.depth = 2;
  record.ts_recv = kTradeEvent + 199'999;
  record.ts_in_delta = -5;
  record.sequence = 9;
  record.levels[0] = {6'012'000'000'000, 6'012'250'000'000, 21, 20, 11, 12};
  return record;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  for (; at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::map<std::string, std::uint64_t> read_statistics(const std::string& path) {
  std::map<std::string, std::uint64_t> numbers;
  const Result<std::string> text = fm::read_text(Env::posix(), path);
  if (!text) ADD_FAILURE() << text.error().message();
  static const std::regex number("\"([a-z_]+)\": ([0-9]+)");
  if (text)
    for (std::sregex_iterator at(text->begin(), text->end(), number), end; at != end; ++at)
      numbers[(*at)[1]] = std::stoull((*at)[2]);
  return numbers;
}

Result<std::size_t> PieceSource::read(std::span<std::byte> out) {
  const std::size_t count = std::min({out.size(), piece_bytes_, text_.size() - at_});
  std::memcpy(out.data(), text_.data() + at_, count);
  at_ += count;
  return count;
}

Result<std::size_t> BrokenSource::read(std::span<std::byte> out) {
  Result<std::size_t> count = inner_.read(out);
  if (count && *count == 0) return fail(Code::kCorrupt, "frame 1 does not decode");
  return count;
}

}  // namespace fm::dbn
