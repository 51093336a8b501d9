#include "jobs/reconcile.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/hash.h"
#include "base/json_text.h"
#include "candles/instruments.h"
#include "capture/capture_day.h"
#include "capture/log_reader.h"
#include "dbn/symbol_map.h"
#include "jobs/candle_rows.h"
#include "jobs/collector.h"
#include "jobs/feed_places.h"
#include "jobs/row_compare.h"
#include "jobs/session_window.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kExamplesMax = 10;
constexpr std::uint64_t kBufferBytes = 48ull << 20;

struct Fingerprint {
  std::uint64_t hash;  // of the record's bytes
  Nanos arrival;
  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

// Two multisets of records, 16 bytes a record.
class RecordSets {
 public:
  void add_captured(const dbn::RecordBlock& block) { add(block, captured_); }
  void add_vendor(const dbn::RecordBlock& block) { add(block, vendor_); }

  void compare(ReconcileReport& report) {
    std::ranges::sort(captured_);
    std::ranges::sort(vendor_);
    report.captured = captured_.size();
    report.vendor = vendor_.size();
    std::vector<Fingerprint> missing, extra;
    std::ranges::set_difference(vendor_, captured_, std::back_inserter(missing));
    std::ranges::set_difference(captured_, vendor_, std::back_inserter(extra));
    report.missing = missing.size();
    report.extra = extra.size();
    for (const Fingerprint& record : missing) {
      report.first_missing =
          std::min(report.first_missing.value_or(record.arrival), record.arrival);
      report.last_missing = std::max(report.last_missing.value_or(record.arrival), record.arrival);
    }
  }

 private:
  static void add(const dbn::RecordBlock& block, std::vector<Fingerprint>& records) {
    for (const dbn::RecordView record : block) {
      if (record.get_if<dbn::Mbp1Msg>() == nullptr) continue;
      records.push_back({hash_of(record.bytes()).low, record.get_if<dbn::Mbp1Msg>()->ts_recv});
    }
  }

  std::vector<Fingerprint> captured_;
  std::vector<Fingerprint> vendor_;
};

// Names for a quarantine that nobody reads.
class OneSource final : public SourceNames {
 public:
  std::string_view path_of(candles::SourceId) const override { return "the vendor's records"; }
  bool is_text(candles::SourceId) const override { return false; }
};

class Reconciliation {
 public:
  Reconciliation(Env& env, const ReconcileOptions& options, FeedPlaces& places,
                 VendorRecords& vendor)
      : env_(env),
        options_(options),
        places_(places),
        vendor_(vendor),
        store_(env,
               fmt::format("{}/reconcile-{:016x}{}", places.lake->state_dir(), env.random(),
                           kSpillEnding),
               kBufferBytes),
        quarantine_(env, ""),
        collector_(store_, quarantine_, Collector::Grouping::kByTickerAndDate),
        engine_(places.registry.universe(), places.registry.calendar(), places.engine, collector_) {
  }

  Result<ReconcileReport> run() {
    report_.date = options_.date;
    FM_TRY(find_days());
    FM_TRY(read_captured());
    FM_TRY(resume());
    FM_TRY(read_vendor());
    records_.compare(report_);
    FM_TRY(compare_lake());
    return std::move(report_);
  }

 private:
  // The capture days that hold the trade date of every root of the lake.
  Status find_days() {
    FM_ASSIGN(roots_, roots_in(*places_.lake));
    Second open = kNoEnd, close = 0;
    for (const std::string& root : roots_) {
      const DateBounds bounds = bounds_of(places_.registry.calendar(), root, options_.date);
      open = std::min(open, bounds.open);
      close = std::max(close, bounds.close);
    }
    const auto nothing = [&] {
      return std::unexpected(
          Error(Code::kNotFound, fmt::format("{}: nothing was captured on {}",
                                             places_.log.directory, options_.date.iso()))
              .hint("`frontmonth query \"SELECT DISTINCT trade_date FROM candle_sessions\"` lists "
                    "the dates there are."));
    };
    if (close == 0 || !env_.exists(places_.log.directory)) return nothing();
    FM_ASSIGN(auto days, capture::CaptureDays::make());
    first_day_ = days.day_of(first_nanos(open));
    last_day_ = days.day_of(first_nanos(close - 1));
    from_ = days.end_of(first_day_ - 1);
    to_ = days.end_of(last_day_);
    FM_ASSIGN(const std::vector<Date> there, capture::days(env_, places_.log.directory));
    if (std::ranges::none_of(there,
                             [&](Date day) { return first_day_ <= day && day <= last_day_; }))
      return nothing();
    return {};
  }

  Status read_captured() {
    FM_ASSIGN(auto reader,
              capture::LogReader::open(
                  env_, places_.log.directory,
                  {.from_day = first_day_, .to_day = last_day_, .go_on_behind_damage = true}));
    for (;;) {
      FM_ASSIGN(const dbn::RecordBlock block, reader.next());
      if (block.empty()) return {};
      records_.add_captured(block);
      if (block.common_bytes != 0 && block.common_rtype == dbn::RType::kMbp1) continue;
      for (const dbn::RecordView record : block) symbols_.add(record);
    }
  }

  Status resume() {
    collector_.bind(engine_, names_);
    for (const std::string& root : roots_) {
      FM_ASSIGN(const auto before, newest_account_before(*places_.lake, root, options_.date));
      if (!before) continue;
      candles::Resume state{before->cvd_close, before->last_symbol, {}};
      if (places_.engine.front_month == market::FrontMonthRule::kPreviousSessionVolume) {
        FM_ASSIGN(state.volumes, read_contract_volumes(*places_.lake, root, before->trade_date));
      }
      engine_.resume(root, state);
    }
    return {};
  }

  Status read_vendor() {
    engine_.cover(second_of(from_), second_of(to_));
    candles::Instruments instruments(symbols_, engine_.begin_source(false));
    for (const databento::Subscription& subscription : options_.subscriptions) {
      if (subscription.schema != dbn::Schema::kTbbo && subscription.schema != dbn::Schema::kMbp1)
        continue;
      databento::DataRequest request;
      request.dataset = options_.places.dataset;
      request.schema = subscription.schema;
      request.symbols = subscription.symbols;
      request.stype_in = subscription.stype_in;
      request.start = from_;
      request.end = to_;
      FM_TRY(vendor_.read(
          request,
          [&](const dbn::Metadata& metadata) -> Status {
            symbols_.add(metadata);
            return {};
          },
          [&](const dbn::RecordBlock& block) -> Status {
            records_.add_vendor(block);
            engine_.feed(block, instruments);
            return collector_.status();
          }));
    }
    engine_.finish();
    return collector_.status();
  }

  Status compare_lake() {
    const table::Table& table = table::candles_1m();
    const std::size_t time = table.column_index("time");
    for (candles::TickerId id = 0; id < engine_.ticker_count(); ++id) {
      const std::string ticker(engine_.ticker(id));
      std::vector<RunStore::RunId> runs;
      if (const auto run = collector_.candle_run(id, options_.date)) runs.push_back(*run);
      StoredCandles expected(store_, runs, engine_);
      lake::ReadRange range;
      range.root = ticker;
      range.from = options_.date;
      range.before = options_.date + 1;
      FM_ASSIGN(const lake::RowCursor stored, places_.lake->read(table, range));
      FM_ASSIGN(
          const RowCounts counts,
          compare_rows(expected, *stored, time,
                       [&](const table::RowBatch& batch, std::size_t row, const std::string& what) {
                         if (report_.examples.size() == kExamplesMax) return;
                         report_.examples.push_back(
                             {ticker, batch.int64s(time)[row] / 1'000'000, what});
                       }));
      report_.rows += counts.expected;
      report_.rows_stored += counts.found;
      report_.rows_different += counts.different;
    }
    return {};
  }

  Env& env_;
  const ReconcileOptions& options_;
  FeedPlaces& places_;
  VendorRecords& vendor_;
  OneSource names_;
  RunStore store_;
  Quarantine quarantine_;
  Collector collector_;
  candles::Engine engine_;
  dbn::SymbolMap symbols_;
  RecordSets records_;
  std::vector<std::string> roots_;
  Date first_day_, last_day_;
  Nanos from_ = 0;
  Nanos to_ = 0;
  ReconcileReport report_;
};

std::string verdict(const ReconcileReport& report) {
  return report.equal()
             ? fmt::format("{}: {} records and {} candles are the vendor's own", report.date.iso(),
                           report.vendor, report.rows)
             : fmt::format(
                   "{}: {} records are missing and {} are extra of the vendor's {}; {} of "
                   "{} candles differ",
                   report.date.iso(), report.missing, report.extra, report.vendor,
                   report.rows_different, report.rows);
}

}  // namespace

Result<ReconcileReport> run_reconcile(Env& env, const ReconcileOptions& options,
                                      VendorRecords& vendor) {
  FM_ASSIGN(FeedPlaces places, FeedPlaces::open(env, options.places));
  FM_ASSIGN(ops::State state, ops::State::open(env, places.state_file));
  FM_ASSIGN(ReconcileReport report, Reconciliation(env, options, places, vendor).run());
  const std::string message = verdict(report);
  const std::string payload = to_json(report);
  ops::Event event;
  event.source = "reconcile";
  event.dataset = "market_data";
  event.table_name = "candles_1m";
  event.severity = report.equal() ? ops::Severity::kInfo : ops::Severity::kWarning;
  event.check_type = "reconciled_with_vendor";
  event.message = message;
  event.payload_json = payload;
  FM_ASSIGN(report.event_id, state.add_event(event));
  return report;
}

std::string to_text(const ReconcileReport& report) {
  std::string text = verdict(report) + "\n";
  if (report.first_missing)
    text += fmt::format("missing records arrived from {} to {}\n", iso_nanos(*report.first_missing),
                        iso_nanos(*report.last_missing));
  for (const RowDifference& example : report.examples)
    text += fmt::format("  {} {}: {}\n", example.ticker, iso_second(example.time), example.what);
  if (report.rows_different > report.examples.size())
    text += fmt::format("  … and {} more\n", report.rows_different - report.examples.size());
  return text;
}

std::string to_json(const ReconcileReport& report) {
  const auto time_or_null = [](std::optional<Nanos> time) {
    return time ? fmt::format("\"{}\"", iso_nanos(*time)) : std::string("null");
  };
  std::string text = fmt::format(
      "{{\"date\":\"{}\",\"equal\":{},\"records_captured\":{},\"records_vendor\":{},"
      "\"records_missing\":{},\"records_extra\":{},\"first_missing\":{},\"last_missing\":{},"
      "\"rows\":{},\"rows_stored\":{},\"rows_different\":{},\"examples\":[",
      report.date.iso(), report.equal(), report.captured, report.vendor, report.missing,
      report.extra, time_or_null(report.first_missing), time_or_null(report.last_missing),
      report.rows, report.rows_stored, report.rows_different);
  for (const RowDifference& example : report.examples)
    text += fmt::format("{}{{\"ticker\":{},\"time\":\"{}\",\"what\":{}}}",
                        text.ends_with('[') ? "" : ",", json_quoted(example.ticker),
                        iso_second(example.time), json_quoted(example.what));
  return text + "]}\n";
}

}  // namespace fm::jobs
