#include "capture/repair.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "capture/arrival.h"
#include "capture/block_maker.h"
#include "capture/capture_day.h"
#include "capture/seal.h"
#include "capture/segment_files.h"
#include "capture/segment_reader.h"

namespace fm::capture {

struct RepairWriter::State {
  State(Env& e, std::string d, CaptureDays c) : env(e), directory(std::move(d)), days(c) {}

  Status begin(const dbn::Metadata& metadata);
  Status put(std::span<const std::byte> bytes, const Survey& survey);
  void end_block();
  Status finish_data();
  Status write_index();
  [[nodiscard]] std::string draft() const {
    return path_of(directory, name, kData) + std::string(kDraft);
  }

  Env& env;
  std::string directory;
  CaptureDays days;
  SegmentName name;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<WritableFile> file;
  std::uint64_t metadata_bytes = 0;
  BlockMaker maker;
  std::vector<Block> blocks;
  std::vector<std::byte> plain;  // records without their ts_out
  bool committed = false;
};

Status RepairWriter::State::begin(const dbn::Metadata& metadata) {
  const std::string day = day_path(directory, name.day);
  FM_TRY(env.make_directories(day));
  FM_ASSIGN(lock, env.lock(join(day, "repair.lock"), 0));
  FM_ASSIGN(const auto names, env.list(day));
  for (const std::string& left : names)
    if (left.starts_with("repair-") && left.ends_with(kDraft)) FM_TRY(env.remove(join(day, left)));
  name.number = 1;
  FM_ASSIGN(const auto segments, list_segments(env, directory, name.day));
  for (const SegmentFiles& files : segments)
    if (files.name.repair) name.number = std::max(name.number, files.name.number + 1);

  dbn::Metadata plain_metadata = metadata;
  plain_metadata.ts_out = false;
  FM_ASSIGN(const auto bytes, dbn::encode(plain_metadata));
  if (bytes.size() > kBlockBytesTarget)
    return fail(Code::kUnsupported, "metadata of {} bytes, expected at most {}", bytes.size(),
                kBlockBytesTarget);
  metadata_bytes = bytes.size();
  FM_ASSIGN(file, env.create(draft(), Create::kNew));
  FM_TRY(put(bytes, Survey{}));
  end_block();
  return {};
}

Status RepairWriter::State::put(std::span<const std::byte> bytes, const Survey& survey) {
  FM_TRY(file->write(bytes));
  maker.add(bytes, survey);
  if (maker.is_full()) end_block();
  return {};
}

void RepairWriter::State::end_block() {
  if (const auto block = maker.end()) blocks.push_back(*block);
}

Status RepairWriter::State::finish_data() {
  end_block();
  FM_TRY(file->sync());
  return file->close();
}

// An index alone is not seen as a repair.
Status RepairWriter::State::write_index() {
  std::vector<Entry> entries{encode(IndexHeader{
      .day = name.day, .segment = name.number, .repair = true, .prologue_bytes = metadata_bytes})};
  for (const Block& block : blocks) entries.push_back(encode(block));
  entries.push_back(encode(footer_of(blocks)));
  FM_ASSIGN(auto index, env.create(path_of(directory, name, kIndex), Create::kTruncate));
  FM_TRY(index->write(std::as_bytes(std::span(entries))));
  FM_TRY(index->sync());
  return index->close();
}

RepairWriter::RepairWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
RepairWriter::RepairWriter(RepairWriter&&) noexcept = default;
RepairWriter& RepairWriter::operator=(RepairWriter&&) noexcept = default;

RepairWriter::~RepairWriter() {
  if (state_ && !state_->committed && state_->file)
    static_cast<void>(state_->env.remove(state_->draft()));
}

Result<RepairWriter> RepairWriter::create(Env& env, const std::string& directory, Date day,
                                          const dbn::Metadata& metadata) {
  if (metadata.version != dbn::kNewestVersion)
    return fail(Code::kUnsupported, "records of DBN version {}, expected {}", metadata.version,
                dbn::kNewestVersion);
  FM_ASSIGN(CaptureDays days, CaptureDays::make());
  auto state = std::make_unique<State>(env, directory, days);
  state->name = {.day = day, .repair = true, .number = 0};
  RepairWriter writer(std::move(state));
  FM_TRY(writer.state_->begin(metadata));
  return writer;
}

Status RepairWriter::append(const dbn::RecordBlock& block) {
  State& state = *state_;
  FM_ASSERT(!state.committed);
  constexpr std::size_t kStepBytes = std::size_t{1} << 20;
  Survey survey;
  state.plain.clear();
  const auto put = [&]() -> Status {
    FM_TRY(state.put(state.plain, survey));
    survey = {};
    state.plain.clear();
    return {};
  };
  for (const dbn::RecordView record : block) {
    const Nanos arrival = is_replayable(record.rtype()) ? arrival_of(record) : kUndefTime;
    if (arrival != kUndefTime && state.days.day_of(arrival) != state.name.day)
      return fail(Code::kInvalidArgument,
                  "a record that arrived at {} is not of the capture day {}", iso_nanos(arrival),
                  state.name.day.iso());
    survey.add(record);
    const std::size_t begin = state.plain.size();
    const auto bytes = record.bytes().first(record.size_bytes() - record.tail_bytes());
    state.plain.insert(state.plain.end(), bytes.begin(), bytes.end());
    state.plain[begin] = static_cast<std::byte>(bytes.size() / 4);
    if (state.plain.size() >= kStepBytes) FM_TRY(put());
  }
  return state.plain.empty() ? Status{} : put();
}

Result<Repair> RepairWriter::commit() {
  State& state = *state_;
  FM_ASSERT(!state.committed);
  FM_TRY(state.finish_data());
  const Footer sums = footer_of(state.blocks);
  if (sums.record_count == 0) return fail(Code::kInvalidArgument, "a repair without a record");
  FM_TRY(state.write_index());
  const std::string data = path_of(state.directory, state.name, kData);
  FM_TRY(state.env.rename(state.draft(), data));
  FM_TRY(state.env.sync_directory(parent_of(data)));
  state.committed = true;
  Repair repair{.path = data,
                .day = state.name.day,
                .number = state.name.number,
                .first_arrival = sums.first_arrival,
                .last_arrival = sums.last_arrival,
                .record_count = sums.record_count};
  const std::atomic<bool> stop = false;
  if (Status sealed = seal_segment(state.env, state.directory, state.name, stop); sealed)
    repair.path = path_of(state.directory, state.name, kCompressed);
  else
    log_warning("capture: {}: not compressed: {}", data, sealed.error().message());
  return repair;
}

Result<std::vector<Repair>> repairs(Env& env, const std::string& directory, Date day) {
  FM_ASSIGN(const auto segments, list_segments(env, directory, day));
  std::vector<Repair> found;
  for (const SegmentFiles& files : segments) {
    if (!files.name.repair || !(files.data || files.compressed)) continue;
    FM_ASSIGN(const auto segment, SegmentReader::open(env, directory, files.name));
    if (!segment->index().footer)
      return fail(Code::kCorrupt, "{}: its index has no end", segment->path());
    const Footer& footer = *segment->index().footer;
    found.push_back({.path = segment->path(),
                     .day = day,
                     .number = files.name.number,
                     .first_arrival = footer.first_arrival,
                     .last_arrival = footer.last_arrival,
                     .record_count = footer.record_count});
  }
  return found;
}

}  // namespace fm::capture
