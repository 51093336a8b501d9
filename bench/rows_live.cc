// The live feed: how much it takes, how soon a trade is seen, how soon it is back after a restart.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/log.h"
#include "databento/historical_client.h"
#include "databento/live_session.h"
#include "gateway/historical_server.h"
#include "live_inputs.h"
#include "live_watch.h"
#include "process.h"
#include "rows.h"

namespace fm::bench {
namespace {

constexpr int kReceiveRuns = 5;

// What the official C++ client took over loopback from a server that does nothing but send, on a
// machine of this kind: its blocking form and its threaded one.
constexpr double kOfficialBlocking = 11.2e6;
constexpr double kOfficialThreaded = 14.2e6;

double seconds_between(Nanos from, Nanos to) {
  return static_cast<double>(to - from) / static_cast<double>(kNanosPerSecond);
}

Result<std::vector<std::byte>> read_all(Env& env, const std::string& path) {
  FM_ASSIGN(const FileInfo info, env.info(path));
  FM_ASSIGN(auto file, env.open(path));
  std::vector<std::byte> bytes(info.size_bytes);
  for (std::size_t held = 0; held < bytes.size();) {
    FM_ASSIGN(const std::size_t got, file->read(std::span(bytes).subspan(held)));
    if (got == 0) return fail(Code::kTruncated, "{} shrank while it was read", path);
    held += got;
  }
  return bytes;
}

// Seconds from the session's start to its last record.
Result<double> receive_once(Env& env, std::span<const std::byte> file, std::uint64_t records) {
  FM_ASSIGN(const auto gateway, PlainGateway::start(env, file));
  const jobs::LiveJobOptions feed = feed_from(gateway->port(), "");
  FM_ASSIGN(const auto session,
            databento::LiveSession::open(env, Secret(kKey), feed.session, feed.start));
  const Nanos begin = env.monotonic();
  std::uint64_t seen = 0;
  std::uint64_t sum = 0;
  while (true) {
    FM_ASSIGN(const dbn::RecordBlock block, session->next());
    if (block.empty()) break;
    seen += block.record_count;
    for (const dbn::Mbp1Msg& trade : block.all<dbn::Mbp1Msg>()) sum += trade.size;
  }
  keep(sum);
  if (seen != records) return fail(Code::kInternal, "{} records of {}", seen, records);
  return seconds_between(begin, env.monotonic());
}

// The same bytes off the same socket, not looked at.
Result<double> drain_once(Env& env, std::span<const std::byte> file) {
  FM_ASSIGN(const auto gateway, PlainGateway::start(env, file));
  constexpr Nanos kPatience = 60 * kNanosPerSecond;
  FM_ASSIGN(const auto socket, env.connect("127.0.0.1", gateway->port(), kPatience));
  FM_TRY(socket->write("auth=none\nstart_session\n", kPatience));
  const Nanos begin = env.monotonic();
  std::vector<std::byte> buffer(std::size_t{256} << 10);
  while (true) {
    FM_ASSIGN(const std::size_t got, socket->read(buffer, kPatience));
    if (got == 0) return seconds_between(begin, env.monotonic());
  }
}

}  // namespace

Result<std::vector<Limit>> live_receive(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(const std::string path,
            ensure_file(env, context.data, eight_contracts(context.data), "eight", ".dbn"));
  FM_ASSIGN(const std::vector<std::byte> file, read_all(env, path));
  std::vector<double> ours;
  std::vector<double> drained;
  for (int run = 0; run < kReceiveRuns; ++run) {
    FM_ASSIGN(const double drain_seconds, drain_once(env, file));
    FM_ASSIGN(const double seconds, receive_once(env, file, context.data.records));
    drained.push_back(static_cast<double>(context.data.records) / drain_seconds);
    ours.push_back(static_cast<double>(context.data.records) / seconds);
  }
  const double median = Figures{ours}.median();
  return std::vector<Limit>{
      {.id = "live_receive",
       .work = "the receive path alone: session, decoding, every record touched",
       .value = median / 1e6,
       .unit = "M records/s",
       .limit = kOfficialThreaded / 1e6,
       .note = fmt::format("the same bytes off the same socket, not looked at: {:.1f} M records/s; "
                           "the official C++ client on such a machine: {:.1f} blocking, {:.1f} "
                           "threaded",
                           Figures{drained}.median() / 1e6, kOfficialBlocking / 1e6,
                           kOfficialThreaded / 1e6)}};
}

// Ten times the records of the other rows: a minute of work.
Result<std::vector<Limit>> live_throughput(const Context& context) {
  Env& env = *context.env;
  DataOptions more = context.data;
  more.records *= 10;
  FM_ASSIGN(const std::string path, ensure_file(env, more, eight_contracts(more), "eight", ".dbn"));
  FM_ASSIGN(const auto scratch, ScratchFolder::create(context));
  FM_ASSIGN(const std::string key, key_file(env, *scratch));
  FM_ASSIGN(const auto gateway, serve_file(env, path, gateway::kSpeedMax));
  FM_ASSIGN(const ProcessCost cost,
            run_process({context.binary, "live", "--gateway",
                         fmt::format("127.0.0.1:{}", gateway->port()), "--key-file", key,
                         "--symbols", "ES.FUT,NQ.FUT,CL.FUT,GC.FUT", "--schemas", "tbbo", "--start",
                         "0", "--until-end", "--lake", *scratch / "lake"}));
  const double records = static_cast<double>(more.records);
  return std::vector<Limit>{
      {.id = "live_throughput",
       .work = fmt::format("`frontmonth live`, {:.0f} M records: receive, capture, candles, lake",
                           records / 1e6),
       .value = records / cost.seconds / 1e6,
       .unit = "M records/s",
       .limit = 2,
       .aim = 3,
       .note = fmt::format("{:.1f} s until everything is stored, {:.1f} s of CPU; the gateway runs "
                           "beside it on the same cores",
                           cost.seconds, cost.cpu_seconds)},
      {.id = "live_memory",
       .work = "peak memory of that run",
       .value = static_cast<double>(cost.peak_bytes) / (1 << 20),
       .unit = "MiB",
       .limit = static_cast<double>(kMemoryMax) / (1 << 20),
       .at_most = true}};
}

Result<std::vector<Limit>> live_latency(const Context& context) {
  const std::uint64_t records = std::min<std::uint64_t>(context.data.records / 5, 2'000'000);
  FM_ASSIGN(PacedFeed feed, run_paced_feed(context, records));
  const auto spread = [](Latencies& latencies) {
    return fmt::format("median {:.3f} ms, longest {:.3f} ms, of {}", latencies.quantile_ms(0.5),
                       latencies.quantile_ms(1), latencies.count());
  };
  return std::vector<Limit>{
      {.id = "live_update_p99",
       .work = "a trade arrives → it is captured and its second's row updated; 100,000 a second",
       .value = feed.handled.quantile_ms(0.99),
       .unit = "ms",
       .limit = 0.1,
       .at_most = true,
       .note =
           fmt::format("{}; from the gateway's stamp on, its own waits and the network "
                       "included: p99 {:.3f} ms, {}",
                       spread(feed.handled), feed.updated.quantile_ms(0.99), spread(feed.updated))},
      {.id = "live_row_p99",
       .work = "a second ends → its rows are with every reader in the process",
       .value = feed.handed_out.quantile_ms(0.99),
       .unit = "ms",
       .limit = 5,
       .at_most = true,
       .note = spread(feed.handed_out)},
      {.id = "live_unsynced",
       .work = "the longest that a record was not yet durable, at that pace",
       .value = static_cast<double>(feed.ended.log.loss_longest) / kNanosPerMilli,
       .unit = "ms",
       .limit = 50,
       .at_most = true,
       .note = fmt::format("the longest sync took {:.1f} ms",
                           static_cast<double>(feed.ended.log.sync_longest) / kNanosPerMilli)}};
}

Result<std::vector<Limit>> live_restart(const Context& context) {
  Env& env = *context.env;
  const std::uint64_t records = std::min<std::uint64_t>(context.data.records * 3 / 10, 3'000'000);
  DataOptions day = context.data;
  day.records = records + records / 10;
  synth::Options what = eight_contracts(day);
  what.days = 1;
  FM_ASSIGN(const std::string whole, ensure_file(env, day, what, "day", ".dbn"));
  FM_ASSIGN(const auto scratch, ScratchFolder::create(context));
  const std::string part = *scratch / "part.dbn";
  FM_TRY(copy_first(env, whole, part, records));
  {
    FM_ASSIGN(const auto gateway, serve_file(env, part, gateway::kSpeedMax));
    FM_TRY(
        run_until(env, feed_from(gateway->port(), *scratch / "lake"),
                  [&](const jobs::LiveStatus& status) { return status.feed.records >= records; }));
  }
  FM_ASSIGN(const auto gateway, serve_file(env, whole, gateway::kSpeedMax));
  Watcher watcher(env);
  jobs::LiveJobOptions options = feed_from(gateway->port(), *scratch / "lake");
  options.readers = {&watcher};
  const Nanos begin = env.monotonic();
  FM_TRY(run_until(env, options,
                   [](const jobs::LiveStatus& status) { return status.feed.records > 0; }));
  if (watcher.first_record() == 0) return fail(Code::kInternal, "no record came after the restart");
  return std::vector<Limit>{
      {.id = "live_restart",
       .work = fmt::format("a restart behind {:.1f} M trades of a day → the first new record",
                           static_cast<double>(records) / 1e6),
       .value = seconds_between(begin, watcher.first_record()),
       .unit = "s",
       .limit = 1,
       .at_most = true}};
}

Result<Row> fetch_row(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(const std::string path,
            ensure_file(env, context.data, dense_days(context.data), "dense", ".dbn.zst"));
  const std::string paths[] = {path};
  FM_ASSIGN(const std::shared_ptr<const gateway::Archive> archive,
            gateway::Archive::open(env, paths));
  const gateway::TimeRange range = archive->range("GLBX.MDP3");
  FM_ASSIGN(const auto scratch, ScratchFolder::create(context));
  gateway::HistoricalOptions options;
  options.http_port = 0;
  options.jobs_directory = *scratch / "jobs";
  FM_ASSIGN(auto started, gateway::HistoricalServer::start(env, archive, options));
  const std::shared_ptr<gateway::HistoricalServer> server = std::move(started);
  const std::string url = fmt::format("http://127.0.0.1:{}", server->http_port());
  Row row;
  row.id = "fetch";
  row.work = "get_range of zstd DBN into a file, synced and read back";
  row.baseline = "`curl` of the same request to nowhere";
  row.unit = "records";
  row.amount = static_cast<double>(context.data.records);
  row.at_least = 0.8;
  row.measure_baseline = [url, range]() -> Result<double> {
    FM_ASSIGN(const ProcessCost cost, run_process({"curl",
                                                   "-sf",
                                                   "-u",
                                                   fmt::format("{}:", kKey),
                                                   "-o",
                                                   "/dev/null",
                                                   url + "/v0/timeseries.get_range",
                                                   "-d",
                                                   "dataset=GLBX.MDP3",
                                                   "-d",
                                                   "schema=tbbo",
                                                   "-d",
                                                   "symbols=ES.FUT,NQ.FUT",
                                                   "-d",
                                                   "stype_in=parent",
                                                   "-d",
                                                   fmt::format("start={}", range.start),
                                                   "-d",
                                                   fmt::format("end={}", range.end),
                                                   "-d",
                                                   "encoding=dbn",
                                                   "-d",
                                                   "compression=zstd"}));
    return cost.seconds;
  };
  // `server` stands here so that it lives as long as the row.
  row.measure_ours = [url, range, scratch, server, &env]() -> Result<double> {
    FM_ASSIGN(const auto client,
              databento::HistoricalClient::create(env, Secret(kKey), {.url = url}));
    databento::DataRequest request{.dataset = "GLBX.MDP3", .symbols = {"ES.FUT", "NQ.FUT"}};
    request.start = range.start;
    request.end = range.end;
    const Nanos begin = env.monotonic();
    FM_TRY(client->get_range_to_file(request, {}, *scratch / "fetched.dbn.zst"));
    return seconds_between(begin, env.monotonic());
  };
  return row;
}

}  // namespace fm::bench
