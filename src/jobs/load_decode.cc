#include "jobs/load_decode.h"

#include <algorithm>
#include <limits>

#include "databento/historical_json.h"
#include "dbn/reader.h"
#include "dbn/record_text.h"

namespace fm::jobs {
namespace {

constexpr std::uint64_t kSymbologyBytesMax = std::uint64_t{256} << 20;

}  // namespace

Status LoadDecoder::decode(std::uint32_t number, LoadSorter& sorter) {
  LoadSource& source = *sources_[number];
  source_ = &source;
  number_ = number;
  sorter_ = &sorter;
  map_ = std::make_unique<dbn::SymbolMap>();
  known_.clear();
  known_generation_ = 0;
  accepted_ = 0;
  last_root_ = {};
  last_day_ = std::numeric_limits<std::int32_t>::min();
  last_symbol_day_ = {.symbol = 0, .day = last_day_};
  symbol_days_.clear();
  // What was announced is not what is there.
  source.account.range_start.reset();
  source.account.range_end.reset();

  if (const Status added = add_symbology(*source.file->folder); !added) {
    source.fail(added.error());
    return {};
  }
  FM_TRY(decode_file());
  finish();
  return {};
}

Status LoadDecoder::decode_file() {
  if (LoadLines::reads(*source_)) {
    lines_.begin(number_);
    return decode_text([this] { return lines_.next(); });
  }
  auto input = source_->open(env_, {.read_ahead = true});
  if (!input) {
    source_->fail(input.error());
    return {};
  }
  if (source_->format == dbn::Format::kDbn) return decode_dbn(*std::move(input));
  dbn::RecordTextReader reader(std::move(input->source), input->name, text_form(input->format),
                               source_->unnamed);
  return decode_text([&] { return reader.next(); });
}

void LoadDecoder::finish() {
  LoadSource& source = *source_;
  for (const std::uint64_t count : source.faults) source.account.rows_rejected += count;
  std::string roots;
  for (const std::string& root : source.roots)
    roots += fmt::format("{}{}", roots.empty() ? "" : ",", root);
  if (!roots.empty()) source.account.roots = std::move(roots);
  if (accepted_ > 0)
    source.account.published_at = static_cast<Nanos>(source.published_max_us) * 1'000;
  if (source.action == LoadAction::kFailed) return;
  if (source.pipe) {
    source.account.content_hash = source.pipe->hash().hex();
    source.account.size_bytes = source.pipe->bytes();
  } else if (const Status same = check_unchanged(env_, source); !same) {
    return source.fail(same.error());
  }
  if (accepted_ > 0 || source.account.rows_read == 0) return;
  const auto most =
      static_cast<std::size_t>(std::ranges::max_element(source.faults) - source.faults.begin());
  auto none = Error(Code::kCorrupt,
                    fmt::format("none of its {} rows could be stored, most of them because of {}",
                                source.account.rows_read, name(static_cast<LoadFault>(most))));
  if (static_cast<LoadFault>(most) != LoadFault::kUnknownInstrument) return source.fail(none);
  source.fail(std::move(none).hint(
      "Load it in its job's folder, or name its symbology.json with --symbology: the file itself "
      "does not say what its instrument numbers stand for."));
}

// What instruments are called stands in the job's folder, too; what the file says itself counts
// more.
Status LoadDecoder::add_symbology(const LoadFolder& folder) {
  if (folder.symbology.empty()) return {};
  if (symbology_of_ != &folder) {
    const std::string& path = folder.symbology;
    FM_ASSIGN(const std::string text, read_text(env_, path, kSymbologyBytesMax));
    auto resolution = databento::json::read_resolution(text);
    if (!resolution) return std::unexpected(std::move(resolution).error().in(path));
    symbology_ = {};
    symbology_.stype_in = dbn::SType::kRawSymbol;
    symbology_.stype_out = dbn::SType::kInstrumentId;
    symbology_.mappings = std::move(resolution->mappings);
    symbology_of_ = &folder;
  }
  map_->add(symbology_);
  return {};
}

Status LoadDecoder::decode_dbn(dbn::OpenedInput input) {
  auto reader = dbn::Reader::open(std::move(input.source), input.name);
  if (!reader) {
    source_->fail(reader.error());
    return {};
  }
  map_->add(reader->metadata());
  for (;;) {
    const auto block = reader->next();
    if (!block) {
      source_->fail(block.error());
      return {};
    }
    if (block->empty()) return {};
    std::uint64_t record_number = block->first_record;
    for (const dbn::RecordView record : *block) {
      ++record_number;
      if (map_->add(record)) continue;
      if (record.rtype() == dbn::RType::kSystem || record.rtype() == dbn::RType::kError) continue;
      ++source_->account.rows_read;
      FM_TRY(take(record, {}, {"record", record_number, {}}));
      if (source_->action == LoadAction::kFailed) return {};
    }
    if (on_progress) on_progress(source_->account.rows_read);
  }
}

Status LoadDecoder::decode_text(const NextLines& next) {
  for (;;) {
    const auto lines = next();
    if (!lines) {
      source_->fail(lines.error());
      return {};
    }
    if (lines->empty()) return {};
    for (const dbn::RecordLine& line : *lines) {
      const Place place{"line", line.line_number, line.text};
      ++source_->account.rows_read;
      switch (line.kind) {
        case dbn::RecordLine::Kind::kRecord:
          FM_TRY(take(line.record(), line.symbol, place));
          break;
        case dbn::RecordLine::Kind::kOther:
          reject(LoadFault::kOtherSchema, line.symbol, nullptr, place);
          break;
        case dbn::RecordLine::Kind::kMalformed:
          reject(LoadFault::kMalformed, line.symbol, nullptr, place, line.reason);
          break;
      }
      if (source_->action == LoadAction::kFailed) return {};
    }
    if (on_progress) on_progress(source_->account.rows_read);
  }
}

void LoadDecoder::reject(LoadFault fault, std::string_view symbol, const dbn::RecordView* record,
                         const Place& place, std::string_view why) {
  ++source_->faults[static_cast<std::size_t>(fault)];
  quarantine_.add({.file = source_->file->path,
                   .unit = place.unit,
                   .number = place.number,
                   .fault = fault,
                   .symbol = symbol,
                   .record = record,
                   .text = place.text,
                   .why = why});
}

Result<LoadDecoder::Known> LoadDecoder::known_symbol(std::uint32_t instrument, Nanos time) {
  if (known_generation_ != map_->generation()) {
    known_.clear();
    known_generation_ = map_->generation();
  }
  Known& known = known_[instrument];
  if (known.from <= time && time < known.to) return known;
  const dbn::SymbolSpan span = map_->find(instrument, time);
  known = {span.valid_from, span.valid_to, 0, !span.symbol.empty()};
  if (!known.is_known) return known;
  const auto symbol = symbols_.intern(span.symbol);
  if (!symbol) return fail(Code::kUnsupported, "more than {} symbols in one run", kLoadSymbolsMax);
  known.symbol = *symbol;
  return known;
}

// Keeps count of what the file touches; files come in order, so that little changes from row to
// row.
void LoadDecoder::note(std::uint32_t number, Nanos time) {
  const LoadSymbol& symbol = symbols_[number];
  auto& account = source_->account;
  account.range_start = std::min(account.range_start.value_or(time), time);
  account.range_end = std::max(account.range_end.value_or(time), time);
  const std::int32_t day = Date::of_second(second_of(time)).days_since_1970();
  if (source_->kind->is_multiset) note_symbol_day({number, day});
  if (day == last_day_ && symbol.root == last_root_) return;
  if (day != last_day_)
    source_->published_max_us =
        std::max(source_->published_max_us, source_->published.at(Date::from_days(day)));
  last_day_ = day;
  last_root_ = symbol.root;
  if (!symbol.root.empty()) source_->roots.emplace(symbol.root);
  const LoadShape shape = source_->kind->shape();
  source_->partitions.emplace(shape.by_root ? std::string(symbol.root) : std::string(),
                              load_period(shape, Date::from_days(day)));
}

void LoadDecoder::note_symbol_day(const SymbolDay& symbol_day) {
  if (symbol_day == last_symbol_day_) return;
  last_symbol_day_ = symbol_day;
  const auto day = static_cast<std::uint32_t>(symbol_day.day);
  if (symbol_days_.insert(std::uint64_t{symbol_day.symbol} << 32 | day).second)
    source_->symbol_days.push_back(symbol_day);
}

Status LoadDecoder::take(dbn::RecordView record, std::string_view text, const Place& place) {
  const LoadKind& kind = *source_->kind;
  const bool is_typed = record.rtype() == dbn::rtype_of(kind.schema) ||
                        record.rtype() == dbn::RType::kOhlcvDeprecated;
  if (!is_typed || !kind.holds(record)) {
    reject(LoadFault::kOtherSchema, text, &record, place);
    return {};
  }
  const std::byte* const bytes = record.bytes().data();
  if (kind.other_schema != nullptr)
    if (const auto schema = kind.other_schema(bytes); !schema.empty()) {
      source_->fail(Error(Code::kUnsupported,
                          fmt::format("{} {} is none of {}: the file holds {}, whose records have "
                                      "the same type",
                                      place.unit, place.number, dbn::name(kind.schema), schema))
                        .hint(fmt::format("What is loaded: {}.", load_schema_names())));
      return {};
    }
  const auto fault = kind.judge(bytes, kind.interval);
  if (fault == LoadFault::kNoTime) {
    reject(*fault, text, &record, place);
    return {};
  }
  const Nanos time = kind.time(bytes);
  std::uint32_t number = 0;
  if (kind.symbol != nullptr) text = kind.symbol(bytes);
  if (!text.empty()) {
    const auto interned = symbols_.intern(text);
    if (!interned)
      return fail(Code::kUnsupported, "more than {} symbols in one run", kLoadSymbolsMax);
    number = *interned;
  } else {
    FM_ASSIGN(const Known known, known_symbol(record.header().instrument_id, time));
    if (!known.is_known) {
      reject(LoadFault::kUnknownInstrument, {}, &record, place);
      return {};
    }
    number = known.symbol;
  }
  const LoadSymbol& symbol = symbols_[number];
  const auto left_out = [&]() -> std::optional<LoadFault> {
    if (fault || kind.symbol != nullptr) return fault;
    if (!symbol.is_future) return LoadFault::kNotAFuture;
    if (symbol.root.empty()) return LoadFault::kNoRoot;
    return std::nullopt;
  }();
  if (left_out) {
    reject(*left_out, symbol.text, &record, place);
    return {};
  }
  note(number, time);
  ++accepted_;
  return sorter_->add({time, kind.minor(bytes), number, number_}, bytes);
}

}  // namespace fm::jobs
