#include "jobs/merge.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/assert.h"
#include "dbn/enums.h"

namespace fm::jobs {
namespace {

// More decompressing threads than cores only cost memory.
constexpr std::size_t kReadAheadFeedsMax = 2;
constexpr std::size_t kManyOpenFiles = 100;
// Stretches are short where files interleave; looking around after each would cost more than they
// do.
constexpr std::uint64_t kRecordsBetweenLooks = 4096;

Status refuse_mixture(const std::string& tbbo, const std::string& mbp1) {
  return std::unexpected(
      Error(Code::kUnsupported,
            fmt::format("{} holds tbbo and {} holds mbp-1: the same trades would count twice", tbbo,
                        mbp1))
          .hint("Give one of the two."));
}

}  // namespace

Result<InputPlan> plan_inputs(Env& env, InputList list, bool salvage) {
  InputPlan plan;
  plan.skipped = std::move(list.skipped);
  std::string tbbo, mbp1;
  for (InputFile& file : list.files) {
    auto feed = Feed::open(env, file, {.read_ahead = false, .salvage = salvage});
    if (!feed) {
      if (!file.from_directory || feed.error().code() != Code::kUnsupported)
        return std::unexpected(std::move(feed).error());
      plan.skipped.push_back({file.path, feed.error().message()});
      continue;
    }
    PlannedInput input{.file = std::move(file), .head = (*feed)->about(), .opened = nullptr};
    if (input.head.schema == dbn::Schema::kTbbo) tbbo = input.file.path;
    if (input.head.schema == dbn::Schema::kMbp1) mbp1 = input.file.path;
    if (!tbbo.empty() && !mbp1.empty()) FM_TRY(refuse_mixture(tbbo, mbp1));
    if (input.file.path == kStandardInput) input.opened = *std::move(feed);
    plan.bytes += input.file.size_bytes;
    plan.inputs.push_back(std::move(input));
  }
  return plan;
}

MergedInputs::MergedInputs(Env& env, InputPlan& plan, const MergeOptions& options)
    : env_(env), plan_(plan), options_(options), finished_(plan.inputs.size()) {
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const FeedHead& head = plan.inputs[i].head;
    due_.push_back({head.first_arrival.value_or(head.start.value_or(0)), i});
  }
  std::ranges::sort(due_, [](const Due& a, const Due& b) {
    return std::tie(a.head, a.index) > std::tie(b.head, b.index);
  });
}

MergedInputs::~MergedInputs() = default;

bool MergedInputs::is_text(candles::SourceId source) const {
  const dbn::Format format = plan_.inputs[source_inputs_[source]].head.format;
  return format == dbn::Format::kJson || format == dbn::Format::kCsv;
}

bool MergedInputs::later(const Open& a, const Open& b) {
  return std::tie(a.head, a.index) > std::tie(b.head, b.index);
}

Status MergedInputs::open_due(candles::Engine& engine) {
  while (!due_.empty()) {
    const Due next = due_.back();
    if (!open_.empty() &&
        std::tie(next.head, next.index) > std::tie(open_.front().head, open_.front().index))
      return {};
    due_.pop_back();
    PlannedInput& input = plan_.inputs[next.index];
    auto feed = std::move(input.opened);
    if (!feed) {
      auto opened = Feed::open(
          env_, input.file,
          {.read_ahead = open_.size() < kReadAheadFeedsMax, .salvage = options_.salvage});
      if (!opened && open_.size() >= kManyOpenFiles)
        return std::unexpected(std::move(opened).error().hint(fmt::format(
            "{} inputs overlap in time and are open at once; `ulimit -n` may be too small.",
            open_.size() + 1)));
      if (!opened) return std::unexpected(std::move(opened).error());
      feed = *std::move(opened);
    }
    feed->attach(engine, options_.window);
    FM_ASSERT(feed->source() == source_inputs_.size());
    source_inputs_.push_back(next.index);
    open_.push_back({feed->head(), next.index, std::move(feed)});
    if (open_.back().feed->at_end()) {
      finish(open_.back());
      open_.pop_back();
    } else {
      std::ranges::push_heap(open_, later);
    }
  }
  return {};
}

// Up to which arrival `first` may go on before another input is next. `first` is not in the heap.
Nanos MergedInputs::limit_for(const Open& first) const {
  Nanos limit = kUndefTime;
  const auto consider = [&](Nanos head, std::size_t index) {
    limit = std::min(limit, index > first.index ? head : head - 1);
  };
  if (!open_.empty()) consider(open_.front().head, open_.front().index);
  if (!due_.empty()) consider(due_.back().head, due_.back().index);
  return limit;
}

void MergedInputs::finish(Open& input) {
  input.feed->detach();
  const InputFile& file = plan_.inputs[input.index].file;
  if (!input.feed->damage().empty()) damages_.push_back({file.path, input.feed->damage()});
  bytes_finished_ += file.size_bytes;
  finished_[input.index] = {true, input.feed->last_arrival(), input.feed->newest_beyond()};
}

std::optional<MergedInputs::Covered> MergedInputs::covered_by(std::size_t input) const {
  const FeedHead& head = plan_.inputs[input].head;
  if (!head.first_arrival && !head.start) return std::nullopt;
  const Nanos first =
      std::min(head.first_arrival.value_or(kUndefTime), head.start.value_or(kUndefTime));
  const Finished& finished = finished_[input];
  if (!finished.done) return Covered{second_of(first), std::numeric_limits<Second>::max()};
  const Nanos last = std::max({first, finished.last_arrival, head.end.value_or(1) - 1});
  return Covered{second_of(first), second_of(last) + 1};
}

Status MergedInputs::run(candles::Engine& engine, const std::function<Status()>& after_stretch) {
  for (const PlannedInput& input : plan_.inputs) cover_as_announced(input.head, engine);
  std::uint64_t look_at = 0;
  for (;;) {
    FM_TRY(open_due(engine));
    if (open_.empty()) return after_stretch();
    std::ranges::pop_heap(open_, later);
    Open input = std::move(open_.back());
    open_.pop_back();

    const std::uint64_t had = input.feed->records_given();
    FM_TRY(input.feed->give(limit_for(input)));
    records_given_ += input.feed->records_given() - had;
    if (input.feed->at_end()) {
      finish(input);
    } else {
      input.head = input.feed->head();
      open_.push_back(std::move(input));
      std::ranges::push_heap(open_, later);
    }
    if (records_given_ >= look_at) {
      FM_TRY(after_stretch());
      look_at = records_given_ + kRecordsBetweenLooks;
    }
  }
}

}  // namespace fm::jobs
