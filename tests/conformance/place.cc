#include "conformance/place.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/socket.h"
#include "base/testing_fault_env.h"
#include "fakegcp/crypto.h"

namespace fm::conformance {
namespace {

constexpr std::string_view kEmail = "conformance@conformance.iam.gserviceaccount.com";
constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";

const fakegcp::KeyPair& shared_key() {
  static const fakegcp::KeyPair key = fakegcp::generate_key().value();
  return key;
}

std::string variable(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? text : "";
}

std::uint16_t free_port() {
  return Env::posix().listen("127.0.0.1", 0).value()->port();  // and closed again
}

// The one that tools/bootstrap has installed, for as long as the tests run.
std::string own_gcs_server() {
  static const std::string program =
      std::string(FM_SOURCE_DIR) + "/build/deps/go/bin/fake-gcs-server";
  if (!Env::posix().exists(program)) return {};
  static const TestDirectory folder;
  static const std::uint16_t port = free_port();
  static const std::string address = fmt::format("127.0.0.1:{}", port);
  static testing_cli::Process server(
      {.command = {program, "-scheme", "http", "-host", "127.0.0.1", "-port", std::to_string(port),
                   "-backend", "memory", "-public-host", address, "-external-url",
                   "http://" + address},
       .folder = folder.path(),
       .out = folder.file("out"),
       .err = folder.file("err")});
  const bool answers = testing_cli::await_that([] {
    return Env::posix().connect("127.0.0.1", port, kNanosPerSecond).has_value() ||
           !server.is_running();
  });
  return answers && server.is_running() ? "http://" + address : "";
}

std::string url_of(Kind kind, std::string& why) {
  if (kind == Kind::kBigqueryEmulator) {
    why = "FRONTMONTH_TEST_BIGQUERY_URL names no emulator of BigQuery";
    return variable("FRONTMONTH_TEST_BIGQUERY_URL");
  }
  why = "FRONTMONTH_TEST_GCS_URL names no emulator, and tools/bootstrap judges has installed none";
  const std::string given = variable("FRONTMONTH_TEST_GCS_URL");
  return given.empty() ? own_gcs_server() : given;
}

}  // namespace

Place::Place(std::string url) : endpoints_(google::Endpoints::at(std::move(url)).value()) {
  Env& env = Env::posix();
  const google::TransportFactory transports = google::http_transports(env);
  // Emulators ask for no token; one that the key signs itself does no harm.
  tokens_ = std::make_unique<google::Tokens>(
      env,
      google::parse_credentials(
          fakegcp::service_account_json(kEmail, shared_key().private_pem, kTokenUri, kProject),
          "key.json")
          .value(),
      transports().value(), google::TokenOptions{.endpoints = endpoints_});
  api_ = std::make_unique<google::Api>(env, *tokens_, transports().value());
}

std::unique_ptr<Place> Place::open(Kind kind, std::string& why) {
  if (kind != Kind::kDouble) {
    std::string url = url_of(kind, why);
    return url.empty() ? nullptr : std::unique_ptr<Place>(new Place(std::move(url)));
  }
  auto cloud = fakegcp::Cloud::create(Env::posix(), {}).value();
  cloud->add_account(fakegcp::ServiceAccount{std::string(kEmail), shared_key().public_pem});
  auto server = fakegcp::serve(Env::posix(), *cloud, 0).value();
  std::unique_ptr<Place> place(new Place(fmt::format("http://127.0.0.1:{}", server->port())));
  place->cloud_ = std::move(cloud);
  place->server_ = std::move(server);
  return place;
}

}  // namespace fm::conformance
