#include "jobs/fetch_batch.h"

#include <algorithm>

#include "databento/historical_client.h"

namespace fm::jobs {
namespace {

constexpr std::uint64_t kJobsFileBytesMax = 16 << 20;
constexpr Nanos kPollDelayMax = 30 * kNanosPerSecond;

Result<std::string> read_jobs(Env& env, const std::string& path) {
  auto text = read_text(env, path, kJobsFileBytesMax);
  if (!text && text.error().code() == Code::kNotFound) return std::string();
  return text;
}

}  // namespace

std::string request_text(const FetchOptions& options) {
  const databento::DataRequest& request = options.request;
  std::vector<std::string> symbols = request.symbols;
  std::ranges::sort(symbols);
  std::string text = fmt::format(
      "{} {} {} {}/{} {}{} split={} limit={}", request.dataset, dbn::name(request.schema),
      dbn::name(request.stype_in), iso_nanos(request.start), iso_nanos(*request.end),
      databento::name(options.form.encoding), options.form.zstd ? "+zstd" : "", name(options.split),
      request.limit ? std::to_string(*request.limit) : "none");
  for (const std::string& symbol : symbols)
    text += (symbol == symbols.front() ? " " : ",") + symbol;
  return text;
}

Result<std::string> find_job(Env& env, const std::string& directory, std::string_view request) {
  const std::string path = join(directory, kJobsFile);
  FM_ASSIGN(const std::string text, read_jobs(env, path));
  std::string found;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || tab == 0)
      return fail(Code::kCorrupt, "{}:{}: found \"{}\", expected a job, a tab and its request",
                  path, number, line);
    if (line.substr(tab + 1) == request) found = line.substr(0, tab);
  }
  return found;
}

Status remember_job(Env& env, const std::string& directory, std::string_view request,
                    std::string_view job_id) {
  const std::string path = join(directory, kJobsFile);
  auto written = [&]() -> Status {
    FM_ASSIGN(std::string text, read_jobs(env, path));
    text += fmt::format("{}\t{}\n", job_id, request);
    return write_text_atomically(env, path, text);
  }();
  if (written) return {};
  return std::unexpected(std::move(written).error().in(
      fmt::format("the job {} was submitted, but could not be noted", job_id)));
}

Status wait_for_job(databento::HistoricalClient& client, const std::string& job_id,
                    Nanos first_delay, StopSignal& stop, FetchObserver& observer) {
  for (Nanos delay = first_delay;; delay = std::min(kPollDelayMax, delay + delay / 2)) {
    FM_ASSIGN(const databento::BatchJob job, client.get_job(job_id));
    if (job.state == "done") return {};
    if (job.state == "expired")
      return std::unexpected(
          Error(Code::kRefused, fmt::format("the job {} has expired: its files are gone", job_id))
              .hint(fmt::format("Take its line out of {} to have it made again, at its cost.",
                                kJobsFile)));
    observer.waiting(fmt::format("{} is {}", job_id, job.state), job.progress_percent);
    if (stop.wait_for(delay)) return fail(Code::kDisconnected, "stopped");
  }
}

}  // namespace fm::jobs
