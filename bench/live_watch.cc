#include "live_watch.h"

#include <utility>

#include "gateway/live_server.h"

namespace fm::bench {
namespace {

// Once a second: whether to stop.
class StopWhen final : public jobs::LiveObserver {
 public:
  StopWhen(StopSignal& stop, std::function<bool(const jobs::LiveStatus&)> when)
      : stop_(stop), when_(std::move(when)) {}
  void at(const jobs::LiveStatus& status) override {
    if (when_(status)) stop_.request();
  }

 private:
  StopSignal& stop_;
  std::function<bool(const jobs::LiveStatus&)> when_;
};

}  // namespace

Result<jobs::LiveStatus> run_until(Env& env, const jobs::LiveJobOptions& options,
                                   std::function<bool(const jobs::LiveStatus&)> when) {
  StopSignal stop;
  StopWhen observer(stop, std::move(when));
  return jobs::run_live(env, options, Secret(kKey), stop, observer);
}

Result<PacedFeed> run_paced_feed(const Context& context, std::uint64_t records,
                                 std::vector<jobs::LiveReader*> readers) {
  constexpr Nanos kInterval = kNanosPerSecond / kPacedPerSecond;
  Env& env = *context.env;
  FM_ASSIGN(const std::string source,
            ensure_file(env, context.data, eight_contracts(context.data), "eight", ".dbn"));
  FM_ASSIGN(const auto scratch, ScratchFolder::create(context));
  const std::string path = *scratch / "paced.dbn";
  FM_TRY(copy_first(env, source, path, records, kInterval));
  FM_ASSIGN(const auto gateway, serve_file(env, path, 1));
  ReplayedDay day(*gateway);
  Watcher watcher(day, &day);
  jobs::LiveJobOptions options = feed_from(gateway->port(), *scratch / "lake");
  options.session.ts_out = true;
  options.warmup_seconds = 1;
  options.readers = std::move(readers);
  options.readers.push_back(&watcher);
  FM_ASSIGN(jobs::LiveStatus ended, run_until(day, options, [&](const jobs::LiveStatus& status) {
              return status.feed.records >= records || status.feed.sessions > 1;
            }));
  if (watcher.handled.empty() || watcher.handed_out.empty())
    return fail(Code::kInternal, "no trades, or no rows, within {} records", records);
  return PacedFeed{.updated = std::move(watcher.updated),
                   .handled = std::move(watcher.handled),
                   .handed_out = std::move(watcher.handed_out),
                   .ended = std::move(ended)};
}

}  // namespace fm::bench
