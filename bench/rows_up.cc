// `frontmonth up` with all of it: a feed of a week, the lake, the page's questions. From outside.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <thread>

#include "live_inputs.h"
#include "net/http_client.h"
#include "process.h"
#include "rows.h"

namespace fm::bench {
namespace {

constexpr std::string_view kSymbols =
    "ES.FUT,NQ.FUT,YM.FUT,RTY.FUT,CL.FUT,GC.FUT,ZL.FUT,NG.FUT,ZS.FUT,ZC.FUT";
// What the page asks for when somebody looks at each of its views.
constexpr std::string_view kQuestions[] = {
    "/api/candles?root=ES&resolution=seconds&limit=50000",
    "/api/candles?root=NQ&resolution=1m&limit=10000",
    "/api/candles?root=CL&resolution=1d",
    "/api/marks?root=ES",
    "/api/live-data?root=ES",
    "/api/coverage?root=ES&timeframe=candles&level=years",
    "/api/health",
    "/api/jobs",
    "/api/events",
    "/metrics",
};
constexpr std::string_view kStatement =
    R"({"sql":"SELECT ticker, trade_date, sum(volume), max(cvd_close) FROM candles_1m GROUP BY ALL"})";

// The number behind `"name":` in JSON text; 0 where there is none.
std::uint64_t number_after(std::string_view json, std::string_view name) {
  const std::string key = fmt::format("\"{}\":", name);
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = json.substr(at + key.size());
  std::uint64_t number = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

// The program under way: where it is, and its end.
class Up {
 public:
  Up(const Context& context, const std::string& folder, std::uint16_t gateway,
     const std::string& key)
      : env_(*context.env), pid_file_(join(folder, "pid")), said_(join(folder, "said.json")) {
    // What is measured is what the shell becomes.
    const std::string line = fmt::format(
        "echo $$ > '{}'; exec '{}' up --json --listen 127.0.0.1:0 --lake '{}' --live on --gateway "
        "127.0.0.1:{} --key-file '{}' --symbols '{}' > '{}'",
        pid_file_, context.binary, join(folder, "lake"), gateway, key, kSymbols, said_);
    thread_ = std::thread([this, line] { cost_ = run_process({"sh", "-c", line}); });
  }
  ~Up() {
    if (thread_.joinable()) static_cast<void>(end());
  }
  Up(const Up&) = delete;
  Up& operator=(const Up&) = delete;

  // Asks until it is so. Errors: kTimedOut.
  [[nodiscard]] Status wait_for(std::string_view what, Nanos patience,
                                const std::function<bool()>& is_so) {
    const Nanos until = env_.monotonic() + patience;
    while (!is_so()) {
      if (env_.monotonic() > until) return fail(Code::kTimedOut, "`up`: {} did not come", what);
      env_.sleep_for(kNanosPerSecond / 5);
    }
    return {};
  }
  // "http://127.0.0.1:40123"; empty: not yet.
  [[nodiscard]] std::string url() const {
    const auto said = read_text(env_, said_);
    if (!said) return "";
    const std::size_t at = said->find("http://");
    if (at == std::string::npos) return "";
    std::string url = said->substr(at, said->find('"', at) - at);
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  [[nodiscard]] Result<ProcessCost> end() {
    if (const auto pid = read_text(env_, pid_file_)) {
      pid_t number = 0;
      std::from_chars(pid->data(), pid->data() + pid->size(), number);
      if (number > 0) ::kill(number, SIGTERM);
    }
    thread_.join();
    return cost_;
  }

 private:
  Env& env_;
  const std::string pid_file_;
  const std::string said_;
  Result<ProcessCost> cost_ = fail(Code::kInternal, "`up` was not run");
  std::thread thread_;
};

}  // namespace

Result<std::vector<Limit>> up_memory(const Context& context) {
  constexpr Nanos kPatience = 600 * kNanosPerSecond;
  Env& env = *context.env;
  FM_TRY(check_peak_bytes());
  synth::Options week = eight_contracts(context.data);
  week.roots = {"ES", "NQ", "YM", "RTY", "CL", "GC", "ZL", "NG", "ZS", "ZC"};
  week.days = 5;
  week.trades_per_active_second = 0;
  FM_ASSIGN(const std::string path, ensure_file(env, context.data, week, "week", ".dbn"));
  FM_ASSIGN(const auto scratch, ScratchFolder::create(context));
  FM_ASSIGN(const std::string key, key_file(env, *scratch));
  FM_ASSIGN(const auto gateway, serve_file(env, path, gateway::kSpeedMax));
  Up up(context, *scratch / "", gateway->port(), key);
  std::string url;
  FM_TRY(
      up.wait_for("its address", 60 * kNanosPerSecond, [&] { return !(url = up.url()).empty(); }));
  FM_ASSIGN(const auto client, net::HttpClient::create(env));
  std::uint64_t records = 0;
  std::uint64_t stored = 0;
  Nanos unchanged_since = 0;
  FM_TRY(up.wait_for("the week", kPatience, [&] {
    constexpr Nanos kSettled = 5 * kNanosPerSecond;
    const auto health = client->get(url + "/api/health");
    if (!health) return false;
    records = std::max(records, number_after(health->body, "records"));
    const std::uint64_t now_stored = number_after(health->body, "rows_stored");
    if (now_stored != stored) unchanged_since = env.monotonic();
    stored = now_stored;
    return records >= context.data.records && stored > 0 &&
           env.monotonic() - unchanged_since >= kSettled;
  }));
  for (const std::string_view question : kQuestions) {
    FM_ASSIGN(const auto answer, client->get(url + std::string(question)));
    if (answer.status != 200)
      return fail(Code::kCheckFailed, "{}: {} {}", question, answer.status, answer.body);
  }
  FM_ASSIGN(const auto asked, client->send({.method = "POST",
                                            .url = url + "/api/query",
                                            .body = std::string(kStatement),
                                            .content_type = "application/json"}));
  if (asked.status != 200) return fail(Code::kCheckFailed, "{}", asked.body);
  FM_ASSIGN(const ProcessCost cost, up.end());
  return std::vector<Limit>{
      {.id = "up_memory",
       .work = fmt::format("peak memory of `frontmonth up`: a week of 10 roots, {:.1f} M trades, "
                           "streamed at once, every view of the page asked for",
                           static_cast<double>(records) / 1e6),
       .value = static_cast<double>(cost.peak_bytes) / (1 << 20),
       .unit = "MiB",
       .limit = 400,
       .at_most = true,
       .note = fmt::format("{:.1f} M rows stored; {:.0f} s in all, {:.0f} s of CPU",
                           static_cast<double>(stored) / 1e6, cost.seconds, cost.cpu_seconds)}};
}

}  // namespace fm::bench
