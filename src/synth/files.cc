#include "synth/files.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"
#include "synth/bars.h"

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

// The generator's trades, or bars made of them, block by block.
class RecordBlocks {
 public:
  RecordBlocks(Generator& generator, dbn::Schema schema) : generator_(generator) {
    if (schema != dbn::Schema::kTbbo) bars_.emplace(schema);
  }

  // Calls `take` with each record of the next blocks; false at the end.
  template <class Take>
  [[nodiscard]] Result<bool> next(Take take) {
    if (ended_) return false;
    const auto block = generator_.next();
    ended_ = block.empty();
    if (!bars_) {
      for (const dbn::Mbp1Msg& record : block) FM_TRY(take(record));
      return true;
    }
    for (const dbn::Mbp1Msg& record : block) bars_->add(record);
    for (const dbn::OhlcvMsg& bar : ended_ ? bars_->finish() : bars_->take()) FM_TRY(take(bar));
    return true;
  }

 private:
  Generator& generator_;
  std::optional<BarMaker> bars_;
  bool ended_ = false;
};

Result<std::uint64_t> write_dbn(std::unique_ptr<dbn::ByteSink> sink, Generator& generator,
                                const FileOptions& options) {
  FM_ASSIGN(auto writer, dbn::Writer::open(std::move(sink), metadata_of(generator, options.version,
                                                                        options.schema)));
  RecordBlocks blocks(generator, options.schema);
  while (true) {
    FM_ASSIGN(const bool more,
              blocks.next([&](const auto& record) { return writer.write(record); }));
    if (!more) break;
  }
  FM_TRY(writer.finish());
  return writer.records_written();
}

// As the vendor's downloads have them: readable prices and times, symbols mapped.
Result<std::uint64_t> write_json_lines(std::unique_ptr<dbn::ByteSink> sink, Generator& generator,
                                       dbn::Schema schema) {
  std::unordered_map<std::uint32_t, std::string> symbols;
  for (const Instrument& instrument : generator.instruments()) {
    symbols.emplace(instrument.id, instrument.symbol);
  }
  const dbn::TextOptions text{.pretty_px = true, .pretty_ts = true, .map_symbols = true};
  std::uint64_t records = 0;
  std::string lines;
  RecordBlocks blocks(generator, schema);
  while (true) {
    lines.clear();
    FM_ASSIGN(const bool more, blocks.next([&](const auto& record) -> Status {
      const bool known = dbn::append_json(dbn::RecordView(record), text,
                                          symbols.at(record.header.instrument_id), lines);
      FM_ASSERT(known);
      ++records;
      return {};
    }));
    if (!more) break;
    FM_TRY(sink->write(std::as_bytes(std::span(lines))));
  }
  FM_TRY(sink->finish());
  return records;
}

}  // namespace

dbn::Metadata metadata_of(const Generator& generator, int version, dbn::Schema schema) {
  dbn::Metadata metadata;
  metadata.version = version;
  metadata.dataset = kDataset;
  metadata.schema = schema;
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
  if (file_options.schema != dbn::Schema::kTbbo && !BarMaker::makes(file_options.schema))
    return fail(
        Code::kInvalidArgument,
        "schema {} is not generated; expected tbbo, ohlcv-1s, ohlcv-1m, ohlcv-1h or ohlcv-1d",
        dbn::name(file_options.schema));
  FM_ASSIGN(const Target target, target_of(path, file_options));
  FM_ASSIGN(Generator generator, Generator::create(universe, calendar, options));
  FM_ASSIGN(auto sink, open_sink(env, path, target.zstd));
  Written written;
  if (target.form == Form::kDbn) {
    FM_ASSIGN(written.records, write_dbn(std::move(sink), generator, file_options));
  } else {
    FM_ASSIGN(written.records, write_json_lines(std::move(sink), generator, file_options.schema));
  }
  written.start = generator.start();
  written.end = generator.end();
  written.trade_dates.assign(generator.trade_dates().begin(), generator.trade_dates().end());
  written.instruments.assign(generator.instruments().begin(), generator.instruments().end());
  written.rolls.assign(generator.rolls().begin(), generator.rolls().end());
  return written;
}

}  // namespace fm::synth
