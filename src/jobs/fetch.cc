#include "jobs/fetch.h"

#include "base/log.h"
#include "jobs/fetch_batch.h"
#include "jobs/fetch_parts.h"
#include "jobs/stop_watch.h"

namespace fm::jobs {
namespace {

using databento::DataRequest;
using databento::HistoricalClient;

// Neighbouring parts as one request, so that a year of days is priced by one question.
std::vector<DataRequest> ranges_of(const std::vector<FetchPart>& parts) {
  std::vector<DataRequest> ranges;
  for (const FetchPart& part : parts) {
    if (!ranges.empty() && ranges.back().end == part.request.start)
      ranges.back().end = part.request.end;
    else
      ranges.push_back(part.request);
  }
  return ranges;
}

struct Missing {
  FetchPart part;
  std::size_t place;  // in the report's files
};

class Fetch {
 public:
  Fetch(Env& env, const FetchOptions& options, HistoricalClient& client, StopSignal& stop,
        FetchObserver& observer)
      : env_(env), options_(options), client_(client), stop_(stop), observer_(observer) {}

  Result<FetchReport> stream() {
    FM_ASSIGN(const auto parts, parts_of(options_));
    FM_TRY(env_.make_directories(options_.directory));
    std::vector<Missing> missing;
    for (const FetchPart& part : parts) FM_TRY(take_stock(part, missing));
    if (missing.empty()) return std::move(report_);

    std::vector<FetchPart> wanted;
    wanted.reserve(missing.size());
    for (const Missing& one : missing) wanted.push_back(one.part);
    FM_TRY(settle_cost(ranges_of(wanted), wanted.size()));
    for (const Missing& one : missing) FM_TRY(stream_part(one));
    return std::move(report_);
  }

  Result<FetchReport> batch() {
    FM_TRY(env_.make_directories(options_.directory));
    const std::string request = request_text(options_);
    FM_ASSIGN(report_.job_id, find_job(env_, options_.directory, request));
    if (report_.job_id.empty()) {
      FM_TRY(settle_cost({options_.request}, 0));
      FM_ASSIGN(const auto job, client_.submit_job({options_.request, options_.form,
                                                    std::string(name(options_.split)), false}));
      report_.job_id = job.id;
      // Before anything else: a job that is forgotten is billed again.
      FM_TRY(remember_job(env_, options_.directory, request, job.id));
    } else {
      log_info("the job {} was submitted for this request before; continuing with it",
               report_.job_id);
    }
    FM_TRY(wait_for_job(client_, report_.job_id, options_.poll_delay, stop_, observer_));
    FM_TRY(download_job());
    return std::move(report_);
  }

 private:
  Status take_stock(const FetchPart& part, std::vector<Missing>& missing) {
    const std::string path = join(options_.directory, part.name);
    FM_ASSIGN(const Existing found, look_at(env_, path, part, options_.form.encoding));
    report_.files.push_back({path, found.bytes, found.records, FetchedHow::kAlreadyThere});
    switch (found.state) {
      case Existing::State::kSame:
        return {};
      case Existing::State::kDamaged:
        log_warning("{}; it is fetched again", found.reason);
        break;
      case Existing::State::kOther:
        if (options_.overwrite) break;
        return std::unexpected(
            Error(Code::kConflict, fmt::format("{}: is there already; {}", path, found.reason))
                .hint("Name another folder with -o, or --overwrite to replace it."));
      case Existing::State::kMissing:
        break;
    }
    missing.push_back({part, report_.files.size() - 1});
    return {};
  }

  Status settle_cost(const std::vector<DataRequest>& requests, std::size_t files) {
    FetchCost cost;
    cost.files = files;
    for (const DataRequest& request : requests) {
      FM_ASSIGN(const std::uint64_t records, client_.get_record_count(request));
      FM_ASSIGN(const std::uint64_t bytes, client_.get_billable_size(request));
      FM_ASSIGN(const double dollars, client_.get_cost(request));
      cost.records += records;
      cost.bytes += bytes;
      cost.dollars += dollars;
    }
    if (options_.max_cost_dollars && cost.dollars > *options_.max_cost_dollars)
      return std::unexpected(
          Error(Code::kInvalidArgument, fmt::format("{}; more than the {:.2f} allowed",
                                                    to_text(cost), *options_.max_cost_dollars))
              .hint("Raise --max-cost, or ask for fewer days or symbols."));
    FM_TRY(observer_.agree_to(cost));
    report_.cost = cost;
    return {};
  }

  Status stream_part(const Missing& missing) {
    FetchedFile& file = report_.files[missing.place];
    const std::string& name = missing.part.name;
    auto delivered = client_.get_range_to_file(
        missing.part.request, options_.form, file.path, databento::Check::kRecords,
        [&](std::uint64_t bytes, std::uint64_t total) { observer_.at(name, bytes, total); });
    if (!delivered) return std::unexpected(std::move(delivered).error().in(name));
    file.bytes = delivered->bytes;
    file.records = delivered->records;
    if (options_.form.encoding != databento::FileEncoding::kDbn) file.records.reset();
    file.how = FetchedHow::kFetched;
    report_.partial = report_.partial || delivered->partial;
    report_.warnings.insert(report_.warnings.end(), delivered->warnings.begin(),
                            delivered->warnings.end());
    return {};
  }

  Status download_job() {
    FM_ASSIGN(const auto files, client_.list_files(report_.job_id));
    const std::string folder = join(options_.directory, report_.job_id);
    for (const databento::BatchFile& file : files) {
      FM_ASSIGN(const auto how,
                client_.download(file, folder, [&](std::uint64_t bytes, std::uint64_t total) {
                  observer_.at(file.name, bytes, total);
                }));
      report_.files.push_back({join(folder, file.name), file.size_bytes, std::nullopt,
                               how == databento::Downloaded::kFetched ? FetchedHow::kFetched
                               : how == databento::Downloaded::kResumed
                                   ? FetchedHow::kResumed
                                   : FetchedHow::kAlreadyThere});
    }
    return {};
  }

  Env& env_;
  const FetchOptions& options_;
  HistoricalClient& client_;
  StopSignal& stop_;
  FetchObserver& observer_;
  FetchReport report_;
};

}  // namespace

Result<FetchReport> run_fetch(Env& env, const FetchOptions& options, const Secret& key,
                              StopSignal& stop, FetchObserver& observer) {
  if (!options.request.end)
    return fail(Code::kInvalidArgument, "a range without an end cannot be fetched");
  if (options.request.limit && options.split != Split::kNone)
    return std::unexpected(
        Error(Code::kInvalidArgument, "a limit counts over the whole range, and the range is split")
            .hint("Leave --split out, or --limit."));
  FM_ASSIGN(const auto client, HistoricalClient::create(env, key, options.service));
  const StopWatch watch(*client, stop);
  Fetch fetch(env, options, *client, stop, observer);
  auto report = options.batch ? fetch.batch() : fetch.stream();
  if (!report && stop.requested())
    return std::unexpected(Error(Code::kDisconnected, "stopped before everything was fetched")
                               .hint("Run the same again: what is there is kept.")
                               .retryable());
  return report;
}

}  // namespace fm::jobs
