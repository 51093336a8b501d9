#include "jobs/fetch_parts.h"

#include <algorithm>
#include <cctype>

#include "base/assert.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"

namespace fm::jobs {
namespace {

constexpr Date kLastDate = Date::from_days(200'000);

// The first day of the part after the one that `day` is in.
Date next_part(Date day, Split split) {
  switch (split) {
    case Split::kNone:
      return kLastDate;
    case Split::kDay:
      return day + 1;
    case Split::kWeek:
      return day + static_cast<int>(7 - day.weekday());
    case Split::kMonth:
      return day.month() == 12 ? Date(day.year() + 1, 1, 1) : Date(day.year(), day.month() + 1, 1);
    case Split::kYear:
      return Date(day.year() + 1, 1, 1);
  }
  return kLastDate;
}

Nanos midnight(Date day) { return static_cast<Nanos>(day.first_second()) * kNanosPerSecond; }

// "20250616", or "20250616T133000" within a day; digits alone where that is not exact.
std::string stamp(Nanos time) {
  if (time % kNanosPerSecond != 0) return std::to_string(time);
  const std::string iso = iso_second(second_of(time));
  std::string out;
  for (const char c : iso.substr(0, time % kNanosPerDay == 0 ? 10 : 19))
    if (c != '-' && c != ':') out += c;
  return out;
}

std::string range_text(Nanos start, Nanos end, Split split) {
  const bool whole_days = start % kNanosPerDay == 0 && end % kNanosPerDay == 0;
  if (!whole_days) return fmt::format("{}-{}", stamp(start), stamp(end));
  // The vendor's names end with the last day itself.
  const std::string last = stamp(end - kNanosPerDay);
  return split == Split::kDay ? last : fmt::format("{}-{}", stamp(start), last);
}

std::string name_of(const databento::DataRequest& request, const FetchOptions& options) {
  std::string dataset;
  for (const unsigned char c : request.dataset)
    dataset += c == '.' ? '-' : static_cast<char>(std::tolower(c));
  return fmt::format("{}-{}.{}.{}{}", dataset,
                     range_text(request.start, *request.end, options.split),
                     dbn::name(request.schema), databento::name(options.form.encoding),
                     options.form.zstd ? ".zst" : "");
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

// Why a file's metadata are not those of the request; empty when they are.
std::string difference(const dbn::Metadata& found, const databento::DataRequest& wanted) {
  const auto differs = [](std::string_view what, std::string_view a, std::string_view b) {
    return fmt::format("its {} is {}, expected {}", what, a, b);
  };
  if (found.dataset != wanted.dataset) return differs("dataset", found.dataset, wanted.dataset);
  if (found.schema != wanted.schema)
    return differs("schema", found.schema ? dbn::name(*found.schema) : "mixed",
                   dbn::name(wanted.schema));
  if (found.stype_in != wanted.stype_in)
    return differs("stype_in", found.stype_in ? dbn::name(*found.stype_in) : "mixed",
                   dbn::name(wanted.stype_in));
  if (found.start != wanted.start)
    return differs("start", iso_nanos(found.start), iso_nanos(wanted.start));
  if (found.end && *found.end != *wanted.end)
    return differs("end", iso_nanos(*found.end), iso_nanos(*wanted.end));
  if (found.limit != wanted.limit)
    return differs("limit", found.limit ? std::to_string(*found.limit) : "none",
                   wanted.limit ? std::to_string(*wanted.limit) : "none");
  if (sorted(found.symbols) != sorted(wanted.symbols)) return "it holds other symbols";
  return {};
}

Result<Existing> look_at_dbn(dbn::OpenedInput input, const FetchPart& part, Existing found) {
  const auto damaged = [&](const Error& error) -> Result<Existing> {
    if (error.code() != Code::kCorrupt && error.code() != Code::kTruncated &&
        error.code() != Code::kUnsupported)
      return std::unexpected(error);
    found.state = Existing::State::kDamaged;
    found.reason = error.message();
    return found;
  };
  auto reader = dbn::Reader::open(std::move(input.source), input.name, {.upgrade = false});
  if (!reader) return damaged(reader.error());
  found.reason = difference(reader->metadata(), part.request);
  if (!found.reason.empty()) {
    found.state = Existing::State::kOther;
    return found;
  }
  for (;;) {
    const auto block = reader->next();
    if (!block) return damaged(block.error());
    if (block->empty()) break;
  }
  found.records = reader->records_read();
  found.state = Existing::State::kSame;
  return found;
}

}  // namespace

std::optional<Split> parse_split(std::string_view text) {
  for (const Split split : {Split::kNone, Split::kDay, Split::kWeek, Split::kMonth, Split::kYear})
    if (name(split) == text) return split;
  return std::nullopt;
}

std::string_view name(Split split) {
  switch (split) {
    case Split::kNone:
      return "none";
    case Split::kDay:
      return "day";
    case Split::kWeek:
      return "week";
    case Split::kMonth:
      return "month";
    case Split::kYear:
      return "year";
  }
  return "none";
}

Result<std::vector<FetchPart>> parts_of(const FetchOptions& options) {
  FM_ASSERT(options.request.end.has_value());
  std::vector<FetchPart> parts;
  const Nanos end = *options.request.end;
  for (Nanos at = options.request.start; at < end;) {
    if (parts.size() == kFetchPartsMax)
      return std::unexpected(
          Error(Code::kInvalidArgument,
                fmt::format("the range becomes more than {} files", kFetchPartsMax))
              .hint("Fetch it in several steps, or with a longer --split."));
    FetchPart part{options.request, {}};
    part.request.start = at;
    at = std::min(end, midnight(next_part(Date::of_second(second_of(at)), options.split)));
    part.request.end = at;
    part.name = name_of(part.request, options);
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<Existing> look_at(Env& env, const std::string& path, const FetchPart& part,
                         databento::FileEncoding encoding) {
  Existing found;
  const auto info = env.info(path);
  if (!info && info.error().code() == Code::kNotFound) return found;
  if (!info) return std::unexpected(info.error());
  found.bytes = info->size_bytes;
  if (encoding != databento::FileEncoding::kDbn) {
    found.state = Existing::State::kOther;
    found.reason = "text does not tell what it was asked for";
    return found;
  }
  auto input = dbn::open_input(env, path);
  if (!input) {
    if (input.error().code() != Code::kUnsupported && input.error().code() != Code::kTruncated &&
        input.error().code() != Code::kCorrupt)
      return std::unexpected(input.error());
    found.state = Existing::State::kDamaged;
    found.reason = input.error().message();
    return found;
  }
  return look_at_dbn(std::move(*input), part, std::move(found));
}

}  // namespace fm::jobs
