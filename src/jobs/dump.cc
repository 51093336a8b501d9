#include "jobs/dump.h"

#include "dbn/byte_source.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "dbn/text_csv.h"
#include "dbn/text_json.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{256} << 10;

class Dump {
 public:
  Dump(const DumpOptions& options, WritableFile& out) : options_(options), out_(out) {
    text_.text.pretty_px = options.pretty;
    text_.text.pretty_ts = options.pretty;
    text_.text.map_symbols = options.symbols;
  }

  Result<DumpReport> run(dbn::Reader& reader) {
    if (options_.metadata) {
      dbn::append_json(reader.metadata(), text_.text, lines_);
      FM_TRY(out_.write(lines_));
      return report_;
    }
    symbols_.add(reader.metadata());
    while (report_.records < options_.limit) {
      FM_ASSIGN(const dbn::RecordBlock block, read(reader));
      if (block.empty()) break;
      FM_TRY(write(block));
    }
    FM_TRY(flush());
    if (reader.loss()) report_.damage = reader.loss()->reason;
    return report_;
  }

 private:
  // What stands before damage is shown before the error is.
  Result<dbn::RecordBlock> read(dbn::Reader& reader) {
    auto block = reader.next();
    if (!block) FM_TRY(flush());
    return block;
  }

  Status write(const dbn::RecordBlock& block) {
    for (const dbn::RecordView record : block) {
      if (report_.records == options_.limit) break;
      FM_ASSIGN(const bool known, append(record));
      known ? ++report_.records : ++report_.unknown;
      if (lines_.size() >= kWriteBytes) FM_TRY(flush());
    }
    return {};
  }

  Result<bool> append(dbn::RecordView record) {
    if (options_.symbols) symbols_.add(record);
    const auto symbol =
        options_.symbols
            ? symbols_.find(record.header().instrument_id, dbn::index_time(record)).symbol
            : std::string_view();
    if (!options_.csv) return dbn::append_json(record, text_.text, symbol, lines_);
    if (!kind_) {
      if (!dbn::append_csv_header(record, text_, lines_)) return false;
      kind_ = record.rtype();
    } else if (*kind_ != record.rtype()) {
      return std::unexpected(
          Error(
              Code::kUnsupported,
              fmt::format("{}: record {} is of another kind than those before (rtype {} after {})",
                          options_.input, report_.records + report_.unknown + 1,
                          static_cast<int>(record.rtype()), static_cast<int>(*kind_)))
              .hint("CSV has one header and holds one kind; JSON holds them all."));
    }
    return dbn::append_csv(record, text_, symbol, lines_);
  }

  Status flush() {
    if (lines_.empty()) return {};
    FM_TRY(out_.write(lines_));
    lines_.clear();
    return {};
  }

  const DumpOptions& options_;
  WritableFile& out_;
  dbn::CsvOptions text_;
  dbn::SymbolMap symbols_;
  std::optional<dbn::RType> kind_;
  std::string lines_;
  DumpReport report_;
};

}  // namespace

Result<DumpReport> dump(Env& env, const DumpOptions& options, WritableFile& out) {
  FM_ASSIGN(auto input, dbn::open_input(env, options.input,
                                        {.read_ahead = false,
                                         .fragment = options.fragment_version.has_value()}));
  if (input.format == dbn::Format::kJson || input.format == dbn::Format::kCsv)
    return fail(Code::kUnsupported, "{}: is text already; dump reads DBN", input.name);
  if (input.format == dbn::Format::kDbnFragment && !options.fragment_version) {
    return std::unexpected(Error(Code::kUnsupported,
                                 fmt::format("{}: a fragment does not say its version", input.name))
                               .hint("Say it: --fragment-version 1, 2 or 3."));
  }
  dbn::ReaderOptions reader_options;
  reader_options.salvage = options.salvage;
  reader_options.fragment_version = options.fragment_version;
  reader_options.upgrade = options.upgrade;
  FM_ASSIGN(auto reader, dbn::Reader::open(std::move(input.source), input.name, reader_options));
  if (options.metadata && input.format == dbn::Format::kDbnFragment)
    return fail(Code::kUnsupported, "{}: a fragment has no header", input.name);
  return Dump(options, out).run(reader);
}

}  // namespace fm::jobs
