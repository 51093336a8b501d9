#include "jobs/feed_text.h"

#include <optional>
#include <span>

#include "dbn/symbol_map.h"
#include "dbn/tbbo_text.h"

namespace fm::jobs {
namespace {

using dbn::LineKind;
using dbn::TbboLine;

std::optional<Nanos> arrival_of(const TbboLine& line) {
  if (line.kind != LineKind::kTbbo) return std::nullopt;
  const Nanos arrival =
      line.record.ts_recv != kUndefTime ? line.record.ts_recv : line.record.header.ts_event;
  if (arrival == kUndefTime) return std::nullopt;
  return arrival;
}

class TextFeed final : public Feed {
 public:
  TextFeed(dbn::TbboTextReader reader, FeedHead about, bool salvage)
      : Feed(about), reader_(std::move(reader)), salvage_(salvage) {}

  Status start() {
    FM_TRY(read_lines());
    for (const TbboLine& line : rest_) {
      if (const auto arrival = arrival_of(line)) {
        about_.first_arrival = arrival;
        last_arrival_ = *arrival;
        head_ = *arrival;
        break;
      }
    }
    return {};
  }

  Status give(Nanos limit) override {
    std::size_t given = 0;
    for (; given < rest_.size(); ++given) {
      const TbboLine& line = rest_[given];
      const Nanos arrival = arrival_of(line).value_or(last_arrival_);
      if (given > 0 && arrival > limit) break;
      last_arrival_ = arrival;
      if (window_.holds(arrival)) {
        enter_window(arrival);
        give_line(line, arrival);
      } else {
        if (line.kind == LineKind::kTbbo) skip(arrival);
        if (line.kind == LineKind::kMapping) learn(line);
      }
    }
    rest_ = rest_.subspan(given);
    if (rest_.empty()) return read_lines();
    head_ = arrival_of(rest_.front()).value_or(last_arrival_);
    return {};
  }

 private:
  void give_line(const TbboLine& line, Nanos arrival) {
    switch (line.kind) {
      case LineKind::kTbbo:
        ++records_given_;
        engine_->feed(line.record, symbol_of(line, arrival), line.line_number, source_);
        return;
      case LineKind::kMapping:
        return learn(line);
      case LineKind::kMessage:
        return;
      case LineKind::kOther:
        ++records_given_;
        engine_->not_trade();
        return;
      case LineKind::kMalformed:
        ++records_given_;
        engine_->malformed(std::as_bytes(std::span(line.text)), line.line_number, source_);
        return;
    }
  }

  void learn(const TbboLine& line) {
    map_.add(*line.mapping);
    has_mappings_ = true;
  }

  candles::SymbolId symbol_of(const TbboLine& line, Nanos arrival) {
    if (!line.symbol.empty()) return engine_->intern(line.symbol);
    if (!has_mappings_) return candles::kNoSymbol;
    return engine_->intern(map_.find(line.record.header.instrument_id, arrival).symbol);
  }

  Status read_lines() {
    auto lines = reader_.next();
    if (!lines && salvage_) {
      damage_ = lines.error().message();
      lines = std::span<const TbboLine>();
    }
    if (!lines) return std::unexpected(std::move(lines).error());
    rest_ = *lines;
    if (rest_.empty()) {
      at_end_ = true;
      head_ = kUndefTime;
    } else {
      head_ = arrival_of(rest_.front()).value_or(last_arrival_);
    }
    return {};
  }

  dbn::TbboTextReader reader_;
  dbn::SymbolMap map_;
  bool has_mappings_ = false;
  bool salvage_;
  std::span<const TbboLine> rest_;
};

}  // namespace

Result<std::unique_ptr<Feed>> open_text_feed(dbn::OpenedInput input, const FeedOptions& options) {
  const auto form =
      input.format == dbn::Format::kCsv ? dbn::TextForm::kCsv : dbn::TextForm::kJsonLines;
  auto feed =
      std::make_unique<TextFeed>(dbn::TbboTextReader(std::move(input.source), input.name, form),
                                 FeedHead{.format = input.format}, options.salvage);
  FM_TRY(feed->start());
  return feed;
}

}  // namespace fm::jobs
