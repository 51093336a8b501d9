#include "gateway/record_stream.h"

#include <algorithm>

#include "gateway/archive_state.h"

namespace fm::gateway {
namespace {

// Files whose times overlap are open together. A day split by symbol may have hundreds.
constexpr std::size_t kOpenFilesMax = 512;
// Exchange clocks may run ahead of the capture's by a little: a file may hold records whose
// ts_event lies behind its end.
constexpr Nanos kClockSlack = 60 * kNanosPerSecond;

bool overlaps(const ArchiveFile& file, const ReadRequest& request) {
  const bool by_arrival = request.filter == Filter::kArrival;
  const Nanos slack = request.filter == Filter::kTsEvent ? kClockSlack : 0;
  Nanos end = plus(file.end, slack);
  for (const dbn::Schema schema : file.schemas)
    if (by_arrival && is_bar(schema)) end = std::max(end, plus(file.end, interval_of(schema)));
  // ts_event may lie long before a record's arrival, so that a file's start says nothing of it.
  const bool begins_in_time = request.filter == Filter::kTsEvent || file.start < request.to;
  return end > request.from && begins_in_time;
}

bool holds_any(const ArchiveFile& file, std::span<const dbn::Schema> schemas) {
  return std::ranges::any_of(file.schemas, [&](dbn::Schema schema) {
    return std::ranges::find(schemas, schema) != schemas.end();
  });
}

}  // namespace

struct RecordStream::State {
  Env* env = nullptr;
  ReadRequest request;
  std::vector<ArchiveFile> files;     // of the request, by path
  std::vector<std::size_t> by_start;  // indices into files
  std::size_t opened = 0;             // of by_start

  struct Open {
    std::size_t file;
    std::unique_ptr<FileCursor> cursor;
  };
  std::vector<Open> open;        // each stands on a record; a heap with the earliest in front
  std::optional<Error> failure;  // comes again on every further call
  bool front_spent = false;      // the front's last run was given out; it must find its next record

  static bool later(const Open& a, const Open& b) {
    if (a.cursor->time() != b.cursor->time()) return a.cursor->time() > b.cursor->time();
    return a.file > b.file;
  }

  Status settle();
  Status find_front();
  Status open_next();
  Nanos limit_of_front(Nanos not_after) const;
};

Status RecordStream::State::settle() {
  if (!failure) {
    Status found = find_front();
    if (!found) failure = std::move(found).error();
  }
  if (failure) return std::unexpected(*failure);
  return {};
}

// Afterwards the front of the heap has the next record of all, and every file that might have an
// earlier one is open.
Status RecordStream::State::find_front() {
  if (front_spent) {
    front_spent = false;
    std::ranges::pop_heap(open, later);
    FM_ASSIGN(const bool found, open.back().cursor->find_next());
    if (found) {
      std::ranges::push_heap(open, later);
    } else {
      open.pop_back();
    }
  }
  while (opened < by_start.size() &&
         (open.empty() || files[by_start[opened]].start <= open.front().cursor->time()))
    FM_TRY(open_next());
  return {};
}

Status RecordStream::State::open_next() {
  if (open.size() == kOpenFilesMax)
    return fail(Code::kUnsupported,
                "{} files overlap in time, and {} is one more; at most {} can be merged",
                open.size(), files[by_start[opened]].path, kOpenFilesMax);
  const std::size_t index = by_start[opened++];
  FM_ASSIGN(auto cursor, FileCursor::open(*env, files[index], request));
  FM_ASSIGN(const bool found, cursor->find_next());
  if (!found) return {};
  open.push_back({index, std::move(cursor)});
  std::ranges::push_heap(open, later);
  return {};
}

// How far the front may run before another file has the next record.
Nanos RecordStream::State::limit_of_front(Nanos not_after) const {
  const std::size_t front = open.front().file;
  // Equal times belong to the earlier path first.
  const auto before = [&](Nanos time, std::size_t file) { return file > front ? time : time - 1; };
  Nanos limit = not_after;
  for (std::size_t child = 1; child <= 2 && child < open.size(); ++child)
    limit = std::min(limit, before(open[child].cursor->time(), open[child].file));
  for (std::size_t i = opened; i < by_start.size(); ++i) {
    const Nanos start = files[by_start[i]].start;
    if (start > limit) break;
    limit = std::min(limit, before(start, by_start[i]));
  }
  return limit;
}

RecordStream::RecordStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordStream::~RecordStream() = default;
RecordStream::RecordStream(RecordStream&&) noexcept = default;
RecordStream& RecordStream::operator=(RecordStream&&) noexcept = default;

Result<std::optional<Nanos>> RecordStream::next_time() {
  FM_TRY(state_->settle());
  if (state_->open.empty()) return std::optional<Nanos>();
  return std::optional(state_->open.front().cursor->time());
}

Result<RecordRun> RecordStream::next(Nanos not_after) {
  FM_TRY(state_->settle());
  if (state_->open.empty() || state_->open.front().cursor->time() > not_after) return RecordRun{};
  state_->front_spent = true;
  return state_->open.front().cursor->take(state_->limit_of_front(not_after));
}

RecordStream open_stream(Env& env, std::vector<ArchiveFile> files, ReadRequest request) {
  auto state = std::make_unique<RecordStream::State>();
  state->env = &env;
  std::erase_if(files, [&](const ArchiveFile& file) {
    return !holds_any(file, request.schemas) || !overlaps(file, request);
  });
  state->files = std::move(files);
  state->request = std::move(request);
  state->by_start.resize(state->files.size());
  for (std::size_t i = 0; i < state->files.size(); ++i) state->by_start[i] = i;
  std::ranges::stable_sort(state->by_start, {},
                           [&](std::size_t i) { return state->files[i].start; });
  return RecordStream(std::move(state));
}

}  // namespace fm::gateway
