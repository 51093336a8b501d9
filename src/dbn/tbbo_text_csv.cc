#include "dbn/tbbo_text_csv.h"

#include "dbn/csv_cell.h"

namespace fm::dbn {

struct TbboCsvParser::Column {
  std::string_view name;
  Slot slot;
};

const TbboCsvParser::Column TbboCsvParser::kColumns[] = {
    {"ts_recv", [](TextRecord& r) -> TextValue& { return r.ts_recv; }},
    {"ts_event", [](TextRecord& r) -> TextValue& { return r.header.ts_event; }},
    {"rtype", [](TextRecord& r) -> TextValue& { return r.header.rtype; }},
    {"publisher_id", [](TextRecord& r) -> TextValue& { return r.header.publisher_id; }},
    {"instrument_id", [](TextRecord& r) -> TextValue& { return r.header.instrument_id; }},
    {"action", [](TextRecord& r) -> TextValue& { return r.action; }},
    {"side", [](TextRecord& r) -> TextValue& { return r.side; }},
    {"depth", [](TextRecord& r) -> TextValue& { return r.depth; }},
    {"price", [](TextRecord& r) -> TextValue& { return r.price; }},
    {"size", [](TextRecord& r) -> TextValue& { return r.size; }},
    {"flags", [](TextRecord& r) -> TextValue& { return r.flags; }},
    {"ts_in_delta", [](TextRecord& r) -> TextValue& { return r.ts_in_delta; }},
    {"sequence", [](TextRecord& r) -> TextValue& { return r.sequence; }},
    {"bid_px_00", [](TextRecord& r) -> TextValue& { return r.quote.bid_px; }},
    {"ask_px_00", [](TextRecord& r) -> TextValue& { return r.quote.ask_px; }},
    {"bid_sz_00", [](TextRecord& r) -> TextValue& { return r.quote.bid_sz; }},
    {"ask_sz_00", [](TextRecord& r) -> TextValue& { return r.quote.ask_sz; }},
    {"bid_ct_00", [](TextRecord& r) -> TextValue& { return r.quote.bid_ct; }},
    {"ask_ct_00", [](TextRecord& r) -> TextValue& { return r.quote.ask_ct; }},
    {"symbol", [](TextRecord& r) -> TextValue& { return r.symbol; }},
    {"stype_in", [](TextRecord& r) -> TextValue& { return r.stype_in; }},
    {"stype_in_symbol", [](TextRecord& r) -> TextValue& { return r.stype_in_symbol; }},
    {"stype_out", [](TextRecord& r) -> TextValue& { return r.stype_out; }},
    {"stype_out_symbol", [](TextRecord& r) -> TextValue& { return r.stype_out_symbol; }},
    {"start_ts", [](TextRecord& r) -> TextValue& { return r.start_ts; }},
    {"end_ts", [](TextRecord& r) -> TextValue& { return r.end_ts; }},
};

namespace {

void drop_carriage_return(std::string_view& text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
}

}  // namespace

TbboCsvParser::TbboCsvParser() { unquoted_.reserve(kTextLineBytesMax); }

// Takes a cell and not the delimiter behind it.
bool TbboCsvParser::next_cell(std::string_view& rest, TextValue& cell) {
  if (!rest.empty() && rest.front() == '"') {
    if (!take_quoted_cell(rest, delimiter_, unquoted_, cell.text)) return false;
  } else {
    const std::size_t end = std::min(rest.find(delimiter_), rest.size());
    cell.text = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  cell.kind = cell.text.empty() ? TextValue::Kind::kNull : TextValue::Kind::kText;
  return true;
}

void TbboCsvParser::read_header(std::string_view text) {
  drop_carriage_return(text);
  delimiter_ = text.find(',') == std::string_view::npos && text.find('\t') != std::string_view::npos
                   ? '\t'
                   : ',';
  slots_.clear();
  unquoted_.clear();
  while (true) {
    TextValue cell;
    // A header that cannot be read names no columns: every row then says which one is missing.
    if (!next_cell(text, cell)) return;
    Slot slot = nullptr;
    for (const Column& column : kColumns)
      if (column.name == cell.text) slot = column.slot;
    slots_.push_back(slot);
    if (text.empty()) return;
    text.remove_prefix(1);
  }
}

void TbboCsvParser::parse(std::string_view text, std::vector<SymbolMappingMsg>& mappings,
                          TbboLine& line) {
  drop_carriage_return(text);
  unquoted_.clear();
  TextRecord record;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    TextValue cell;
    if (!next_cell(text, cell)) return set_malformed(line, "a quoted cell does not end");
    if (slots_[i] != nullptr) slots_[i](record) = cell;
    if (text.empty() != (i + 1 == slots_.size()))
      return set_malformed(line, "not as many cells as the header has");
    if (!text.empty()) text.remove_prefix(1);
  }
  // An empty action is the NUL character: text, though not a trade's.
  if (record.action.kind == TextValue::Kind::kNull) record.action.kind = TextValue::Kind::kText;
  convert(record, mappings, line);
  line.symbol = line.kind == LineKind::kTbbo ? record.symbol.text : std::string_view();
}

}  // namespace fm::dbn
