#include "gateway/batch_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "gateway/batch_side_files.h"
#include "gateway/data_encoder.h"
#include "gateway/hashing_sink.h"

namespace fm::gateway {
namespace {

constexpr unsigned kDaysOfWeek = 7;

Nanos midnight(Date day) { return static_cast<Nanos>(day.first_second()) * kNanosPerSecond; }

// The first day of the part behind the one that holds `day`.
Date next_part(Date day, Split split) {
  switch (split) {
    case Split::kDay:
      return day + 1;
    case Split::kWeek:
      return day + static_cast<int>(kDaysOfWeek - day.weekday());
    case Split::kMonth:
      return day.month() == 12 ? Date(day.year() + 1, 1, 1) : Date(day.year(), day.month() + 1, 1);
    default:
      return Date(day.year() + 1, 1, 1);
  }
}

std::string safe_file_part(std::string_view symbol) {
  std::string out(symbol);
  for (char& c : out) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!is_safe) c = '_';
  }
  return out;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(id)
                                                                  : std::nullopt;
}

// One file's worth of a job: a time range, and one symbol where files are split by them.
struct Piece {
  JobPart part;
  std::string symbol;
  Selection selection;
};

// The raw symbols of a request, each with the instruments that it stood for.
std::map<std::string, Selection> by_raw_symbol(const PreparedData& data) {
  std::map<std::string, Selection> out;
  for (const dbn::SymbolMapping& mapping : data.resolution.mappings)
    for (const dbn::MappingInterval& interval : mapping.intervals) {
      const auto id = parse_id(interval.symbol);
      if (!id) continue;
      std::string symbol(data.symbology->raw_symbol(*id, interval.start_date));
      if (symbol.empty()) symbol = mapping.raw_symbol;
      out[symbol].add(*id, midnight(interval.start_date), midnight(interval.end_date));
    }
  return out;
}

class JobWriter {
 public:
  JobWriter(Env& env, const Archive& archive, const JobPlan& plan, const std::string& directory,
            const JobProgress& progress)
      : env_(env), archive_(archive), plan_(plan), directory_(directory), progress_(progress) {}

  Result<JobResult> write() {
    FM_TRY(write_side_files());
    const DataRequest& request = plan_.data.request;
    left_ = request.limit;
    const auto parts = split_range(request.start, request.end, plan_.split);
    for (const JobPart& part : parts) {
      FM_TRY(write_part(part));
      const Nanos done = part.end - request.start;
      progress_.report(static_cast<int>(99.0 * static_cast<double>(done) /
                                        static_cast<double>(request.end - request.start)));
    }
    FM_TRY(write_text("manifest.json", manifest_json(plan_, result_.files)));
    FM_TRY(env_.sync_directory(directory_));
    return std::move(result_);
  }

 private:
  Status write_side_files() {
    FM_TRY(write_text("condition.json", condition_json(archive_, plan_.data.request)));
    FM_TRY(write_text("metadata.json", metadata_json(plan_)));
    return write_text("symbology.json", symbology_json(plan_.data));
  }

  Status write_part(const JobPart& part) {
    if (!plan_.split_symbols) return write_piece({part, "", plan_.data.selection});
    for (const auto& [symbol, selection] : by_raw_symbol(plan_.data))
      FM_TRY(write_piece({part, symbol, selection}));
    return {};
  }

  Status write_piece(const Piece& piece) {
    PreparedData data = plan_.data;
    data.request.start = piece.part.start;
    data.request.end = piece.part.end;
    data.selection = piece.selection;
    FM_ASSIGN(LimitedStream stream, LimitedStream::open(archive_, data.read(), left_));
    FM_ASSIGN(const auto first, stream.next_time());
    if (!first) return {};
    data.metadata.start = piece.part.start;
    data.metadata.end = piece.part.end;
    data.metadata.mappings =
        clip(data.metadata.mappings, piece.part.first_day, piece.part.last_day);
    FM_TRY(write_data(free_name(piece), data, stream));
    left_ = stream.left();
    return {};
  }

  Status write_data(std::string name, const PreparedData& data, LimitedStream& stream) {
    FM_ASSIGN(auto file, env_.create(join(directory_, name), Create::kNew));
    FileSummary summary;
    FM_ASSIGN(const auto encoder,
              DataEncoder::open(std::make_unique<HashingSink>(std::move(file), summary), data));
    for (;;) {
      if (progress_.is_stopping()) return fail(Code::kBusy, "{}: stopped", plan_.id);
      FM_ASSIGN(const RecordRun run, stream.next());
      if (run.empty()) break;
      FM_TRY(encoder->write(run));
    }
    FM_TRY(encoder->finish());
    result_.records += encoder->records();
    result_.billed_bytes += encoder->billed_bytes();
    result_.data_bytes += summary.size_bytes;
    return add(std::move(name), std::move(summary), true);
  }

  // Two symbols may differ only in characters that no file name has.
  std::string free_name(const Piece& piece) const {
    const DataRequest& request = plan_.data.request;
    const std::string symbol = safe_file_part(piece.symbol);
    std::string name = data_file_name(request, plan_.split, piece.part, symbol);
    const auto is_taken = [&] {
      return std::ranges::find(result_.files, name, &JobFile::name) != result_.files.end();
    };
    for (int i = 2; is_taken(); ++i)
      name = data_file_name(request, plan_.split, piece.part, fmt::format("{}_{}", symbol, i));
    return name;
  }

  Status write_text(std::string name, const std::string& text) {
    FM_ASSIGN(auto file, env_.create(join(directory_, name), Create::kNew));
    FileSummary summary;
    HashingSink sink(std::move(file), summary);
    FM_TRY(sink.write(std::as_bytes(std::span(text))));
    FM_TRY(sink.finish());
    return add(std::move(name), std::move(summary), false);
  }

  Status add(std::string name, FileSummary summary, bool is_data) {
    if (is_data && plan_.wrong_hash) summary.sha256[0] = summary.sha256[0] == '0' ? '1' : '0';
    result_.files.push_back({.name = std::move(name),
                             .size_bytes = summary.size_bytes,
                             .sha256 = std::move(summary.sha256),
                             .crc32 = summary.crc32,
                             .is_data = is_data});
    return {};
  }

  Env& env_;
  const Archive& archive_;
  const JobPlan& plan_;
  const std::string& directory_;
  const JobProgress& progress_;
  JobResult result_;
  std::optional<std::uint64_t> left_;
};

}  // namespace

std::string_view name(Split split) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "day", "week", "month", "year"};
  return kNames[static_cast<std::size_t>(split)];
}

std::optional<Split> parse_split(std::string_view text) {
  for (const Split split : {Split::kNone, Split::kDay, Split::kWeek, Split::kMonth, Split::kYear})
    if (text == name(split)) return split;
  return std::nullopt;
}

std::vector<JobPart> split_range(Nanos start, Nanos end, Split split) {
  std::vector<JobPart> out;
  while (start < end) {
    const Date first = first_day(start);
    const Nanos cut =
        split == Split::kNone ? end : std::min(end, midnight(next_part(first, split)));
    out.push_back({start, cut, first, day_after(cut) - 1});
    start = cut;
  }
  return out;
}

std::string data_file_name(const DataRequest& request, Split split, const JobPart& part,
                           std::string_view symbol) {
  std::string dataset = request.dataset;
  for (char& c : dataset) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '.') c = '-';
  }
  std::string out = fmt::format("{}-{}", dataset, part.first_day.yyyymmdd());
  if (split != Split::kDay) out += fmt::format("-{}", part.last_day.yyyymmdd());
  out += fmt::format(".{}", dbn::name(request.schema));
  if (!symbol.empty()) out += fmt::format(".{}", symbol);
  out += fmt::format(".{}", name(request.encoding));
  if (request.compression == Compression::kZstd) out += ".zst";
  return out;
}

std::vector<dbn::SymbolMapping> clip(const std::vector<dbn::SymbolMapping>& mappings, Date first,
                                     Date last) {
  std::vector<dbn::SymbolMapping> out;
  for (const dbn::SymbolMapping& mapping : mappings) {
    dbn::SymbolMapping kept{.raw_symbol = mapping.raw_symbol, .intervals = {}};
    for (const dbn::MappingInterval& interval : mapping.intervals) {
      const Date from = std::max(interval.start_date, first);
      const Date to = std::min(interval.end_date, last + 1);
      if (from < to) kept.intervals.push_back({from, to, interval.symbol});
    }
    if (!kept.intervals.empty()) out.push_back(std::move(kept));
  }
  return out;
}

Result<JobResult> write_job(Env& env, const Archive& archive, const JobPlan& plan,
                            const std::string& directory, const JobProgress& progress) {
  return JobWriter(env, archive, plan, directory, progress).write();
}

}  // namespace fm::gateway
