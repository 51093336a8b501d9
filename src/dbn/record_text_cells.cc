#include "dbn/record_text_cells.h"

#include <bitset>
#include <charconv>

#include "dbn/record_text_fields.h"

namespace fm::dbn {
namespace {

using Field = TextRecordKind::Field;

std::optional<RType> read_rtype(const TextValue& value) {
  std::uint8_t code = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, code);
  if (!value.scalar() || error != std::errc{} || stop != end) return std::nullopt;
  return static_cast<RType>(code);
}

// What is not there twice is nearly always where it stood in the line before.
const Field* find(std::span<const Field> fields, std::string_view name, std::size_t& hint) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t at = hint + i < fields.size() ? hint + i : hint + i - fields.size();
    if (fields[at].name != name) continue;
    hint = at + 1 < fields.size() ? at + 1 : 0;
    return &fields[at];
  }
  return nullptr;
}

}  // namespace

void TextCells::clear() {
  cells.clear();
  symbol = {};
  rtype = {};
}

void TextCells::add(std::string_view name, const TextValue& value) {
  if (name == "symbol")
    symbol = value.kind == TextValue::Kind::kText ? value.text : std::string_view();
  else if (name == "rtype")
    rtype = value;
  else
    cells.push_back({name, value});
}

void TextCells::to_record(std::optional<RType> unnamed, std::byte* record, RecordLine& line) const {
  const auto named = rtype.missing() ? unnamed : read_rtype(rtype);
  if (!named)
    return line.set_malformed(rtype.missing() ? "names no rtype"
                                              : "the value of rtype does not parse");
  line.rtype = *named;
  const TextRecordKind* const kind = text_kind_of(*named);
  if (kind == nullptr) {
    line.kind = RecordLine::Kind::kOther;
    return;
  }
  kind->clear(record);
  auto& header = *reinterpret_cast<RecordHeader*>(record);
  header.rtype = *named;
  std::bitset<kTextFieldsMax> seen;
  std::size_t hint = 0;
  for (const Cell& cell : cells) {
    const Field* const field = find(kind->fields, cell.name, hint);
    if (field == nullptr) continue;
    if (!field->set(record, cell.value)) return line.set_malformed("a value does not parse");
    if (!cell.value.missing()) seen.set(static_cast<std::size_t>(field - kind->fields.data()));
  }
  for (std::size_t i = 0; i < kind->fields.size(); ++i)
    if (kind->fields[i].required && !seen.test(i))
      return line.set_malformed("a field that its kind of record has is missing");
  line.kind = RecordLine::Kind::kRecord;
  line.bytes = record;
  line.symbol = symbol;
}

}  // namespace fm::dbn
