// TBBO as text, the way Databento writes it: JSON lines, and CSV or TSV with a header row.
//
//   TbboTextReader reader(std::move(source), "trades.json", TextForm::kJsonLines);
//   while (true) {
//     FM_ASSIGN(const std::span<const TbboLine> lines, reader.next());
//     if (lines.empty()) break;
//     for (const TbboLine& line : lines) …
//   }
//
// Prices, times and sizes may be raw or pretty, quoted or bare; undefined ones become the sentinels
// of record.h. A line that cannot be read is handed out as such and never ends the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dbn/record.h"

namespace fm::dbn {

class ByteSource;

enum class TextForm {
  kJsonLines,
  kCsv,  // comma or tab, as the header row has it
};

// What a line turned out to be. A known `rtype` decides first, so that a file gives the same counts
// in its text and its binary form; lines without one (as written before July 2023) are TBBO.
enum class LineKind : std::uint8_t {
  kTbbo,       // TBBO or mbp-1: `record` holds it, whatever its action.
  kMapping,    // A symbol mapping: `mapping` holds it. Not counted.
  kMessage,    // A system or error message of the gateway. Not counted.
  kOther,      // A record of another schema: counted as not a trade.
  kMalformed,  // None of these, or a value that does not parse: `reason` says which.
};

// Longer lines are malformed. A TBBO record takes about 400 bytes, a definition 1,800.
inline constexpr std::size_t kTextLineBytesMax = 64 << 10;

// The publisher of a text record that names none. (0 would mean that the gateway itself made it.)
inline constexpr std::uint16_t kUnknownPublisher = std::numeric_limits<std::uint16_t>::max();

struct TbboLine {
  // kTbbo: every field, undefined ones as sentinels. `side` is A, B or N; `action` is NUL where the
  // text was not one character; an undefined or missing quote has price kUndefPrice and size 0.
  // kMapping, kMessage, kOther: the header alone, as far as the line has one. kMalformed: zeros.
  Mbp1Msg record;
  // The mapped symbol; empty when absent, null or empty. Valid until the next call of next().
  std::string_view symbol;
  std::string_view reason;                    // kMalformed: for people; a constant
  std::string_view text;                      // kMalformed: the line; valid as long as `symbol`
  const SymbolMappingMsg* mapping = nullptr;  // kMapping; valid as long as `symbol`
  std::uint64_t line_number = 0;              // from 1; blank lines and a CSV header count
  std::uint64_t first_byte = 0;               // in the text, after decompression
  LineKind kind = LineKind::kMalformed;

  [[nodiscard]] bool malformed() const { return kind == LineKind::kMalformed; }
};

class TbboTextReader {
 public:
  // `name` is what errors call the source.
  TbboTextReader(std::unique_ptr<ByteSource> source, std::string name, TextForm form);
  TbboTextReader(TbboTextReader&&) noexcept;
  TbboTextReader& operator=(TbboTextReader&&) noexcept;
  ~TbboTextReader();

  // The next lines in file order, valid until the next call; empty at the end. Blank lines and the
  // CSV header are left out. Errors: those of the source, after all whole lines before the damage.
  [[nodiscard]] Result<std::span<const TbboLine>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::dbn
