#include "gateway/archive.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "dbn/reader.h"
#include "gateway/archive_files.h"
#include "gateway/archive_state.h"
#include "gateway/record_stream.h"
#include "gateway/schema_facts.h"
#include "gateway/symbology_state.h"

namespace fm::gateway {
namespace {

using dbn::Schema;

constexpr std::size_t kProbeBufferBytes = std::size_t{16} << 10;
constexpr std::size_t kScanBufferBytes = std::size_t{1} << 20;

Date day_of(Nanos time) { return Date::of_second(second_of(time)); }
Nanos midnight_of(Date day) { return static_cast<Nanos>(day.first_second()) * kNanosPerSecond; }

// Learns what a file holds that does not say so itself.
class FileScan {
 public:
  FileScan(ArchiveFile& file, SymbologyBuilder& builder)
      : file_(file), builder_(builder), table_(full_table()) {}

  Status read(dbn::Reader& reader) {
    for (;;) {
      FM_ASSIGN(const dbn::RecordBlock block, reader.next());
      if (block.empty()) break;
      for (const dbn::RecordView record : block) add(record);
    }
    if (reader.loss())
      log_warning("{}: served up to record {}: {}", file_.path, reader.loss()->records_kept,
                  reader.loss()->reason);
    finish(reader.metadata());
    return {};
  }

 private:
  static RecordTable full_table() {
    std::vector<Schema> all;
    for (std::uint16_t i = 0; i < kSchemaCount; ++i)
      if (static_cast<Schema>(i) != Schema::kMbp1) all.push_back(static_cast<Schema>(i));
    return record_table(all, Filter::kIndexTime, Order::kIndexTime);
  }

  void add(dbn::RecordView record) {
    if (const auto* mapping = record.get_if<dbn::SymbolMappingMsg>()) {
      mappings_.push_back(*mapping);
      return;
    }
    if (const auto* definition = record.get_if<dbn::InstrumentDefMsg>()) builder_.add(*definition);
    const RecordFacts& facts = table_[static_cast<std::uint8_t>(record.rtype())];
    if (!facts.wanted || record.header().length < facts.size_min) return;
    schemas_.insert(facts.schema);
    const auto* const quote = record.get_if<dbn::Mbp1Msg>();
    is_mbp1_ = is_mbp1_ || (quote != nullptr && quote->action != dbn::kActionTrade);
    const Nanos time = load_time(record.bytes().data(), facts.index_at);
    if (time == kUndefTime) return;
    first_ = std::min(first_, time);
    last_ = std::max(last_, time);
  }

  void finish(const dbn::Metadata& metadata) {
    if (is_mbp1_ && schemas_.erase(Schema::kTbbo) > 0) schemas_.insert(Schema::kMbp1);
    if (!metadata.schema) file_.schemas.assign(schemas_.begin(), schemas_.end());
    const bool has_start = metadata.start != 0 && metadata.start != kUndefTime;
    file_.start = has_start ? std::min(metadata.start, first_) : first_;
    if (file_.start == kUndefTime) file_.start = 0;
    file_.end = last_ == 0 ? file_.start : last_ + 1;
    const Date last_day = day_of(std::max(file_.end, file_.start + 1) - 1);
    for (const dbn::SymbolMappingMsg& mapping : mappings_) builder_.add(mapping, last_day);
  }

  ArchiveFile& file_;
  SymbologyBuilder& builder_;
  RecordTable table_;
  std::set<Schema> schemas_;
  std::vector<dbn::SymbolMappingMsg> mappings_;
  bool is_mbp1_ = false;
  Nanos first_ = kUndefTime;
  Nanos last_ = 0;
};

Status check_form(const dbn::OpenedInput& input) {
  switch (input.format) {
    case dbn::Format::kDbn:
      return {};
    case dbn::Format::kDbnFragment:
      return std::unexpected(
          Error(Code::kUnsupported,
                fmt::format("{}: is a fragment: without metadata nobody knows its dataset and "
                            "schema",
                            input.name))
              .hint("Serve the file that it was cut from."));
    default:
      return std::unexpected(
          Error(Code::kUnsupported, fmt::format("{}: is text; the archive serves DBN", input.name))
              .hint("Download the data with encoding=dbn."));
  }
}

// Opens one file and learns what it holds. A dataset becomes known with its first file.
Status add_file(Archive::State& state, const FoundFile& found) {
  FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(*state.env, found.path));
  FM_TRY(check_form(input));
  FM_ASSIGN(auto reader, dbn::Reader::open(std::move(input.source), input.name,
                                           {.buffer_bytes = kProbeBufferBytes}));
  const dbn::Metadata& metadata = reader.metadata();
  ArchiveFile file{.path = found.path,
                   .size_bytes = found.info.size_bytes,
                   .modified = found.info.modified,
                   .dataset = metadata.dataset,
                   .mixed = !metadata.schema.has_value(),
                   .start = metadata.start,
                   .end = metadata.end.value_or(0)};
  if (metadata.schema) file.schemas.push_back(*metadata.schema);
  Dataset& dataset = state.datasets[file.dataset];
  dataset.builder.add(metadata);
  if (file.mixed || !metadata.end || file.start == kUndefTime || file.end <= file.start) {
    FM_ASSIGN(dbn::Reader whole, open_file(*state.env, file, kScanBufferBytes));
    FM_TRY(FileScan(file, dataset.builder).read(whole));
  }
  dataset.files.push_back(state.files.size());
  state.files.push_back(std::move(file));
  return {};
}

const Dataset* find_dataset(const Archive::State& state, std::string_view name) {
  const auto found = state.datasets.find(name);
  return found == state.datasets.end() ? nullptr : &found->second;
}

std::unexpected<Error> unknown_dataset(const Archive::State& state, std::string_view name) {
  std::string known;
  for (const auto& [one, dataset] : state.datasets) known += (known.empty() ? "" : ", ") + one;
  return fail(Code::kNotFound, "dataset {} is not here, only {}", name, known);
}

std::vector<ArchiveFile> files_of(const Archive::State& state, const Dataset& dataset) {
  std::vector<ArchiveFile> files;
  files.reserve(dataset.files.size());
  for (const std::size_t index : dataset.files) files.push_back(state.files[index]);
  return files;
}

// Definitions of the files that hold nothing else; mixed files were read when they were opened.
Status learn_definitions(Archive::State& state, Dataset& dataset) {
  for (const std::size_t index : dataset.files) {
    const ArchiveFile& file = state.files[index];
    if (file.mixed || file.schemas != std::vector{Schema::kDefinition}) continue;
    FM_ASSIGN(dbn::Reader reader, open_file(*state.env, file, kScanBufferBytes));
    for (;;) {
      FM_ASSIGN(const dbn::RecordBlock block, reader.next());
      if (block.empty()) break;
      for (const dbn::RecordView record : block)
        if (const auto* definition = record.get_if<dbn::InstrumentDefMsg>())
          dataset.builder.add(*definition);
    }
  }
  return {};
}

// Adds what `record` traded to its day.
void add_volume(dbn::RecordView record, DailyAmounts& amounts) {
  std::uint64_t volume = 0;
  if (const auto* bar = record.get_if<dbn::OhlcvMsg>()) {
    volume = bar->volume;
  } else if (const auto* trade = record.get_if<dbn::TradeMsg>()) {
    volume = trade->size;
  } else if (const auto* quote = record.get_if<dbn::Mbp1Msg>()) {
    if (quote->action == dbn::kActionTrade) volume = quote->size;
  }
  if (volume == 0) return;
  const dbn::RecordHeader& header = record.header();
  amounts[day_of(header.ts_event)][header.instrument_id] += volume;
}

Result<DailyAmounts> read_volumes(Archive::State& state, const Dataset& dataset) {
  // The coarsest schema that covers a day tells its volume.
  constexpr std::array kSources{Schema::kOhlcv1d, Schema::kOhlcv1h, Schema::kOhlcv1m,
                                Schema::kTrades,  Schema::kTbbo,    Schema::kMbp1,
                                Schema::kOhlcv1s};
  DailyAmounts out;
  std::set<Date> covered;
  for (const Schema schema : kSources) {
    std::vector<ArchiveFile> files = files_of(state, dataset);
    std::set<Date> days;
    std::erase_if(files, [&](const ArchiveFile& file) {
      if (std::ranges::find(file.schemas, schema) == file.schemas.end()) return true;
      bool adds = false;
      for (Date day = day_of(file.start); midnight_of(day) < file.end; day = day + 1)
        if (!covered.contains(day)) adds = days.insert(day).second || adds;
      return !adds;
    });
    RecordStream stream =
        open_stream(*state.env, std::move(files), {.dataset = {}, .schemas = {schema}});
    DailyAmounts of_schema;
    for (;;) {
      FM_ASSIGN(const RecordRun run, stream.next());
      if (run.empty()) break;
      for (const dbn::RecordView record : run.block) add_volume(record, of_schema);
    }
    for (auto& [day, amounts] : of_schema)
      if (!covered.contains(day)) out[day] = std::move(amounts);
    covered.merge(days);
  }
  return out;
}

Result<DailyAmounts> read_open_interest(Archive::State& state, const Dataset& dataset) {
  DailyAmounts out;
  RecordStream stream = open_stream(*state.env, files_of(state, dataset),
                                    {.dataset = {}, .schemas = {Schema::kStatistics}});
  for (;;) {
    FM_ASSIGN(const RecordRun run, stream.next());
    if (run.empty()) break;
    for (const dbn::RecordView record : run.block) {
      const auto* const statistic = record.get_if<dbn::StatMsg>();
      if (statistic == nullptr ||
          statistic->stat_type != static_cast<std::uint16_t>(dbn::StatType::kOpenInterest) ||
          statistic->quantity == dbn::kUndefStatQuantity || statistic->quantity < 0)
        continue;
      // By the day on which it was known, not the one it is of: no look into the future.
      out[day_of(statistic->ts_recv)][statistic->header.instrument_id] =
          static_cast<std::uint64_t>(statistic->quantity);
    }
  }
  return out;
}

}  // namespace

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::~Archive() = default;

Result<std::shared_ptr<const Archive>> Archive::open(Env& env, std::span<const std::string> paths) {
  FM_ASSIGN(const std::vector<FoundFile> found, find_files(env, paths));
  auto state = std::make_unique<State>();
  state->env = &env;
  for (const FoundFile& file : found) FM_TRY(add_file(*state, file));
  if (state->files.empty())
    return std::unexpected(Error(Code::kInvalidArgument, "no DBN file is in what was named")
                               .hint("Name files that end in .dbn or .dbn.zst, or directories "
                                     "with such files."));
  return std::shared_ptr<const Archive>(std::make_shared<Archive>(std::move(state)));
}

std::span<const ArchiveFile> Archive::files() const { return state_->files; }

std::vector<std::string> Archive::datasets() const {
  std::vector<std::string> names;
  for (const auto& [name, dataset] : state_->datasets) names.push_back(name);
  return names;
}

bool Archive::has(std::string_view dataset) const {
  return find_dataset(*state_, dataset) != nullptr;
}

std::vector<Schema> Archive::schemas(std::string_view dataset) const {
  std::set<Schema> schemas;
  for (const ArchiveFile& file : state_->files)
    if (file.dataset == dataset) schemas.insert(file.schemas.begin(), file.schemas.end());
  return {schemas.begin(), schemas.end()};
}

TimeRange Archive::range(std::string_view dataset) const {
  TimeRange range;
  for (const ArchiveFile& file : state_->files) {
    if (file.dataset != dataset) continue;
    range.start = std::min(range.start, file.start);
    range.end = std::max(range.end, file.end);
  }
  return range;
}

TimeRange Archive::range(std::string_view dataset, Schema schema) const {
  TimeRange range;
  for (const ArchiveFile& file : state_->files) {
    if (file.dataset != dataset || std::ranges::find(file.schemas, schema) == file.schemas.end())
      continue;
    range.start = std::min(range.start, file.start);
    range.end = std::max(range.end, file.end);
  }
  return range;
}

Result<RecordStream> Archive::read(ReadRequest request) const {
  const Dataset* const dataset = find_dataset(*state_, request.dataset);
  if (dataset == nullptr) return unknown_dataset(*state_, request.dataset);
  return open_stream(*state_->env, files_of(*state_, *dataset), std::move(request));
}

Result<Size> Archive::measure(ReadRequest request) const {
  FM_ASSIGN(RecordStream stream, read(std::move(request)));
  Size size;
  for (;;) {
    FM_ASSIGN(const RecordRun run, stream.next());
    if (run.empty()) return size;
    size.records += run.block.record_count;
    size.bytes += run.block.bytes.size();
  }
}

Result<const Symbology*> Archive::symbology(std::string_view name) const {
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->datasets.find(name);
  if (found == state_->datasets.end()) return unknown_dataset(*state_, name);
  Dataset& dataset = found->second;
  if (dataset.symbology) return dataset.symbology.get();

  FM_TRY(learn_definitions(*state_, dataset));
  auto facts = std::make_unique<Symbology::State>();
  facts->listings = dataset.builder.listings(day_of(range(name).end - 1) + 1);
  facts->requested = dataset.builder.requested();
  for (std::size_t i = 0; i < facts->listings.size(); ++i) {
    facts->by_id.emplace(facts->listings[i].instrument_id, i);
    if (!facts->listings[i].root.empty()) facts->roots[facts->listings[i].root].push_back(i);
  }
  facts->read_amounts = [state = state_.get(), &dataset](Amount amount) {
    return amount == Amount::kVolume ? read_volumes(*state, dataset)
                                     : read_open_interest(*state, dataset);
  };
  dataset.builder = {};
  dataset.symbology = std::make_unique<Symbology>(std::move(facts));
  return dataset.symbology.get();
}

}  // namespace fm::gateway
