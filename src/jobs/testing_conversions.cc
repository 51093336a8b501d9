#include "jobs/testing_conversions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "dbn/byte_source.h"
#include "dbn/tbbo_text.h"
#include "dbn/text_csv.h"
#include "dbn/writer.h"
#include "jobs/testing_candles.h"

namespace fm::jobs {
namespace {

constexpr std::uint32_t kFirstId = 1000;

std::map<std::string, std::uint32_t> ids_of(const std::vector<SymbolRecord>& records) {
  std::map<std::string, std::uint32_t> ids;
  for (const SymbolRecord& record : records)
    ids.emplace(record.symbol, kFirstId + static_cast<std::uint32_t>(ids.size()));
  return ids;
}

template <std::size_t N>
void set_text(std::array<char, N>& field, const std::string& text) {
  ASSERT_LT(text.size(), N);
  std::ranges::copy(text, field.begin());
}

dbn::SymbolMappingMsg mapping_record(const std::string& symbol, std::uint32_t id, Nanos time) {
  dbn::SymbolMappingMsg message{};
  message.header.rtype = dbn::RType::kSymbolMapping;
  message.header.instrument_id = id;
  message.header.ts_event = time;
  set_text(message.stype_in_symbol, symbol);
  set_text(message.stype_out_symbol, symbol);
  message.stype_in = static_cast<std::uint8_t>(dbn::SType::kRawSymbol);
  message.stype_out = static_cast<std::uint8_t>(dbn::SType::kRawSymbol);
  message.start_ts = kUndefTime;
  message.end_ts = kUndefTime;
  return message;
}

}  // namespace

std::vector<SymbolRecord> records_of(const std::string& json_path) {
  const std::string text = read_whole(json_path);
  dbn::TbboTextReader reader(std::make_unique<dbn::MemorySource>(std::as_bytes(std::span(text))),
                             json_path, dbn::TextForm::kJsonLines);
  std::vector<SymbolRecord> records;
  for (;;) {
    const auto lines = reader.next();
    if (!lines || lines->empty()) return records;
    for (const dbn::TbboLine& line : *lines) {
      EXPECT_EQ(line.kind, dbn::LineKind::kTbbo) << json_path << " line " << line.line_number;
      records.push_back({line.record, std::string(line.symbol)});
    }
  }
}

void write_dbn(const std::string& path, const std::vector<SymbolRecord>& records, int version,
               Mappings mappings, Nanos start, std::optional<Nanos> end) {
  const auto ids = ids_of(records);
  dbn::Metadata metadata;
  metadata.version = version;
  metadata.dataset = "GLBX.MDP3";
  metadata.schema = dbn::Schema::kTbbo;
  metadata.start = start;
  metadata.end = end;
  metadata.symbol_cstr_len = version == 1 ? dbn::kSymbolBytesV1 : dbn::kSymbolBytes;
  metadata.stype_in = dbn::SType::kRawSymbol;
  for (const auto& [symbol, id] : ids) {
    if (symbol.empty() || mappings != Mappings::kInMetadata) continue;
    metadata.symbols.push_back(symbol);
    metadata.mappings.push_back(
        {symbol, {{Date(2000, 1, 1), Date(2100, 1, 1), std::to_string(id)}}});
  }
  auto sink = dbn::create_output(Env::posix(), path);
  ASSERT_TRUE(sink) << sink.error().message();
  auto writer = dbn::Writer::open(*std::move(sink), metadata);
  ASSERT_TRUE(writer) << writer.error().message();
  if (mappings == Mappings::kAsRecords) {
    for (const auto& [symbol, id] : ids) {
      if (symbol.empty()) continue;
      ASSERT_TRUE(writer->write(mapping_record(symbol, id, records.front().record.ts_recv)));
    }
  }
  for (const SymbolRecord& from : records) {
    dbn::Mbp1Msg record = from.record;
    record.header.rtype = dbn::RType::kMbp1;
    record.header.instrument_id = ids.at(from.symbol);
    const Status written = writer->write(record);
    ASSERT_TRUE(written) << written.error().message();
  }
  ASSERT_TRUE(writer->finish());
}

std::vector<std::string> write_day_files(const std::string& folder,
                                         const std::vector<SymbolRecord>& records) {
  std::map<Date, std::vector<SymbolRecord>> days;
  for (const SymbolRecord& record : records)
    days[Date::of_second(second_of(record.record.ts_recv))].push_back(record);
  std::vector<std::string> paths;
  for (const auto& [day, of_day] : days) {
    const auto start = static_cast<Nanos>(day.first_second()) * kNanosPerSecond;
    paths.push_back(fmt::format("{}/glbx-mdp3-{}.tbbo.dbn.zst", folder, day.yyyymmdd()));
    write_dbn(paths.back(), of_day, 3, Mappings::kInMetadata, start, start + kNanosPerDay);
  }
  return paths;
}

void write_csv(const std::string& path, const std::vector<SymbolRecord>& records, bool pretty) {
  dbn::CsvOptions options;
  options.text = {.pretty_px = pretty, .pretty_ts = pretty, .map_symbols = true};
  std::string text;
  ASSERT_TRUE(dbn::append_csv_header(dbn::RType::kMbp1, 3, false, options, text));
  for (const SymbolRecord& from : records) {
    dbn::Mbp1Msg record = from.record;
    record.header.rtype = dbn::RType::kMbp1;
    record.header.length = dbn::kLengthOf<dbn::Mbp1Msg>;
    ASSERT_TRUE(dbn::append_csv(dbn::RecordView(record), options, from.symbol, text));
  }
  write_whole(path, text);
}

}  // namespace fm::jobs
