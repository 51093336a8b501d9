#include "jobs/poll_root.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/json_text.h"
#include "base/log.h"
#include "dbn/symbol_map.h"
#include "jobs/poll_guards.h"
#include "jobs/poll_quarantine.h"
#include "jobs/poll_rows.h"
#include "market/contract.h"

namespace fm::jobs {
namespace {

using databento::DataRequest;
using Reasons = std::map<std::string, std::uint64_t, std::less<>>;

constexpr std::string_view kTable = "futures_ohlcv_1m_live";

// No contract of the root is known on the days asked for, in the service's words.
bool is_unresolved(const Error& error) {
  return error.code() == Code::kRefused &&
         error.message().find("symbology_invalid_request") != std::string::npos;
}

// One poll of one root: a UTC day at a time, so that however long the poller was away, what is held
// in memory stays a day's.
class RootPoll {
 public:
  RootPoll(PollPlaces& places, PolledRoot& report)
      : places_(places),
        report_(report),
        root_(report.root),
        guards_(
            places.registry.universe(), places.registry.calendar(),
            {.root = root_, .outlier_limit = places.options.outlier_limit, .now = places.env.now()},
            [this](const PolledBar& bar) { accepted_.insert_or_assign(key_of(bar), row_of(bar)); },
            [this](RejectedBar bar) { rejected_.push_back(std::move(bar)); }) {
    report_.bars = 0;
    report_.other_instruments = 0;
    report_.left_out.clear();
    info_.sources =
        fmt::format("[{{\"dataset\":{},\"schema\":\"ohlcv-1m\",\"symbol\":\"{}.FUT\"}}]",
                    json_quoted(places.options.dataset), root_);
  }

  // [available.first, available.second) is what the service has.
  Status run(std::pair<Nanos, Nanos> available) {
    const auto [from, to] = available;
    FM_ASSIGN(const Nanos start, start_of(from, to));
    FM_ASSIGN(StoredBars stored,
              stored_bars(places_.lake, root_, second_of(start), second_of(start)));
    for (const auto& [symbol, close] : stored.last_closes) guards_.set_last_close(symbol, close);

    for (Nanos begin = start; begin < to;) {
      const Nanos end = std::min(to, (begin / kNanosPerDay + 1) * kNanosPerDay);
      if (begin != start) {
        FM_ASSIGN(stored, stored_bars(places_.lake, root_, second_of(begin), second_of(begin)));
      }
      FM_TRY(read_bars(begin, end));
      if (end == to) guards_.finish();
      FM_TRY(store(stored.bars));
      begin = end;
    }
    if (!is_known_)
      return std::unexpected(
          Error(Code::kNotFound, fmt::format("the service knows no contract of {}.FUT in {}", root_,
                                             places_.options.dataset))
              .hint("Take it out of --roots, or name another --dataset."));
    return {};
  }

 private:
  Result<Nanos> start_of(Nanos from, Nanos to) {
    const Nanos lookback = places_.options.lookback;
    FM_ASSIGN(report_.newest, newest_bar(places_.lake, root_));
    Nanos start = to;
    if (report_.newest) start = std::min(to, static_cast<Nanos>(*report_.newest) * kNanosPerSecond);
    start = start > lookback ? start - lookback : 0;
    return std::max(start, from);
  }

  Status read_bars(Nanos begin, Nanos end) {
    DataRequest request;
    request.dataset = places_.options.dataset;
    request.schema = dbn::Schema::kOhlcv1m;
    request.symbols = {root_ + ".FUT"};
    request.stype_in = dbn::SType::kParent;
    request.start = begin;
    request.end = end;
    dbn::SymbolMap symbols;
    const auto read = places_.client.get_range_records(
        request, [&](const dbn::RecordBlock& block) { return judge(block, symbols, request); },
        [&](const dbn::Metadata& metadata) -> Status {
          symbols.add(metadata);
          is_known_ = is_known_ || metadata.not_found.empty();
          return {};
        });
    if (!read && !is_unresolved(read.error())) return std::unexpected(read.error());
    return {};
  }

  Status judge(const dbn::RecordBlock& block, dbn::SymbolMap& symbols, const DataRequest& request) {
    for (const dbn::RecordView record : block) {
      if (symbols.add(record)) continue;
      const auto* const bar = record.get_if<dbn::OhlcvMsg>();
      const Nanos time = record.header().ts_event;
      if (bar == nullptr || record.rtype() != dbn::RType::kOhlcv1m)
        return fail(Code::kCorrupt, "the service sent a record of type {:#x}, expected ohlcv-1m",
                    static_cast<unsigned>(record.rtype()));
      if (time < request.start || time >= request.end.value_or(kUndefTime))
        return fail(Code::kCorrupt, "the service sent a bar of {}, which was not asked for",
                    iso_nanos(time));
      judge(*bar, symbols.find(bar->header.instrument_id, time).symbol);
      if (accepted_.size() + rejected_.size() > kPollBarsPerDayMax)
        return fail(Code::kCorrupt, "the service sent more than {} bars of {} for one day",
                    kPollBarsPerDayMax, root_);
    }
    return {};
  }

  void judge(const dbn::OhlcvMsg& bar, std::string_view symbol) {
    if (!symbol.empty() && !market::is_outright(symbol)) {
      ++report_.other_instruments;
      return;
    }
    guards_.judge({.time = bar.header.ts_event,
                   .symbol = std::string(symbol),
                   .instrument_id = bar.header.instrument_id,
                   .publisher_id = bar.header.publisher_id,
                   .open = bar.open,
                   .high = bar.high,
                   .low = bar.low,
                   .close = bar.close,
                   .volume = bar.volume});
  }

  // What is left out is listed first: it is never neither stored nor listed.
  Status store(LiveBars& stored) {
    FM_ASSIGN(const std::uint64_t listed,
              quarantine_bars(places_.env, join(places_.quarantine, root_), rejected_));
    Reasons reasons;
    for (const RejectedBar& bar : rejected_) ++reasons[std::string(name(bar.fault))];
    for (const auto& [reason, count] : reasons) report_.left_out[reason] += count;
    report_.quarantined += listed;
    if (listed > 0) FM_TRY(note(listed, reasons));
    rejected_.clear();

    MergedBars merged;
    const Status status = merge_bars(places_.lake, root_, accepted_, info_, stored, merged);
    report_.added += merged.added;
    report_.corrected += merged.corrected;
    FM_TRY(status);
    report_.bars += accepted_.size();
    if (!accepted_.empty())
      report_.newest = std::max(report_.newest.value_or(0), accepted_.rbegin()->first.first);
    accepted_.clear();
    return {};
  }

  Status note(std::uint64_t listed, const Reasons& reasons) {
    std::string payload = fmt::format("{{\"root\":\"{}\"", root_);
    for (const auto& [reason, count] : reasons) payload += fmt::format(",\"{}\":{}", reason, count);
    payload += '}';
    const std::string message = fmt::format("{}: {} polled bars were left out; see {}", root_,
                                            listed, join(places_.quarantine, root_));
    log_warning("{}", message);
    FM_ASSIGN(const std::string event, places_.state.add_event({.source = "poll",
                                                                .dataset = "market_data",
                                                                .table_name = kTable,
                                                                .check_type = "bar_guards",
                                                                .message = message,
                                                                .payload_json = payload}));
    static_cast<void>(event);
    return {};
  }

  PollPlaces& places_;
  PolledRoot& report_;
  const std::string& root_;
  BarGuards guards_;
  lake::CommitInfo info_;
  LiveBars accepted_;
  std::vector<RejectedBar> rejected_;
  bool is_known_ = false;
};

}  // namespace

Status poll_root(PollPlaces& places, PolledRoot& report, std::pair<Nanos, Nanos> available) {
  return RootPoll(places, report).run(available);
}

}  // namespace fm::jobs
