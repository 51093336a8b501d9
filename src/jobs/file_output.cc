#include "jobs/file_output.h"

#include <array>
#include <string_view>

#include "dbn/writer.h"
#include "jobs/draft.h"
#include "jobs/inputs.h"
#include "jobs/text_rows.h"
#include "lake/parquet_writer.h"

namespace fm::jobs {
namespace {

struct Ending {
  std::string_view text;
  OutputFormat format;
};
constexpr std::array kEndings{
    Ending{".parquet", OutputFormat::kParquet}, Ending{".csv", OutputFormat::kCsv},
    Ending{".json", OutputFormat::kJsonLines}, Ending{".jsonl", OutputFormat::kJsonLines},
    Ending{".ndjson", OutputFormat::kJsonLines}};

constexpr std::size_t kTextBufferBytes = 256 << 10;

Status write_text(table::RowStream& rows, OutputFormat format, dbn::ByteSink& sink) {
  table::RowBatch batch(rows.table());
  std::string text;
  if (format == OutputFormat::kCsv) text = csv_header(rows.table());
  const auto write_out = [&]() -> Status {
    FM_TRY(sink.write(std::as_bytes(std::span(text))));
    text.clear();
    return {};
  };
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) break;
    if (format == OutputFormat::kCsv) {
      append_csv(batch, text);
    } else {
      append_json_lines(batch, text);
    }
    if (text.size() >= kTextBufferBytes) FM_TRY(write_out());
  }
  FM_TRY(write_out());
  return sink.finish();
}

}  // namespace

Result<FileTarget> file_target(const std::string& output, std::optional<OutputFormat> format) {
  if (output == kStandardOutput) {
    if (format == OutputFormat::kParquet)
      return fail(Code::kInvalidArgument, "Parquet cannot be written to standard output");
    return FileTarget{output, format.value_or(OutputFormat::kCsv)};
  }
  std::string_view name = output;
  const bool compressed = name.ends_with(".zst");
  if (compressed) name.remove_suffix(4);
  for (const Ending& ending : kEndings) {
    if (!format && name.ends_with(ending.text)) format = ending.format;
  }
  if (!format)
    return std::unexpected(
        Error(Code::kInvalidArgument, fmt::format("{}: its ending names no format", output))
            .hint("End it in .parquet, .csv, .csv.zst, .json, .jsonl or .jsonl.zst."));
  if (compressed && format == OutputFormat::kParquet)
    return fail(Code::kInvalidArgument, "{}: Parquet is compressed inside; leave out .zst", output);
  return FileTarget{absolute_path(output), *format};
}

Result<std::uint64_t> write_file(Env& env, table::RowStream& rows, const FileTarget& target) {
  if (target.path == kStandardOutput) {
    FM_ASSIGN(auto file, env.create(target.path, Create::kTruncate));
    dbn::FileSink sink(std::move(file));
    FM_TRY(write_text(rows, target.format, sink));
    return 0;
  }
  Draft draft(env, target.path);
  if (target.format == OutputFormat::kParquet) {
    FM_TRY(lake::write_parquet(env, draft.draft_path(), rows));
  } else {
    FM_ASSIGN(auto sink, draft.create());
    FM_TRY(write_text(rows, target.format, *sink));
  }
  FM_TRY(draft.publish());
  FM_ASSIGN(const FileInfo info, env.info(target.path));
  return info.size_bytes;
}

}  // namespace fm::jobs
