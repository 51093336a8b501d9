#include "dbn/tbbo_text.h"

#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "dbn/tbbo_text_csv.h"
#include "dbn/tbbo_text_json.h"
#include "dbn/text_window.h"

namespace fm::dbn {
namespace {

constexpr std::size_t kBlockLines = 512;

}  // namespace

struct TbboTextReader::State {
  State(std::unique_ptr<ByteSource> source, std::string name, TextForm text_form)
      : window(std::move(source), std::move(name)), form(text_form), lines(kBlockLines) {
    symbols.reserve(kTextBufferBytes);
    mappings.reserve(kBlockLines);
  }

  // Reads the lines that are whole; how many of them were not blank.
  std::size_t read_block();
  // Reads one line into `line`; false when it was blank or a CSV header.
  bool read_line(std::string_view text, TbboLine& line);
  // With no whole line in the window: true, and one line in the block, when what is there is
  // already too long to be one.
  bool give_up_line();
  void keep_symbol(TbboLine& line);

  TextWindow window;
  TextForm form;
  std::vector<TbboLine> lines;
  std::vector<SymbolMappingMsg> mappings;
  std::string symbols;  // those of this block that do not stand in the window; never reallocated
  TbboJsonMatcher matcher;
  TbboJsonParser json;
  TbboCsvParser csv;
  std::uint64_t line_number = 0;
  bool header_read = false;
  bool in_long_line = false;  // its beginning was handed out, its end is still to come
};

void TbboTextReader::State::keep_symbol(TbboLine& line) {
  if (line.symbol.empty() || window.holds(&line.symbol.front())) return;
  // A symbol is never longer than its line, and the lines of a block lie in one buffer.
  FM_ASSERT(symbols.size() + line.symbol.size() <= symbols.capacity());
  const std::size_t begin = symbols.size();
  symbols.append(line.symbol);
  line.symbol = std::string_view(symbols).substr(begin);
}

bool TbboTextReader::State::read_line(std::string_view text, TbboLine& line) {
  if (text.size() > kTextLineBytesMax) {
    set_malformed(line, kLineTooLong);
    return true;
  }
  if (line_number == 1 && text.starts_with(kByteOrderMark))
    text.remove_prefix(kByteOrderMark.size());
  if (is_blank_line(text)) return false;
  if (form == TextForm::kJsonLines) {
    json.parse(text, mappings, line);
  } else if (!header_read) {
    csv.read_header(text);
    header_read = true;
    return false;
  } else {
    csv.parse(text, mappings, line);
  }
  keep_symbol(line);
  return true;
}

std::size_t TbboTextReader::State::read_block() {
  std::size_t count = 0;
  symbols.clear();
  mappings.clear();
  while (count < kBlockLines && window.size() > 0) {
    TbboLine& line = lines[count];
    line.first_byte = window.first_byte();
    line.line_number = line_number + 1;
    if (form == TextForm::kJsonLines && !in_long_line) {
      if (const char* const next = matcher.match(window.begin(), line)) {
        window.skip_to(next);
        ++line_number;
        ++count;
        continue;
      }
    }
    const char* const end = window.find_line_feed();
    if (end == nullptr) break;
    ++line_number;
    const std::string_view text(window.begin(), static_cast<std::size_t>(end - window.begin()));
    window.skip_to(end + 1);
    if (in_long_line) {
      in_long_line = false;
    } else if (read_line(text, line)) {
      line.text = text;
      ++count;
    }
  }
  return count;
}

bool TbboTextReader::State::give_up_line() {
  if (window.size() <= kTextLineBytesMax && !in_long_line) return false;
  TbboLine& line = lines.front();
  set_malformed(line, kLineTooLong);
  line.line_number = line_number + 1;
  line.first_byte = window.first_byte();
  line.text = std::string_view(window.begin(), window.size());
  window.skip_to(window.begin() + window.size());
  return !std::exchange(in_long_line, true);
}

TbboTextReader::TbboTextReader(std::unique_ptr<ByteSource> source, std::string name, TextForm form)
    : state_(std::make_unique<State>(std::move(source), std::move(name), form)) {}
TbboTextReader::TbboTextReader(TbboTextReader&&) noexcept = default;
TbboTextReader& TbboTextReader::operator=(TbboTextReader&&) noexcept = default;
TbboTextReader::~TbboTextReader() = default;

Result<std::span<const TbboLine>> TbboTextReader::next() {
  while (true) {
    if (const std::size_t count = state_->read_block(); count > 0)
      return std::span<const TbboLine>(state_->lines).first(count);
    if (state_->give_up_line()) return std::span<const TbboLine>(state_->lines).first(1);
    FM_ASSIGN(const bool more, state_->window.refill());
    if (!more) return std::span<const TbboLine>();
  }
}

}  // namespace fm::dbn
