#include "jobs/load_source.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "base/hash.h"
#include "base/sha256.h"
#include "dbn/reader.h"
#include "dbn/record_text.h"
#include "jobs/report.h"
#include "market/contract.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kGlimpsedRootsMax = 8;
constexpr std::int64_t kClaimEnd = std::numeric_limits<std::int64_t>::max();

constexpr const char* kOnlyTheFeed =
    "Prices of futures are taken from the exchange's own feed, as Databento's files have it, and "
    "from nothing else.";

// "ES.FUT", "ES.c.0", "ESH4", "ESH4-ESM4" → ES.
std::string root_of_request(std::string_view symbol) {
  if (market::is_outright(symbol)) return std::string(market::root_of(symbol));
  if (const auto root = root_of_spread(symbol); !root.empty()) return std::string(root);
  return std::string(symbol.substr(0, symbol.find('.')));
}

template <class Symbols>
std::string roots_of(const Symbols& symbols) {
  std::set<std::string> roots;
  for (const auto& symbol : symbols) {
    if (roots.size() == kGlimpsedRootsMax) break;
    if (!symbol.empty()) roots.insert(root_of_request(symbol));
  }
  std::string text;
  for (const std::string& root : roots) text += fmt::format("{}{}", text.empty() ? "" : ",", root);
  return text;
}

// What a name of the vendor's form says: "xnas-itch-20240102.ohlcv-1m.json" → "XNAS.ITCH".
std::string dataset_in_name(std::string_view name) {
  const std::size_t first = name.find('-');
  const std::size_t second = first == name.npos ? first : name.find('-', first + 1);
  if (second == name.npos || !Date::parse(name.substr(second + 1, 8))) return "";
  std::string dataset(name.substr(0, second));
  dataset[first] = '.';
  std::ranges::transform(dataset, dataset.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return dataset;
}

void take_schema(std::optional<dbn::Schema> schema, LoadSource& source) {
  if (!schema) return source.refuse("holds records of several schemas, as a live feed writes them");
  source.account.schema = std::string(dbn::name(*schema));
  source.kind = find_load_kind(*schema);
  if (source.kind == nullptr)
    source.refuse(
        fmt::format("holds {}; what is loaded: {}", dbn::name(*schema), load_schema_names()));
}

void look_at_dbn(dbn::OpenedInput input, LoadSource& source) {
  auto reader = dbn::Reader::open(std::move(input.source), input.name);
  if (!reader) return source.fail(reader.error());
  const dbn::Metadata& metadata = reader->metadata();
  source.account.dataset = metadata.dataset;
  if (metadata.start != 0 && metadata.start != kUndefTime)
    source.account.range_start = metadata.start;
  if (metadata.end && *metadata.end != kUndefTime) source.account.range_end = metadata.end;
  source.glimpsed_roots = roots_of(metadata.symbols);
  take_schema(metadata.schema, source);
}

std::optional<dbn::Schema> schema_of(dbn::RType rtype, std::optional<dbn::Schema> said) {
  // tbbo and mbp-1 have one type.
  if (said && dbn::rtype_of(*said) == rtype) return said;
  for (const LoadKind& kind : load_kinds())
    if (dbn::rtype_of(kind.schema) == rtype) return kind.schema;
  // One type stands for bars of any length.
  if (said && rtype == dbn::RType::kOhlcvDeprecated) return said;
  for (int number = 0; number <= static_cast<int>(dbn::Schema::kBbo1m); ++number)
    if (dbn::rtype_of(static_cast<dbn::Schema>(number)) == rtype)
      return static_cast<dbn::Schema>(number);
  return std::nullopt;
}

// The beginning of a text, with room for its longest line.
class FirstBytes final : public dbn::ByteSource {
 public:
  explicit FirstBytes(std::unique_ptr<dbn::ByteSource> source) : source_(std::move(source)) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    FM_ASSIGN(const std::size_t got, source_->read(out.first(std::min(out.size(), left_))));
    left_ -= got;
    return got;
  }

 private:
  std::unique_ptr<dbn::ByteSource> source_;
  std::size_t left_ = dbn::kTextLineBytesMax + 1'024;
};

void look_at_text(dbn::OpenedInput input, LoadSource& source) {
  const LoadFolder& folder = *source.file->folder;
  const std::string_view name = base_name(source.file->path);
  auto said = schema_in_name(name);
  if (!said) said = dbn::parse_schema(folder.schema);
  if (said && find_load_kind(*said) != nullptr) source.unnamed = dbn::rtype_of(*said);
  std::string dataset = folder.dataset.empty() ? dataset_in_name(name) : folder.dataset;
  if (!dataset.empty()) source.account.dataset = std::move(dataset);
  dbn::RecordTextReader reader(std::make_unique<FirstBytes>(std::move(input.source)), input.name,
                               text_form(input.format), source.unnamed);
  const auto lines = reader.next();
  if (!lines) return source.fail(lines.error());
  if (lines->empty()) return take_schema(said, source);
  std::vector<std::string_view> symbols;
  for (const auto& line : *lines) symbols.push_back(line.symbol);
  source.glimpsed_roots = roots_of(symbols);
  for (const auto& line : *lines) {
    if (line.kind == dbn::RecordLine::Kind::kMalformed) continue;
    return take_schema(schema_of(line.rtype, said), source);
  }
  source.refuse(fmt::format("holds no records of Databento: line {} {}", lines->front().line_number,
                            lines->front().reason));
  source.advice = kOnlyTheFeed;
}

}  // namespace

std::string_view name(LoadAction action) {
  switch (action) {
    case LoadAction::kLoad:
      return "load";
    case LoadAction::kUnchanged:
      return "unchanged";
    case LoadAction::kCopy:
      return "copy";
    case LoadAction::kRefused:
      return "refused";
    case LoadAction::kFailed:
      return "failed";
    case LoadAction::kLeft:
      return "left";
  }
  FM_ASSERT(false);
}

Result<dbn::OpenedInput> LoadSource::open(Env& env, dbn::InputOptions options) {
  *bytes_read = 0;
  if (pipe) return dbn::open_input(counted(pipe->open(), bytes_read), file->path, options);
  FM_ASSIGN(auto opened, env.open(file->path));
  return dbn::open_input(counted(std::move(opened), bytes_read), file->path, options);
}

void LoadSource::refuse(std::string reason) {
  action = LoadAction::kRefused;
  why = std::move(reason);
}

void LoadSource::fail(const Error& error) {
  action = LoadAction::kFailed;
  why = error.message();
  advice = error.advice();
  can_retry = error.can_retry();
}

void look_at(Env& env, std::string_view dataset, LoadSource& source) {
  const LoadFolder& folder = *source.file->folder;
  if (!folder.job_id.empty()) source.account.job_id = folder.job_id;
  if (folder.damage) return source.fail(*folder.damage);
  auto input = source.open(env);
  if (!input) {
    if (input.error().code() != Code::kUnsupported) return source.fail(input.error());
    source.refuse(input.error().message());
    source.advice = input.error().advice();
    return;
  }
  source.format = input->format;
  switch (input->format) {
    case dbn::Format::kDbnFragment:
      return source.refuse("is a fragment without metadata: nothing says what its symbols are");
    case dbn::Format::kDbn:
      look_at_dbn(*std::move(input), source);
      break;
    case dbn::Format::kJson:
    case dbn::Format::kCsv:
      look_at_text(*std::move(input), source);
      break;
  }
  if (source.action != LoadAction::kLoad) return;
  if (!source.account.dataset) {
    source.account.dataset = std::string(dataset);
  } else if (*source.account.dataset != dataset) {
    source.refuse(fmt::format("is of the dataset {}, and this lake holds {}",
                              *source.account.dataset, dataset));
    source.advice = "Name its dataset with --dataset, and another lake for it.";
  }
}

void check_content(Env& env, LoadSource& source,
                   const std::function<void(std::uint64_t bytes)>& on_progress) {
  const LoadCandidate& file = *source.file;
  const auto listed = file.folder->manifest.find(base_name(file.path));
  const bool is_listed = listed != file.folder->manifest.end();
  const auto differs = [&](std::string_view what) {
    return Error(Code::kCorrupt,
                 fmt::format("{}: its {} is not what manifest.json says", file.path, what))
        .hint("Download the file again: what is there is not what the vendor made.");
  };
  if (is_listed && listed->second.size_bytes != file.info.size_bytes)
    return source.fail(differs(fmt::format("size of {} bytes", file.info.size_bytes)));
  auto opened = env.open(file.path);
  if (!opened) return source.fail(opened.error());
  Hasher hasher;
  Sha256 sha256;
  std::vector<std::byte> buffer(kReadBytes);
  std::uint64_t bytes_done = 0;
  for (;;) {
    const auto got = (*opened)->read(buffer);
    if (!got) return source.fail(got.error());
    if (*got == 0) break;
    const auto bytes = std::span<const std::byte>(buffer).first(*got);
    hasher.add(bytes);
    if (is_listed) sha256.add(bytes);
    on_progress(bytes_done += *got);
  }
  source.account.content_hash = hasher.digest().hex();
  if (is_listed && sha256.finish() != listed->second.sha256) source.fail(differs("SHA-256"));
}

Claim claim_of(const LoadSource& source) {
  const auto number = [](Nanos time) {
    return static_cast<std::int64_t>(std::min(time, Nanos{kClaimEnd}));
  };
  const LoadFolder& folder = *source.file->folder;
  if (folder.start && folder.end && folder.manifest.contains(base_name(source.file->path)))
    return {number(*folder.start), number(*folder.end), 0};
  if (!source.account.range_start) return {};
  return {number(*source.account.range_start) + 1, number(*source.account.range_end), 0};
}

dbn::TextForm text_form(dbn::Format format) {
  return format == dbn::Format::kCsv ? dbn::TextForm::kCsv : dbn::TextForm::kJsonLines;
}

Status check_unchanged(Env& env, const LoadSource& source) {
  const FileInfo& then = source.file->info;
  FM_ASSIGN(const FileInfo now, env.info(source.file->path));
  if (now.size_bytes == then.size_bytes && now.modified == then.modified && now.inode == then.inode)
    return {};
  return std::unexpected(
      Error(Code::kConflict, fmt::format("{}: changed while it was read", source.file->path))
          .hint("Load it again when it is complete.")
          .retryable());
}

}  // namespace fm::jobs
