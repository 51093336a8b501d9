#include "app/demo_page.h"

#include "base/json_text.h"
#include "gateway/live_server.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "synth/files.h"

namespace fm::app {
namespace {

// A gateway without a key of its own takes every key of the right length.
constexpr const char* kAnyKey = "db-frontmonth-demo-0000000000000";

Result<std::unique_ptr<gateway::LiveServer>> serve_next_day(Env& env,
                                                            const DemoPageOptions& options,
                                                            const std::string& folder) {
  FM_ASSIGN(const auto registry, jobs::Registry::load(env, ""));
  const std::string file = join(folder, "trades.dbn.zst");
  // Another seed, so that the day is not the last one again.
  FM_TRY(synth::write_file(
      env, file, registry.universe(), registry.calendar(),
      {.first_date = options.trade_date + 1, .days = 1, .trades = options.trades, .seed = 2}));
  const std::string paths[] = {file};
  FM_ASSIGN(auto archive, gateway::Archive::open(env, paths));
  gateway::LiveServerOptions server;
  server.port = 0;
  server.speed = options.speed;
  return gateway::LiveServer::start(env, std::move(archive), std::move(server));
}

// The usual port, or any where that one is taken.
std::string free_place(Env& env) {
  constexpr std::uint16_t kUsual = 8080;
  const bool is_free = env.listen("127.0.0.1", kUsual).has_value();
  return fmt::format("127.0.0.1:{}", is_free ? kUsual : 0);
}

std::string config_text(const std::string& listen, std::uint16_t gateway_port) {
  return fmt::format(
      "# made by frontmonth demo\n"
      "lake: lake\n"
      "databento: {{gateway: \"127.0.0.1:{}\"}}\n"
      "live: {{subscriptions: \"tbbo:raw_symbol:ALL_SYMBOLS\", flush_seconds: 5}}\n"
      "postgres: {{live: \"off\"}}\n"
      "server: {{listen: {}}}\n",
      gateway_port, json_quoted(listen));
}

}  // namespace

Status serve_demo(Env& env, const DemoPageOptions& options, StopSignal& stop,
                  const std::function<Status(const UpReady&)>& ready) {
  const std::string folder = join(options.directory, "page");
  FM_TRY(remove_tree(env, folder));
  FM_TRY(env.make_directories(folder));
  FM_ASSIGN(const auto gateway, serve_next_day(env, options, folder));
  {
    FM_ASSIGN(const auto lake, lake::Lake::open(env, join(folder, "lake")));
    FM_TRY(lake->copy_from(*lake::Lake::view(env, options.lake)));
  }
  const std::string listen = options.listen.empty() ? free_place(env) : options.listen;
  const std::string config = join(folder, "frontmonth.yaml");
  FM_TRY(write_text_atomically(env, config, config_text(listen, gateway->port())));
  UpOptions up;
  up.sources.file = config;
  up.sources.environment = {{"DATABENTO_API_KEY", kAnyKey}};
  up.program = options.program;
  FM_TRY(run_up(env, up, stop, ready));
  gateway->stop();
  return {};
}

}  // namespace fm::app
