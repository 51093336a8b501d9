// Bars, trades, TBBO, statuses, statistics and definitions as text, the way Databento writes them:
// JSON lines, and CSV or TSV with a header row. The candle engine's reader of TBBO is tbbo_text.h.
//
//   RecordTextReader reader(std::move(source), "bars.json", TextForm::kJsonLines, std::nullopt);
//   while (true) {
//     FM_ASSIGN(const std::span<const RecordLine> lines, reader.next());
//     if (lines.empty()) break;
//     for (const RecordLine& line : lines)
//       if (line.kind == RecordLine::Kind::kRecord) … line.record().get_if<OhlcvMsg>() …
//   }
//
// Prices, times and numbers may be raw or pretty, quoted or bare; the header fields may stand under
// `hd` or beside the others; unknown fields are ignored. Records of version 1 and 2 become those of
// version 3. A line that cannot be read is handed out as such and never ends the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dbn/record_view.h"
#include "dbn/tbbo_text.h"

namespace fm::dbn {

// The largest record that is read from text.
inline constexpr std::size_t kTextRecordBytes = sizeof(InstrumentDefMsg);

struct RecordLine {
  enum class Kind : std::uint8_t {
    kRecord,
    kOther,      // a record of a kind that is not read here; `rtype` says which
    kMalformed,  // `reason` says why
  };
  // kRecord only. As long-lived as the views below: until the next call of next().
  [[nodiscard]] RecordView record() const { return {bytes, 0}; }
  void set_malformed(std::string_view why) {
    kind = Kind::kMalformed;
    reason = why;
  }

  Kind kind = Kind::kMalformed;
  RType rtype{};                     // not of kMalformed
  const std::byte* bytes = nullptr;  // of the record
  std::string_view symbol;           // empty when absent, null or empty
  std::string_view reason;           // for people
  std::string_view text;             // the line
  std::uint64_t line_number = 0;     // from 1; blank lines and a CSV header count
};

class RecordTextReader {
 public:
  // `unnamed` is what lines are that name no rtype, as those written before July 2023; without it
  // they are malformed. `name` is what errors call the source.
  RecordTextReader(std::unique_ptr<ByteSource> source, std::string name, TextForm form,
                   std::optional<RType> unnamed);
  RecordTextReader(RecordTextReader&&) noexcept;
  RecordTextReader& operator=(RecordTextReader&&) noexcept;
  ~RecordTextReader();

  // The next lines in file order, valid until the next call; empty at the end. Blank lines and the
  // CSV header are left out. Errors: those of the source, after all whole lines before the damage.
  [[nodiscard]] Result<std::span<const RecordLine>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::dbn
