#include "jobs/feed.h"

#include <algorithm>

#include "base/assert.h"
#include "capture/segment_source.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "jobs/feed_dbn.h"
#include "jobs/feed_text.h"

namespace fm::jobs {

namespace {

// A capture log's segments are held to their index.
Result<dbn::OpenedInput> open_file(Env& env, const std::string& path, bool read_ahead) {
  FM_ASSIGN(auto segment, capture::open_segment(env, path));
  if (segment == nullptr) return dbn::open_input(env, path, {.read_ahead = read_ahead});
  return dbn::OpenedInput{
      .source = std::move(segment), .format = dbn::Format::kDbn, .compressed = false, .name = path};
}

}  // namespace

Result<std::unique_ptr<Feed>> Feed::open(Env& env, const InputFile& file,
                                         const FeedOptions& options) {
  FM_ASSIGN(dbn::OpenedInput input, open_file(env, file.path, options.read_ahead));
  switch (input.format) {
    case dbn::Format::kDbn:
    case dbn::Format::kDbnFragment:
      return open_dbn_feed(std::move(input), options);
    case dbn::Format::kJson:
    case dbn::Format::kCsv:
      return open_text_feed(std::move(input), options);
  }
  return fail(Code::kInternal, "{}: unknown input format", file.path);
}

void cover_as_announced(const FeedHead& head, candles::Engine& engine) {
  if (!head.start) return;
  // Without an end (a live capture) the metadata only widens to the front.
  const std::optional<Nanos> end = head.end ? head.end : head.first_arrival;
  if (end && *end > *head.start) engine.cover(second_of(*head.start), second_of(*end - 1) + 1);
}

void Feed::attach(candles::Engine& engine, const ArrivalWindow& window) {
  FM_ASSERT(engine_ == nullptr);
  engine_ = &engine;
  window_ = window;
  source_ = engine.begin_source();
  attached();
}

void Feed::enter_window(Nanos arrival) {
  if (entered_) return;
  entered_ = true;
  // The engine sees the source begin here, but the file was there before.
  if (skipped_before_) engine_->cover(second_of(window_.from), second_of(arrival) + 1);
}

void Feed::skip(Nanos arrival) {
  if (arrival < window_.from) {
    skipped_before_ = true;
  } else {
    newest_beyond_ = std::max(newest_beyond_.value_or(0), arrival);
  }
}

void Feed::detach() {
  if (engine_ == nullptr) return;
  const std::optional<Second> clock = engine_->clock();
  engine_->end_source(source_);
  // What lies behind the window was covered too, up to the window's end.
  if (newest_beyond_ && clock && *clock < second_of(window_.to))
    engine_->cover(*clock, second_of(window_.to));
  engine_ = nullptr;
}

}  // namespace fm::jobs
