#include "jobs/repair.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/json_text.h"
#include "base/log.h"
#include "capture/capture_day.h"
#include "capture/log.h"
#include "capture/log_reader.h"
#include "capture/repair.h"
#include "dbn/text_options.h"
#include "jobs/feed_places.h"
#include "jobs/lake_commit.h"
#include "jobs/lake_sink.h"

namespace fm::jobs {
namespace {

constexpr Nanos kLockPatience = 60 * kNanosPerSecond;

bool has_trades(dbn::Schema schema) {
  return schema == dbn::Schema::kTbbo || schema == dbn::Schema::kMbp1;
}

// Some records of a block, from `begin` on.
dbn::RecordBlock part_of(const dbn::RecordBlock& block, const std::byte* begin,
                         const std::byte* end, std::uint64_t count) {
  dbn::RecordBlock part = block;
  part.bytes = {begin, end};
  part.record_count = count;
  return part;
}

// The fetched records of one gap into one repair for each capture day.
class RepairFiles {
 public:
  RepairFiles(Env& env, const std::string& directory, capture::CaptureDays days)
      : env_(env), directory_(directory), days_(days) {}

  void begin(const dbn::Metadata& metadata) { metadata_ = metadata; }

  Status append(const dbn::RecordBlock& block) {
    const std::byte* begin = block.bytes.data();
    std::uint64_t count = 0;
    std::optional<Date> day;
    for (const dbn::RecordView record : block) {
      const Date next = days_.day_of(dbn::index_time(record));
      if (day && next != *day) {
        FM_TRY(append(*day, part_of(block, begin, record.bytes().data(), count)));
        begin = record.bytes().data();
        count = 0;
      }
      day = next;
      ++count;
    }
    if (!day) return {};
    return append(*day, part_of(block, begin, block.bytes.data() + block.bytes.size(), count));
  }

  Result<std::uint64_t> commit() {
    std::uint64_t records = 0;
    for (auto& [day, writer] : writers_) {
      FM_ASSIGN(const capture::Repair written, writer.commit());
      records += written.record_count;
    }
    return records;
  }

 private:
  Status append(Date day, const dbn::RecordBlock& block) {
    auto at = writers_.find(day);
    if (at == writers_.end()) {
      FM_ASSIGN(auto writer, capture::RepairWriter::create(env_, directory_, day, metadata_));
      at = writers_.emplace(day, std::move(writer)).first;
    }
    return at->second.append(block);
  }

  Env& env_;
  const std::string& directory_;
  capture::CaptureDays days_;
  dbn::Metadata metadata_;
  std::map<Date, capture::RepairWriter> writers_;
};

class RepairJob {
 public:
  RepairJob(Env& env, const RepairOptions& options, FeedPlaces& places, ops::State& state,
            VendorRecords& vendor, capture::CaptureDays days)
      : env_(env),
        options_(options),
        places_(places),
        state_(state),
        vendor_(vendor),
        days_(days) {}

  Result<RepairReport> run() {
    FM_ASSIGN(const auto gaps, state_.gaps(options_.places.dataset, ops::Gaps::kOpen));
    for (const ops::StoredGap& gap : gaps) FM_TRY(repair(gap));
    if (!report_.gaps.empty()) FM_TRY(make_anew());
    return std::move(report_);
  }

 private:
  Status repair(const ops::StoredGap& stored) {
    const ops::Gap& gap = stored.gap;
    RepairedGap repaired{stored.gap_id, gap.from, gap.to, 0};
    for (const databento::Subscription& subscription : options_.subscriptions) {
      if (!has_trades(subscription.schema)) continue;
      FM_ASSIGN(const std::uint64_t records, fetch(subscription, gap));
      repaired.records += records;
    }
    // Marked before the gap counts as repaired: whoever makes the lake next begins there.
    FM_TRY(mark_stale(days_.day_of(gap.from)));
    FM_TRY(state_.mark_repaired(stored.gap_id, vendor_.name()));
    log_info("gap {}: {} records from {}", stored.gap_id, repaired.records, vendor_.name());
    report_.gaps.push_back(std::move(repaired));
    return {};
  }

  Result<std::uint64_t> fetch(const databento::Subscription& subscription, const ops::Gap& gap) {
    databento::DataRequest request;
    request.dataset = options_.places.dataset;
    request.schema = subscription.schema;
    request.symbols = subscription.symbols;
    request.stype_in = subscription.stype_in;
    request.start = gap.from;
    request.end = gap.to;
    RepairFiles files(env_, places_.log.directory, days_);
    FM_TRY(vendor_.read(
        request,
        [&](const dbn::Metadata& metadata) -> Status {
          files.begin(metadata);
          return {};
        },
        [&](const dbn::RecordBlock& block) { return files.append(block); }));
    return files.commit();
  }

  // Trade dates of this log from the capture day on no longer follow from it.
  Status mark_stale(Date from) {
    FM_ASSIGN(const auto lock,
              env_.lock(join(places_.lake->state_dir(), kCandlesLock), kLockPatience));
    FM_ASSIGN(const std::vector<std::string> roots, roots_in(*places_.lake));
    for (const std::string& root : roots) {
      lake::ReadRange range;
      range.root = root;
      range.from = from;
      FM_ASSIGN(std::vector<SessionAccount> accounts, read_accounts(*places_.lake, range));
      for (SessionAccount& account : accounts) {
        const bool ours = std::ranges::all_of(
            account.inputs, [&](const auto& input) { return places_.log.made(input); });
        if (!ours || account.inputs.empty()) continue;
        account.stale = true;
        FM_ASSIGN(const bool changed, write_accounts(env_, *places_.lake, std::span(&account, 1)));
        static_cast<void>(changed);
        dates_.insert(fmt::format("{} {}", root, account.trade_date.iso()));
      }
    }
    report_.dates.assign(dates_.begin(), dates_.end());
    return {};
  }

  // Unless a live feed does it.
  Status make_anew() {
    const auto log = capture::Log::open(
        env_,
        {.directory = places_.log.directory, .dataset = options_.places.dataset, .threads = false});
    if (!log && log.error().code() == Code::kBusy) {
      report_.left_to_live = true;
      return {};
    }
    if (!log) return std::unexpected(log.error());
    FM_ASSIGN(const auto lock,
              env_.lock(join(places_.lake->state_dir(), kCandlesLock), kLockPatience));
    FM_ASSIGN(auto sink, LakeSink::open(places_.sink_options(env_, state_)));
    FM_ASSIGN(auto reader, capture::LogReader::open(env_, places_.log.directory,
                                                    {.from_day = sink->first_day(),
                                                     .to_day = std::nullopt,
                                                     .go_on_behind_damage = true}));
    std::optional<Date> day;
    for (;;) {
      FM_ASSIGN(const dbn::RecordBlock block, reader.next());
      if (block.empty()) break;
      if (day != reader.position().day)
        FM_TRY(sink->begin_day(reader.position().day, reader.metadata().start));
      day = reader.position().day;
      FM_TRY(sink->feed(block));
    }
    FM_TRY(sink->finish());
    return (*log)->close();
  }

  Env& env_;
  const RepairOptions& options_;
  FeedPlaces& places_;
  ops::State& state_;
  VendorRecords& vendor_;
  capture::CaptureDays days_;
  std::set<std::string> dates_;
  RepairReport report_;
};

}  // namespace

Result<RepairReport> run_repair(Env& env, const RepairOptions& options, VendorRecords& vendor) {
  FM_ASSIGN(FeedPlaces places, FeedPlaces::open(env, options.places));
  if (!env.exists(places.log.directory))
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("{}: there is no capture log of {}",
                                           places.log.directory, options.places.dataset))
            .hint("`frontmonth live` makes one; --lake says which lake it belongs to."));
  FM_ASSIGN(ops::State state, ops::State::open(env, places.state_file));
  FM_ASSIGN(const auto days, capture::CaptureDays::make());
  FM_ASSIGN(const std::string run_id,
            state.begin_run({.job = "repair", .parameters_json = places.log.parameters}));
  Result<RepairReport> report = RepairJob(env, options, places, state, vendor, days).run();
  ops::RunEnd end;
  if (!report) end.error_message = report.error().message();
  FM_TRY(state.finish_run(run_id, end));
  return report;
}

std::string to_text(const RepairReport& report) {
  if (report.gaps.empty()) return "No gap is open.\n";
  std::string text;
  for (const RepairedGap& gap : report.gaps)
    text += fmt::format("{}: {} to {}: {} records\n", gap.gap_id, iso_nanos(gap.from),
                        iso_nanos(gap.to), gap.records);
  text += fmt::format(
      "{} trade dates {}\n", report.dates.size(),
      report.left_to_live ? "are made anew by the live feed within a minute" : "were made anew");
  for (const std::string& date : report.dates) text += fmt::format("  {}\n", date);
  return text;
}

std::string to_json(const RepairReport& report) {
  std::string text = "{\"gaps\":[";
  for (const RepairedGap& gap : report.gaps)
    text += fmt::format("{}{{\"gap_id\":{},\"from\":\"{}\",\"to\":\"{}\",\"records\":{}}}",
                        text.ends_with('[') ? "" : ",", json_quoted(gap.gap_id),
                        iso_nanos(gap.from), iso_nanos(gap.to), gap.records);
  text += "],\"dates\":[";
  for (const std::string& date : report.dates)
    text += fmt::format("{}{}", text.ends_with('[') ? "" : ",", json_quoted(date));
  return text + fmt::format("],\"left_to_live\":{}}}\n", report.left_to_live);
}

}  // namespace fm::jobs
