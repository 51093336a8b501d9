// GoogleSQL's words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call.h"

namespace fm::fakegcp {

enum class WordKind { kName, kQuotedName, kText, kNumber, kParameter, kSymbol };

struct Word {
  WordKind kind;
  std::string text;   // of a text: what it says; of a quoted name: without the quotes
  std::string upper;  // of a name: in capitals; of a symbol: itself; else empty

  // A keyword, or a symbol.
  [[nodiscard]] bool is(std::string_view word) const { return upper == word; }
  [[nodiscard]] bool is_any_name() const {
    return kind == WordKind::kName || kind == WordKind::kQuotedName;
  }
};
using Words = std::span<const Word>;

// Refused: invalidQuery.
[[nodiscard]] Answer<std::vector<Word>> words_of(std::string_view sql);
// Statements between semicolons, empty ones left out.
[[nodiscard]] std::vector<Words> statements_of(Words tokens);
// Where the bracket at `open` closes. Refused where it does not.
[[nodiscard]] Answer<std::size_t> closing(Words tokens, std::size_t open);
// Parts between the commas outside of brackets; none of nothing.
[[nodiscard]] std::vector<Words> split_commas(Words tokens);
// The first such word outside of brackets, from `from` on; size() where there is none.
[[nodiscard]] std::size_t find_word(Words tokens, std::string_view word, std::size_t from = 0);

[[nodiscard]] std::unexpected<Refusal> invalid_query(std::string message);

}  // namespace fm::fakegcp
