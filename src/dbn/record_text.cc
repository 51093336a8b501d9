#include "dbn/record_text.h"

#include <utility>
#include <vector>

#include "base/assert.h"
#include "dbn/csv_cell.h"
#include "dbn/record_text_cells.h"
#include "dbn/record_text_fields.h"
#include "dbn/record_text_json.h"
#include "dbn/text_window.h"

namespace fm::dbn {
namespace {

using Kind = TextValue::Kind;

constexpr std::size_t kBlockLines = 256;
static_assert(kTextRecordBytes % 8 == 0);

class CsvSplitter {
 public:
  CsvSplitter() { unquoted_.reserve(kTextLineBytesMax); }

  void read_header(std::string_view text) {
    drop_carriage_return(text);
    delimiter_ =
        text.find(',') == std::string_view::npos && text.find('\t') != text.npos ? '\t' : ',';
    names_.clear();
    unquoted_.clear();
    std::string_view cell;
    while (next_cell(text, cell)) {
      names_.emplace_back(cell);
      if (text.empty()) break;
      text.remove_prefix(1);
    }
  }

  // Nothing when it went well; else why not.
  std::string_view split(std::string_view text, TextCells& cells) {
    drop_carriage_return(text);
    unquoted_.clear();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::string_view cell;
      if (!next_cell(text, cell)) return "a quoted cell does not end";
      cells.add(names_[i], {cell.empty() ? Kind::kNull : Kind::kText, cell});
      if (text.empty() != (i + 1 == names_.size())) return "not as many cells as the header has";
      if (!text.empty()) text.remove_prefix(1);
    }
    return {};
  }

 private:
  static void drop_carriage_return(std::string_view& text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  }

  // Takes a cell and not the delimiter behind it.
  bool next_cell(std::string_view& rest, std::string_view& cell) {
    if (rest.empty() || rest.front() != '"') {
      cell = rest.substr(0, rest.find(delimiter_));
      rest.remove_prefix(cell.size());
      return true;
    }
    return take_quoted_cell(rest, delimiter_, unquoted_, cell);
  }

  char delimiter_ = ',';
  std::vector<std::string> names_;
  std::string unquoted_;  // cells of this row that held quotes; never reallocated within a row
};

}  // namespace

struct RecordTextReader::State {
  State(std::unique_ptr<ByteSource> source, std::string name, TextForm text_form,
        std::optional<RType> unnamed_rtype)
      : window(std::move(source), std::move(name)),
        form(text_form),
        unnamed(unnamed_rtype),
        lines(kBlockLines),
        records(kBlockLines * kTextRecordBytes / 8) {
    symbols.reserve(kTextBufferBytes + kBlockLines);
  }

  std::size_t read_block();
  bool match_line(RecordLine& line, std::size_t place);
  [[nodiscard]] std::byte* record_at(std::size_t place) {
    return reinterpret_cast<std::byte*>(records.data() + place * (kTextRecordBytes / 8));
  }
  // False when it was blank or a CSV header.
  bool read_line(std::string_view text, std::byte* record, RecordLine& line);
  bool give_up_line();
  // Text that the JSON parser unescaped lives until the next line only.
  void keep_symbol(RecordLine& line);

  TextWindow window;
  TextForm form;
  std::optional<RType> unnamed;
  std::vector<RecordLine> lines;
  std::vector<std::uint64_t> records;  // of the block, kTextRecordBytes each
  std::string symbols;                 // of the block; never reallocated
  TextCells cells;
  BarJsonMatcher matcher;
  RecordJsonParser json;
  CsvSplitter csv;
  std::uint64_t line_number = 0;
  bool header_read = false;
  bool in_long_line = false;  // its beginning was handed out, its end is still to come
};

void RecordTextReader::State::keep_symbol(RecordLine& line) {
  if (line.symbol.empty() || window.holds(&line.symbol.front())) return;
  FM_ASSERT(symbols.size() + line.symbol.size() <= symbols.capacity());
  const std::size_t begin = symbols.size();
  symbols.append(line.symbol);
  line.symbol = std::string_view(symbols).substr(begin);
}

bool RecordTextReader::State::read_line(std::string_view text, std::byte* record,
                                        RecordLine& line) {
  if (text.size() > kTextLineBytesMax) {
    line.set_malformed(kLineTooLong);
    return true;
  }
  if (line_number == 1 && text.starts_with(kByteOrderMark))
    text.remove_prefix(kByteOrderMark.size());
  if (is_blank_line(text)) return false;
  if (form == TextForm::kJsonLines) {
    json.parse(text, unnamed, record, line);
  } else if (!std::exchange(header_read, true)) {
    csv.read_header(text);
    return false;
  } else {
    cells.clear();
    const std::string_view reason = csv.split(text, cells);
    if (reason.empty())
      cells.to_record(unnamed, record, line);
    else
      line.set_malformed(reason);
  }
  keep_symbol(line);
  return true;
}

// Whether the next line is a bar in the usual shape.
bool RecordTextReader::State::match_line(RecordLine& line, std::size_t place) {
  std::byte* const record = record_at(place);
  std::string_view symbol;
  const char* const begin = window.begin();
  const char* const next = matcher.match(begin, *reinterpret_cast<OhlcvMsg*>(record), symbol);
  if (next == nullptr) return false;
  ++line_number;
  line = {.kind = RecordLine::Kind::kRecord,
          .rtype = reinterpret_cast<const RecordHeader*>(record)->rtype,
          .bytes = record,
          .symbol = symbol,
          .reason = {},
          .text = {begin, static_cast<std::size_t>(next - 1 - begin)},
          .line_number = line_number};
  window.skip_to(next);
  return true;
}

std::size_t RecordTextReader::State::read_block() {
  std::size_t count = 0;
  symbols.clear();
  while (count < kBlockLines && window.size() > 0) {
    if (form == TextForm::kJsonLines && !in_long_line && match_line(lines[count], count)) {
      ++count;
      continue;
    }
    const char* const end = window.find_line_feed();
    if (end == nullptr) break;
    ++line_number;
    const std::string_view text(window.begin(), static_cast<std::size_t>(end - window.begin()));
    window.skip_to(end + 1);
    if (std::exchange(in_long_line, false)) continue;
    RecordLine& line = lines[count];
    line = {};
    line.text = text;
    line.line_number = line_number;
    if (read_line(text, record_at(count), line)) ++count;
  }
  return count;
}

// With no whole line in the window: true, and one line in the block, when what is there is already
// too long to be one.
bool RecordTextReader::State::give_up_line() {
  if (window.size() <= kTextLineBytesMax && !in_long_line) return false;
  RecordLine& line = lines.front();
  line = {};
  line.set_malformed(kLineTooLong);
  line.line_number = line_number + 1;
  line.text = std::string_view(window.begin(), window.size());
  window.skip_to(window.begin() + window.size());
  return !std::exchange(in_long_line, true);
}

RecordTextReader::RecordTextReader(std::unique_ptr<ByteSource> source, std::string name,
                                   TextForm form, std::optional<RType> unnamed)
    : state_(std::make_unique<State>(std::move(source), std::move(name), form, unnamed)) {}
RecordTextReader::RecordTextReader(RecordTextReader&&) noexcept = default;
RecordTextReader& RecordTextReader::operator=(RecordTextReader&&) noexcept = default;
RecordTextReader::~RecordTextReader() = default;

Result<std::span<const RecordLine>> RecordTextReader::next() {
  while (true) {
    if (const std::size_t count = state_->read_block(); count > 0)
      return std::span<const RecordLine>(state_->lines).first(count);
    if (state_->give_up_line()) return std::span<const RecordLine>(state_->lines).first(1);
    FM_ASSIGN(const bool more, state_->window.refill());
    if (!more) return std::span<const RecordLine>();
  }
}

}  // namespace fm::dbn
