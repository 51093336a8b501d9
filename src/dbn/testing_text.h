// Helpers for tests of text: lines that own what they hold, sources that come in pieces or break.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbn/byte_source.h"
#include "dbn/tbbo_text.h"

namespace fm::dbn {

struct OwnedLine {
  Mbp1Msg record{};
  std::string symbol;
  std::string reason;
  SymbolMappingMsg mapping{};  // kMapping only
  std::uint64_t line_number = 0;
  std::uint64_t first_byte = 0;
  LineKind kind = LineKind::kMalformed;
  friend bool operator==(const OwnedLine&, const OwnedLine&) = default;
};

[[nodiscard]] OwnedLine own(const TbboLine& line);

// All lines of a source, which must not fail.
[[nodiscard]] std::vector<OwnedLine> read_all(std::unique_ptr<ByteSource> source, TextForm form);
// As above, from text that arrives in pieces.
[[nodiscard]] std::vector<OwnedLine> read_text(std::string_view text, TextForm form,
                                               std::size_t piece_bytes);
// The one line that `text` is.
[[nodiscard]] OwnedLine read_json_line(std::string_view text);

// The record that the rows and lines of these tests write out: one of 2025-06-16 13:00 UTC.
inline constexpr Nanos kTradeEvent = 1'750'078'800'000'000'001;
[[nodiscard]] Mbp1Msg trade_record();

// `text` with every `from` replaced, of which there must be at least one.
[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);

// The whole numbers of a statistics file of the golden sets, by their key.
[[nodiscard]] std::map<std::string, std::uint64_t> read_statistics(const std::string& path);

// Gives `text` at most `piece_bytes` at a time.
class PieceSource final : public ByteSource {
 public:
  PieceSource(std::string text, std::size_t piece_bytes)
      : text_(std::move(text)), piece_bytes_(piece_bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  std::string text_;
  std::size_t piece_bytes_;
  std::size_t at_ = 0;
};

// Gives `text`, then fails as a damaged file would.
class BrokenSource final : public ByteSource {
 public:
  explicit BrokenSource(std::string text) : inner_(std::move(text), SIZE_MAX) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  PieceSource inner_;
};

}  // namespace fm::dbn
