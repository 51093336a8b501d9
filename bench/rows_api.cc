// The HTTP API over a lake: a trade date of candles for a chart, in columns, and the stored file.
// Answers are made anew each time: nothing is kept of earlier ones.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "net/http_client.h"
#include "process.h"
#include "rows.h"
#include "server/server.h"

namespace fm::bench {
namespace {

constexpr std::uint64_t kTrades = 900'000;  // a busy day of one root: a row in most of its seconds
constexpr int kRequests = 100;
constexpr int kWarmUp = 5;

// Milliseconds, and what came.
struct Answers {
  double p99 = 0;
  double median = 0;
  std::size_t bytes = 0;
};

Result<Answers> ask(net::HttpClient& client, const std::string& url) {
  std::vector<double> times;
  Answers answers;
  for (int i = 0; i < kWarmUp + kRequests; ++i) {
    const auto began = std::chrono::steady_clock::now();
    FM_ASSIGN(const auto answer,
              client.send({.url = url, .headers = {{"Accept-Encoding", "gzip"}}}));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (answer.status != 200)
      return fail(Code::kCheckFailed, "{}: {} {}", url, answer.status, answer.body);
    answers.bytes = answer.body.size();
    if (i >= kWarmUp) times.push_back(took.count());
  }
  std::ranges::sort(times);
  answers.p99 = times[times.size() * 99 / 100];
  answers.median = times[times.size() / 2];
  return answers;
}

}  // namespace

Result<std::string> make_api_lake(const Context& context) {
  synth::Options what = dense_days(context.data);
  what.roots = {"ES"};
  what.trades = kTrades;
  what.days = 1;
  what.trades_per_active_second = 0;
  FM_ASSIGN(const std::string trades,
            ensure_file(*context.env, context.data, what, "api-day", ".dbn.zst"));
  const std::string lake = join(context.data.directory, "api-lake");
  FM_TRY(remove_tree(*context.env, lake));
  FM_TRY(remove_tree(*context.env, join(context.data.directory, "frontmonth-state-api-lake")));
  const auto made = run_process({context.binary, "candles", trades, "--lake", lake});
  if (!made) return std::unexpected(made.error());
  return lake;
}

Result<std::vector<Limit>> api_candles(const Context& context) {
  FM_ASSIGN(const std::string lake, make_api_lake(context));
  FM_ASSIGN(
      const auto server,
      server::Server::create(*context.env, {.port = 0, .lake = lake, .cache_bytes_max = 0}, {}));
  FM_TRY(server->start());
  FM_ASSIGN(const auto client, net::HttpClient::create(*context.env));
  const std::string base = fmt::format("http://127.0.0.1:{}/api/", server->port());
  FM_ASSIGN(const auto rows,
            client->get(base + "candles?root=ES&limit=200000&columns=time&format=csv"));
  const auto count = std::ranges::count(rows.body, '\n') - 1;
  FM_ASSIGN(const auto listed, client->get(base + "parquet/candles_1m/ES"));
  constexpr std::string_view kPartition = "\"partition\":\"";
  const std::size_t at = listed.body.find(kPartition);
  if (at == std::string::npos) return fail(Code::kCheckFailed, "no partition: {}", listed.body);
  const std::string day = listed.body.substr(at + kPartition.size(), 10);

  std::vector<Limit> limits;
  const auto add = [&](std::string id, std::string what, const std::string& path,
                       double limit) -> Status {
    FM_ASSIGN(const Answers answers, ask(*client, base + path));
    limits.push_back(
        {.id = std::move(id),
         .work = fmt::format("a trade date of {} rows, {}, p99 of {}", count, what, kRequests),
         .value = answers.p99,
         .unit = "ms",
         .limit = limit,
         .at_most = true,
         .note = fmt::format("median {:.1f} ms, {} KiB", answers.median, answers.bytes >> 10)});
    return {};
  };
  FM_TRY(add("api_candles", "a chart's columns", "candles?root=ES&limit=200000", 100));
  FM_TRY(add("api_candles_all", "all columns", "candles?root=ES&limit=200000&columns=all", 400));
  FM_TRY(add("api_parquet", "the stored file", "parquet/candles_1m/ES/" + day, 60));
  server->stop();
  return limits;
}

Result<std::vector<Limit>> chart_frames(const Context& context) {
  FM_ASSIGN(const std::string lake, make_api_lake(context));
  FM_ASSIGN(const auto server, server::Server::create(*context.env, {.port = 0, .lake = lake}, {}));
  FM_TRY(server->start());
  const std::string said = join(context.data.directory, "frames.txt");
  FM_TRY(run_process({"sh", "-c",
                      fmt::format("node web/bench/frames.mjs http://127.0.0.1:{}/ 0 > '{}'",
                                  server->port(), said)}));
  server->stop();
  FM_ASSIGN(const std::string text, read_text(*context.env, said));
  std::vector<Limit> limits;
  for (const auto& [id, what] :
       {std::pair("chart_frames", "all in sight"), std::pair("chart_frames_panned", "panned")}) {
    FM_ASSIGN(const double rate, figure_after(text, fmt::format("50,000 candles, {}:", what)));
    limits.push_back({.id = id,
                      .work = fmt::format("the page's chart of 50,000 candles with volume, delta "
                                          "and CVD in Chromium without a GPU, {}",
                                          what),
                      .value = rate,
                      .unit = "frames/s",
                      .limit = 50});
  }
  return limits;
}

}  // namespace fm::bench
