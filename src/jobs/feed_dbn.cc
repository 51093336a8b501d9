#include "jobs/feed_dbn.h"

#include <optional>

#include "candles/instruments.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"

namespace fm::jobs {
namespace {

using dbn::Mbp1Msg;
using dbn::RecordBlock;
using dbn::RecordView;

Nanos arrival_of(const Mbp1Msg& record) {
  return record.ts_recv != kUndefTime ? record.ts_recv : record.header.ts_event;
}

class DbnFeed final : public Feed {
 public:
  DbnFeed(dbn::Reader reader, FeedHead about) : Feed(about), reader_(std::move(reader)) {
    map_.add(reader_.metadata());
  }

  // Comes to the first TBBO record; what lies before it waits in `early_mappings_` or is nothing.
  Status start() {
    FM_TRY(read_block());
    if (const auto first = first_arrival_in_block()) {
      about_.first_arrival = first;
      last_arrival_ = *first;
      head_ = *first;
    }
    return {};
  }

  Status give(Nanos limit) override {
    if (at_end_) return {};
    const RecordBlock run = take_run(limit);
    if (!run.empty()) {
      if (run_is_inside_) {
        enter_window(last_arrival_);
        records_given_ += run.record_count;
        engine_->feed(run, *instruments_);
      } else {
        for (const RecordView record : run) map_.add(record);
      }
    }
    if (rest_.empty()) return read_block();
    head_ = arrival_or_last(*rest_.begin());
    return {};
  }

 private:
  void attached() override { instruments_.emplace(map_, source_, about_.schema); }

  Status read_block() {
    FM_ASSIGN(rest_, reader_.next());
    if (rest_.empty()) {
      at_end_ = true;
      head_ = kUndefTime;
      if (const auto& loss = reader_.loss())
        damage_ = fmt::format("{} ({} records kept, {} bytes lost from byte {} on)", loss->reason,
                              loss->records_kept, loss->bytes_lost, loss->first_byte);
    } else {
      head_ = arrival_or_last(*rest_.begin());
    }
    return {};
  }

  std::optional<Nanos> first_arrival_in_block() const {
    for (const RecordView record : rest_)
      if (const auto* quote = record.get_if<Mbp1Msg>())
        if (const Nanos arrival = arrival_of(*quote); arrival != kUndefTime) return arrival;
    return std::nullopt;
  }

  Nanos arrival_or_last(RecordView record) const {
    if (const auto* quote = record.get_if<Mbp1Msg>())
      if (const Nanos arrival = arrival_of(*quote); arrival != kUndefTime) return arrival;
    return last_arrival_;
  }

  // Cuts off the front of `rest_` that arrived no later than `limit` and lies on one side of the
  // window's edges.
  RecordBlock take_run(Nanos limit) {
    if (limit == kUndefTime && window_.is_everything()) {
      run_is_inside_ = true;
      last_arrival_ = arrival_at_end();
      return std::exchange(rest_, RecordBlock{});
    }
    const auto quotes = rest_.all<Mbp1Msg>();
    const std::uint64_t count = quotes.empty() ? run_of_any(limit) : run_of_quotes(quotes, limit);
    RecordBlock run = rest_;
    run.record_count = count;
    std::size_t run_bytes = count * sizeof(Mbp1Msg);
    if (quotes.empty()) {
      run_bytes = 0;
      const std::byte* at = rest_.bytes.data();
      for (std::uint64_t i = 0; i < count; ++i)
        run_bytes += RecordView(at + run_bytes, rest_.tail_bytes).size_bytes();
    }
    run.bytes = rest_.bytes.first(run_bytes);
    rest_.bytes = rest_.bytes.subspan(run_bytes);
    rest_.first_record += count;
    rest_.first_byte += run_bytes;
    rest_.record_count -= count;
    return run;
  }

  // Whether a record with this arrival ends the run that began before it.
  bool ends_run(Nanos arrival, bool is_first, Nanos limit) {
    const bool inside = window_.holds(arrival);
    if (!is_first) return arrival > limit || inside != run_is_inside_;
    run_is_inside_ = inside;
    return false;
  }

  // How many records the run has, in a block of one kind (nearly all blocks are).
  std::uint64_t run_of_quotes(std::span<const Mbp1Msg> quotes, Nanos limit) {
    std::uint64_t count = 0;
    for (const Mbp1Msg& quote : quotes) {
      const Nanos own = arrival_of(quote);
      const Nanos arrival = own != kUndefTime ? own : last_arrival_;
      if (ends_run(arrival, count == 0, limit)) break;
      last_arrival_ = arrival;
      if (!run_is_inside_) skip(arrival);
      ++count;
    }
    return count;
  }

  std::uint64_t run_of_any(Nanos limit) {
    std::uint64_t count = 0;
    for (const RecordView record : rest_) {
      const Nanos arrival = arrival_or_last(record);
      if (ends_run(arrival, count == 0, limit)) break;
      last_arrival_ = arrival;
      if (!run_is_inside_ && Mbp1Msg::holds(record.rtype())) skip(arrival);
      ++count;
    }
    return count;
  }

  // Only what follows without a time of its own needs it: the last record will do.
  Nanos arrival_at_end() const {
    if (const auto quotes = rest_.all<Mbp1Msg>(); !quotes.empty()) {
      const Nanos arrival = arrival_of(quotes.back());
      if (arrival != kUndefTime) return arrival;
    }
    return last_arrival_;
  }

  dbn::Reader reader_;
  dbn::SymbolMap map_;
  std::optional<candles::Instruments> instruments_;
  RecordBlock rest_;  // of the block in memory
  bool run_is_inside_ = true;
};

Status check_schema(const dbn::Metadata& metadata, const std::string& name) {
  if (!metadata.schema || *metadata.schema == dbn::Schema::kTbbo ||
      *metadata.schema == dbn::Schema::kMbp1)
    return {};
  return std::unexpected(
      Error(Code::kUnsupported, fmt::format("{}: holds {}, and candles are made from tbbo or mbp-1",
                                            name, dbn::name(*metadata.schema)))
          .hint("Leave the file out, or name the folder: other schemas in it are skipped."));
}

}  // namespace

Result<std::unique_ptr<Feed>> open_dbn_feed(dbn::OpenedInput input, const FeedOptions& options) {
  const std::string name = input.name;
  dbn::ReaderOptions reading;
  reading.salvage = options.salvage;
  FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(input.source), name, reading));
  const dbn::Metadata& metadata = reader.metadata();
  FM_TRY(check_schema(metadata, name));
  FeedHead about{.format = input.format, .schema = metadata.schema};
  // 0 is what writers put that do not know.
  if (metadata.start != 0 && metadata.start != kUndefTime) about.start = metadata.start;
  if (metadata.end && *metadata.end != kUndefTime) about.end = metadata.end;
  auto feed = std::make_unique<DbnFeed>(std::move(reader), about);
  FM_TRY(feed->start());
  return feed;
}

}  // namespace fm::jobs
