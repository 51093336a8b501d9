#include "gateway/historical_server.h"

#include <array>

#include "base/log.h"
#include "gateway/historical_methods.h"

namespace fm::gateway {
namespace {

using net::HttpServer;
using net::ServerRequest;
using net::ServerResponse;

struct MethodEntry {
  std::string_view name;
  Method method;
  bool get;
  bool post;
  bool sends_data = false;  // faults of bodies apply
};

constexpr std::array kMethods = {
    MethodEntry{"timeseries.get_range", &get_range, true, true, true},
    MethodEntry{"symbology.resolve", &resolve, true, true},
    MethodEntry{"metadata.list_publishers", &list_publishers, true, false},
    MethodEntry{"metadata.list_datasets", &list_datasets, true, false},
    MethodEntry{"metadata.list_schemas", &list_schemas, true, false},
    MethodEntry{"metadata.list_fields", &list_fields, true, false},
    MethodEntry{"metadata.list_unit_prices", &list_unit_prices, true, false},
    MethodEntry{"metadata.get_dataset_condition", &get_dataset_condition, true, false},
    MethodEntry{"metadata.get_dataset_range", &get_dataset_range, true, false},
    MethodEntry{"metadata.get_record_count", &get_record_count, true, true},
    MethodEntry{"metadata.get_billable_size", &get_billable_size, true, true},
    MethodEntry{"metadata.get_cost", &get_cost, true, true},
    MethodEntry{"batch.submit_job", &submit_job, false, true},
    MethodEntry{"batch.list_jobs", &list_jobs, true, false},
    MethodEntry{"batch.get_job_details", &get_job_details, true, false},
    MethodEntry{"batch.list_files", &list_files, true, false},
    MethodEntry{"batch.download", &download_all, true, false, true},
};

constexpr std::string_view kDownloads = "/v0/batch/download/*/*/*";

bool is_let_in(const ServerRequest& request, const Secret* key) {
  if (key == nullptr) return true;
  const auto auth = request.basic_auth();
  return auth && auth->first == key->reveal();
}

ApiError not_let_in(const ServerRequest& request) {
  return {401, "auth_authentication_failed",
          request.basic_auth() ? "Authentication failed"
                               : "Authentication failed: expected the API key as the user of "
                                 "basic authentication"};
}

}  // namespace

struct HistoricalServer::State {
  State(Env& env_, const std::shared_ptr<const Archive>& archive, HistoricalOptions options_)
      : env(env_),
        options(std::move(options_)),
        service{env_, archive, FaultRun(env_, options.faults),
                BatchJobs(env_, archive, options.jobs_directory)} {}

  Env& env;
  HistoricalOptions options;
  Service service;
  // Destroyed first: their threads use the rest.
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<HttpServer> https;

  Result<std::unique_ptr<HttpServer>> serve(std::uint16_t port, bool is_tls);
  void add_routes(HttpServer& server, std::string_view scheme);
  ServerResponse answer(const ServerRequest& request, const MethodEntry& entry,
                        std::string_view scheme);
};

ServerResponse HistoricalServer::State::answer(const ServerRequest& request,
                                               const MethodEntry& entry, std::string_view scheme) {
  if (!is_let_in(request, options.key)) return to_response(not_let_in(request));
  if (auto instead = service.faults.instead(entry.name)) return *std::move(instead);
  auto answer = entry.method({.service = service,
                              .request = request,
                              .base_url = fmt::format("{}://{}", scheme, request.host)});
  if (!answer) {
    if (answer.error().status >= 500)
      log_warning("{} {}: {}", request.method, request.path, answer.error().message);
    return to_response(answer.error());
  }
  return entry.sends_data ? service.faults.spoil(*std::move(answer)) : *std::move(answer);
}

void HistoricalServer::State::add_routes(HttpServer& server, std::string_view scheme) {
  for (const MethodEntry& entry : kMethods) {
    const auto handle = [this, &entry, scheme](const ServerRequest& request) {
      return answer(request, entry, scheme);
    };
    const std::string path = fmt::format("/v0/{}", entry.name);
    if (entry.get) server.route("GET", path, handle);
    if (entry.post) server.route("POST", path, handle);
  }
  static constexpr MethodEntry kDownload{"batch/download", &download_file, true, false, true};
  server.route("GET", kDownloads, [this, scheme](const ServerRequest& request) {
    return answer(request, kDownload, scheme);
  });
  server.otherwise([](const ServerRequest& request) {
    for (const MethodEntry& entry : kMethods)
      if (request.path == fmt::format("/v0/{}", entry.name))
        return to_response({405, "", "Method Not Allowed"});
    return to_response({404, "", "Not Found"});
  });
  server.before_sending([this](const ServerRequest&, ServerResponse& response) {
    response.headers.emplace_back("request-id",
                                  fmt::format("{:016x}{:016x}", env.random(), env.random()));
  });
}

Result<std::unique_ptr<HttpServer>> HistoricalServer::State::serve(std::uint16_t port,
                                                                   bool is_tls) {
  net::HttpServerOptions http_options{
      .host = options.host, .port = port, .threads = options.threads};
  if (is_tls) {
    http_options.certificate_file = options.certificate.certificate;
    http_options.key_file = options.certificate.key;
  }
  FM_ASSIGN(auto server, HttpServer::create(env, std::move(http_options)));
  add_routes(*server, is_tls ? "https" : "http");
  FM_TRY(server->start());
  return server;
}

HistoricalServer::HistoricalServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HistoricalServer::~HistoricalServer() { stop(); }

Result<std::unique_ptr<HistoricalServer>> HistoricalServer::start(
    Env& env, const std::shared_ptr<const Archive>& archive, HistoricalOptions options) {
  if (!options.http_port && !options.https_port)
    return fail(Code::kInvalidArgument, "the historical service needs a port");
  auto state = std::make_unique<State>(env, archive, std::move(options));
  if (const auto port = state->options.http_port) {
    FM_ASSIGN(state->http, state->serve(*port, false));
  }
  if (const auto port = state->options.https_port) {
    FM_ASSIGN(state->https, state->serve(*port, true));
  }
  return std::unique_ptr<HistoricalServer>(new HistoricalServer(std::move(state)));
}

std::uint16_t HistoricalServer::http_port() const {
  return state_->http ? state_->http->port() : 0;
}
std::uint16_t HistoricalServer::https_port() const {
  return state_->https ? state_->https->port() : 0;
}

void HistoricalServer::stop() {
  if (state_->http) state_->http->stop();
  if (state_->https) state_->https->stop();
}

}  // namespace fm::gateway
