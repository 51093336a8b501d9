#include "jobs/replay.h"

#include <memory>

#include "base/log.h"
#include "base/secret.h"
#include "gateway/archive.h"
#include "gateway/historical_server.h"
#include "gateway/live_server.h"
#include "net/certificate.h"

namespace fm::jobs {
namespace {

constexpr Nanos kPoll = kNanosPerSecond / 10;

Result<std::uint32_t> parse_speed(const std::string& text) {
  if (text == "max") return gateway::kSpeedMax;
  if (text == "1") return 1u;
  if (text == "10") return 10u;
  return fail(Code::kInvalidArgument, "speed {}: expected 1, 10 or max", text);
}

struct Faults {
  gateway::FaultSpec live;
  gateway::HistoricalFaults historical;
};

// One list for the user; each service takes its own words.
Result<Faults> parse_faults(std::string_view text) {
  Faults faults;
  std::string live;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    FM_ASSIGN(const bool is_historical, faults.historical.add(word));
    if (is_historical) continue;
    if (!live.empty()) live += ',';
    live += word;
  }
  FM_ASSIGN(faults.live, gateway::FaultSpec::parse(live));
  return faults;
}

Result<std::optional<Secret>> read_key(Env& env, const std::string& file) {
  if (file.empty()) return std::optional<Secret>();
  if (!env.exists(file)) return fail(Code::kNotFound, "{}: the key file does not exist", file);
  FM_ASSIGN(
      FoundSecret found,
      find_secret(env, {},
                  {.name = "databento_api_key", .variable = "DATABENTO_API_KEY", .file = file}));
  return std::optional(std::move(found.secret));
}

// A folder of the run's own, gone when the run is.
class WorkDirectory {
 public:
  WorkDirectory(Env& env, const ReplayOptions& options)
      : env_(env),
        is_own_(options.work_directory.empty()),
        path_(is_own_
                  ? join(options.temporary, fmt::format("frontmonth-replay-{:016x}", env.random()))
                  : options.work_directory) {}
  ~WorkDirectory() {
    if (!is_own_) return;
    if (const Status removed = remove_tree(env_, path_); !removed)
      log_warning("{}: could not be removed: {}", path_, removed.error().message());
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Env& env_;
  bool is_own_;
  std::string path_;
};

Result<std::unique_ptr<gateway::HistoricalServer>> start_historical(
    Env& env, const std::shared_ptr<const gateway::Archive>& archive, const ReplayOptions& options,
    const Secret* key, const gateway::HistoricalFaults& faults, const std::string& directory,
    std::string& certificate) {
  if (!options.http_port && !options.https_port) return nullptr;
  gateway::HistoricalOptions historical;
  historical.host = options.host;
  historical.http_port = options.http_port;
  historical.https_port = options.https_port;
  historical.key = key;
  historical.faults = faults;
  historical.jobs_directory = join(directory, "jobs");
  FM_TRY(env.make_directories(historical.jobs_directory));
  if (options.https_port) {
    FM_ASSIGN(historical.certificate, net::make_local_certificate(env, directory));
    certificate = historical.certificate.certificate;
  }
  return gateway::HistoricalServer::start(env, archive, std::move(historical));
}

}  // namespace

Result<ReplayReport> replay(Env& env, const ReplayOptions& options, const StopSignal& stop,
                            const std::function<Status(const ReplayPlaces&)>& ready) {
  gateway::LiveServerOptions live_options;
  FM_ASSIGN(live_options.speed, parse_speed(options.speed));
  FM_ASSIGN(Faults faults, parse_faults(options.faults));
  FM_ASSIGN(std::optional<Secret> key, read_key(env, options.key_file));
  FM_ASSIGN(const auto archive, gateway::Archive::open(env, options.paths));

  ReplayPlaces places;
  const WorkDirectory work(env, options);
  FM_ASSIGN(const auto historical,
            start_historical(env, archive, options, key ? &*key : nullptr, faults.historical,
                             work.path(), places.certificate));
  live_options.host = options.host;
  live_options.port = options.port;
  live_options.once = options.once;
  if (key) live_options.key = key->copy();
  live_options.faults = std::move(faults.live);
  live_options.seed = options.seed;
  FM_ASSIGN(const auto live, gateway::LiveServer::start(env, archive, std::move(live_options)));

  places.host = options.host;
  places.live_port = live->port();
  if (historical) {
    places.http_port = historical->http_port();
    places.https_port = historical->https_port();
  }
  places.files = archive->files().size();
  places.datasets = archive->datasets();
  FM_TRY(ready(places));

  while (!stop.wait_for(kPoll) && !live->wait_for(0)) {
  }
  live->stop();
  if (historical) historical->stop();
  const gateway::LiveStats stats = live->stats();
  return ReplayReport{stats.connections, stats.sessions, stats.records};
}

}  // namespace fm::jobs
