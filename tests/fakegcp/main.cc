// fakegcp: the double of Google Cloud as a program of its own, for tests of whole programs.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "base/signals.h"
#include "cloud.h"
#include "crypto.h"
#include "server.h"

namespace fm::fakegcp {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::string port_file, faults, key_file, account = "collector@fake.iam.gserviceaccount.com";
  std::string credentials_file, project = "fake-project", data;
  std::vector<std::string> buckets;
  bool no_tokens = false;
  std::uint64_t job_ms = 0;
};

Result<std::pair<std::uint64_t, double>> parse_faults(const std::string& text) {
  std::uint64_t seed = 0;
  double rate = 0;
  const char* end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc() && colon != end && *colon == ':') {
    const auto [stop, wrong] = std::from_chars(colon + 1, end, rate);
    if (wrong == std::errc() && stop == end && rate >= 0 && rate <= 1) return std::pair(seed, rate);
  }
  return fail(Code::kInvalidArgument, "--faults {}: expected SEED:RATE, as 7:0.1", text);
}

Status run(const Options& options) {
  Env& env = Env::posix();
  CloudOptions cloud_options{.check_tokens = !options.no_tokens};
  cloud_options.directory = options.data;
  cloud_options.jobs.running_max = options.job_ms * 1'000'000;
  if (!options.faults.empty()) {
    FM_ASSIGN(const auto faults, parse_faults(options.faults));
    cloud_options.seed = faults.first;
    cloud_options.fault_rate = faults.second;
  }
  FM_ASSIGN(const auto cloud, Cloud::create(env, cloud_options));
  for (const std::string& bucket : options.buckets) {
    const std::size_t colon = bucket.find(':');
    cloud->add_bucket(bucket.substr(0, colon),
                      colon == std::string::npos ? "US" : bucket.substr(colon + 1));
  }
  if (!options.key_file.empty()) {
    FM_ASSIGN(const std::string key, read_text(env, options.key_file));
    cloud->add_account(ServiceAccount{options.account, key});
  }
  const StopSignal stop;
  FM_ASSIGN(const auto server, serve(env, *cloud, options.port));
  const std::string base = fmt::format("http://127.0.0.1:{}", server->port());
  cloud->add_token_uri(base + "/token");
  if (!options.credentials_file.empty()) {
    FM_ASSIGN(const KeyPair key, generate_key());
    cloud->add_account(ServiceAccount{options.account, key.public_pem});
    FM_TRY(write_text_atomically(
        env, options.credentials_file,
        service_account_json(options.account, key.private_pem, base + "/token", options.project)));
  }
  if (!options.port_file.empty())
    FM_TRY(write_text_atomically(env, options.port_file, fmt::format("{}\n", server->port())));
  fmt::print(stderr, "fakegcp: {}\n", base);
  while (!stop.wait_for(kNanosPerSecond)) {
  }
  server->stop();
  for (const auto& [kind, count] : cloud->requests_by_kind())
    fmt::print(stderr, "fakegcp: {:>8} {}\n", count, kind);
  return {};
}

}  // namespace
}  // namespace fm::fakegcp

int main(int argc, char** argv) try {
  ::umask(077);  // a key that others may read is refused
  fm::fakegcp::Options options;
  CLI::App app("A strict double of Cloud Storage, BigQuery and what belongs to them, on loopback.");
  app.add_option("--port", options.port, "0: any free one");
  app.add_option("--port-file", options.port_file, "gets the port once requests are served");
  app.add_option("--faults", options.faults, "SEED:RATE, as 7:0.1");
  app.add_option("--key", options.key_file, "PEM with the public key of --account");
  app.add_option("--account", options.account, "e-mail address of the service account");
  app.add_option("--credentials", options.credentials_file,
                 "gets a key file of --account with a new key");
  app.add_option("--project", options.project, "for --credentials");
  app.add_option("--bucket", options.buckets, "NAME[:LOCATION], any number");
  app.add_option("--data", options.data, "folder for large objects");
  app.add_option("--job-ms", options.job_ms, "jobs run up to this long");
  app.add_flag("--no-tokens", options.no_tokens, "serve without tokens");
  CLI11_PARSE(app, argc, argv);
  if (options.key_file.empty() && options.credentials_file.empty() && !options.no_tokens) {
    fmt::print(stderr, "fakegcp: needs --key, --credentials or --no-tokens\n");
    return 2;
  }
  const auto done = fm::fakegcp::run(options);
  if (done) return 0;
  fmt::print(stderr, "fakegcp: {}\n", done.error().message());
  return done.error().code() == fm::Code::kInvalidArgument ? 2 : 1;
} catch (const std::exception& error) {
  std::fputs(error.what(), stderr);
  return 1;
}
