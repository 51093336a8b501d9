#include "synth/files.h"

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"

namespace fm::synth {
namespace {

constexpr std::string_view kDataset = "GLBX.MDP3";

enum class Form { kDbn, kJsonLines };

struct Target {
  Form form = Form::kDbn;
  bool zstd = false;
};

Result<Target> target_of(std::string_view path, const FileOptions& file_options) {
  Target target{Form::kDbn, file_options.zstd};
  if (path == "-") return target;
  std::string_view stem = path;
  if (stem.ends_with(".zst")) {
    stem.remove_suffix(4);
    target.zstd = true;
  }
  if (stem.ends_with(".dbn")) return target;
  if (stem.ends_with(".jsonl") || stem.ends_with(".json")) {
    target.form = Form::kJsonLines;
    return target;
  }
  return fail(Code::kInvalidArgument,
              "{}: no form of output has this ending: expected .dbn, .jsonl or .json, each with or "
              "without .zst",
              path);
}

Result<std::unique_ptr<dbn::ByteSink>> open_sink(Env& env, const std::string& path, bool zstd) {
  FM_ASSIGN(auto file, env.create(path, Create::kTruncate));
  std::unique_ptr<dbn::ByteSink> sink = std::make_unique<dbn::FileSink>(std::move(file));
  if (zstd) sink = std::make_unique<dbn::ZstdSink>(std::move(sink));
  return sink;
}

Result<std::uint64_t> write_dbn(std::unique_ptr<dbn::ByteSink> sink, Generator& generator,
                                int version) {
  FM_ASSIGN(auto writer, dbn::Writer::open(std::move(sink), metadata_of(generator, version)));
  for (auto block = generator.next(); !block.empty(); block = generator.next()) {
    for (const dbn::Mbp1Msg& record : block) FM_TRY(writer.write(record));
  }
  FM_TRY(writer.finish());
  return writer.records_written();
}

// As the vendor's downloads have them: readable prices and times, symbols mapped.
Result<std::uint64_t> write_json_lines(std::unique_ptr<dbn::ByteSink> sink, Generator& generator) {
  std::unordered_map<std::uint32_t, std::string> symbols;
  for (const Instrument& instrument : generator.instruments()) {
    symbols.emplace(instrument.id, instrument.symbol);
  }
  const dbn::TextOptions text{.pretty_px = true, .pretty_ts = true, .map_symbols = true};
  std::uint64_t records = 0;
  std::string lines;
  for (auto block = generator.next(); !block.empty(); block = generator.next()) {
    lines.clear();
    for (const dbn::Mbp1Msg& record : block) {
      const bool known = dbn::append_json(dbn::RecordView(record), text,
                                          symbols.at(record.header.instrument_id), lines);
      FM_ASSERT(known);
    }
    FM_TRY(sink->write(std::as_bytes(std::span(lines))));
    records += block.size();
  }
  FM_TRY(sink->finish());
  return records;
}

}  // namespace

dbn::Metadata metadata_of(const Generator& generator, int version) {
  dbn::Metadata metadata;
  metadata.version = version;
  metadata.dataset = kDataset;
  metadata.schema = dbn::Schema::kTbbo;
  metadata.start = generator.start();
  metadata.end = generator.end();
  metadata.stype_in = dbn::SType::kParent;
  metadata.stype_out = dbn::SType::kInstrumentId;
  metadata.symbol_cstr_len = version == 1 ? dbn::kSymbolBytesV1 : dbn::kSymbolBytes;
  for (const std::string& root : generator.options().roots)
    metadata.symbols.push_back(root + ".FUT");
  const Date first = Date::of_second(second_of(generator.start()));
  const Date end = Date::of_second(second_of(generator.end())) + 1;
  for (const Instrument& instrument : generator.instruments()) {
    metadata.mappings.push_back({instrument.symbol, {{first, end, std::to_string(instrument.id)}}});
  }
  return metadata;
}

Result<Written> write_file(Env& env, const std::string& path, const market::Universe& universe,
                           const market::Calendar& calendar, const Options& options,
                           const FileOptions& file_options) {
  if (file_options.version < 1 || file_options.version > dbn::kNewestVersion) {
    return fail(Code::kInvalidArgument, "DBN version {}: expected 1, 2 or 3", file_options.version);
  }
  FM_ASSIGN(const Target target, target_of(path, file_options));
  FM_ASSIGN(Generator generator, Generator::create(universe, calendar, options));
  FM_ASSIGN(auto sink, open_sink(env, path, target.zstd));
  Written written;
  if (target.form == Form::kDbn) {
    FM_ASSIGN(written.records, write_dbn(std::move(sink), generator, file_options.version));
  } else {
    FM_ASSIGN(written.records, write_json_lines(std::move(sink), generator));
  }
  written.start = generator.start();
  written.end = generator.end();
  written.trade_dates.assign(generator.trade_dates().begin(), generator.trade_dates().end());
  written.instruments.assign(generator.instruments().begin(), generator.instruments().end());
  written.rolls.assign(generator.rolls().begin(), generator.rolls().end());
  return written;
}

}  // namespace fm::synth
