#include "google/testing_cloud.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text_file.h"
#include "fakegcp/crypto.h"
#include "google/table_resource.h"
#include "lake/query.h"
#include "table/ddl.h"

namespace fm::google {
namespace {

constexpr Nanos kNow = 1'750'100'000ULL * kNanosPerSecond;  // 2025-06-16
constexpr std::string_view kEmail = "collector@market-4711.iam.gserviceaccount.com";
constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";

// Making a key takes longer than all else that a test does.
const fakegcp::KeyPair& shared_key() {
  static const fakegcp::KeyPair key = fakegcp::generate_key().value();
  return key;
}

std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t mixed = state;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
  return mixed ^ mixed >> 31;
}

// Each row as one text, the same in both engines.
std::string rows_statement(const table::Table& table, const std::string& relation) {
  std::string cells;
  for (const table::Column& column : table.columns) {
    if (column.bookkeeping) continue;
    const std::string name = table::quote_name(column.name, table::Engine::kDuckdb);
    const std::string value = column.type == table::Type::kTimestamp
                                  ? fmt::format("CAST(epoch_us({}) AS VARCHAR)", name)
                                  : fmt::format("CAST({} AS VARCHAR)", name);
    cells += fmt::format("{}coalesce({}, '-')", cells.empty() ? "" : ", ", value);
  }
  return fmt::format("SELECT concat_ws('|', {}) AS line FROM {} ORDER BY 1", cells, relation);
}

}  // namespace

std::uint64_t SteppedEnv::random() { return next_random(random_); }

void SteppedEnv::step() {
  if (steps_left_ == 0) return;
  if (--steps_left_ == 0) throw Killed{};
}

Result<net::HttpResponse> CloudTransport::send(const net::HttpRequest& request) {
  env_->step();
  FM_ASSIGN(fakegcp::Reply reply, cloud_->send(request));
  env_->step();
  env_->sleep_for(reply.slow_for + kNanosPerSecond / 20);
  if (reply.lost)
    return std::unexpected(Error(Code::kDisconnected, "the connection broke").retryable());
  net::HttpResponse answer{.status = reply.response.status};
  answer.body = std::move(reply.response.body);
  answer.body_bytes = answer.body.size();
  for (auto& [name, value] : reply.response.headers) {
    std::string lower = name;
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    answer.headers.emplace_back(std::move(lower), std::move(value));
  }
  return answer;
}

TestCloud::TestCloud(std::uint64_t seed)
    : env(kNow, seed),
      service_env(env),
      cloud(fakegcp::Cloud::create(service_env, {.seed = seed,
                                                 .jobs = {.pending_max = 2 * kNanosPerSecond,
                                                          .running_max = 5 * kNanosPerSecond}})
                .value()),
      key_(fakegcp::service_account_json(kEmail, shared_key().private_pem, kTokenUri, kProject)) {
  cloud->add_bucket(std::string(kBucket), "US");
  cloud->add_account(fakegcp::ServiceAccount{std::string(kEmail), shared_key().public_pem});
  Tokens tokens(env, credentials(), transports()().value(), {.endpoints = endpoints()});
  Api api(env, tokens, transports()().value());
  const Endpoints where = endpoints();
  BigQuery bigquery(api, where, std::string(kProject), "US");
  for (const std::string_view dataset : {"market_data", "ops", "signals"}) {
    const Status made = bigquery.create_dataset(dataset, dataset_json(kProject, dataset, "US"));
    EXPECT_TRUE(made) << made.error().message();
  }
}

TransportFactory TestCloud::transports() {
  return [this]() -> Result<std::unique_ptr<Transport>> {
    return std::make_unique<CloudTransport>(env, *cloud);
  };
}

Credentials TestCloud::credentials() const { return parse_credentials(key_, "key.json").value(); }

Endpoints TestCloud::endpoints() const { return Endpoints::at("http://127.0.0.1:8").value(); }

MirrorOptions TestCloud::options() const {
  MirrorOptions options;
  options.endpoints = endpoints();
  options.destination = {
      .project = std::string(kProject), .bucket = std::string(kBucket), .prefix = "lake"};
  options.tables = {&table::candles_1m(), &table::candle_sessions()};
  options.upload_threads = 1;
  return options;
}

Result<TestCloud::Process> TestCloud::start(MirrorOptions options) {
  Process process;
  FM_ASSIGN(process.lake, lake::Lake::open(env, directory.file(lake_folder)));
  FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(directory.file(state_folder))));
  process.state = std::make_unique<ops::State>(std::move(state));
  FM_ASSIGN(auto transport, transports()());
  process.tokens = std::make_unique<Tokens>(env, credentials(), std::move(transport),
                                            TokenOptions{.endpoints = endpoints()});
  FM_ASSIGN(process.mirror, Mirror::open(env, *process.lake, *process.state, *process.tokens,
                                         transports(), std::move(options)));
  return process;
}

std::vector<std::string> TestCloud::objects() const {
  std::vector<std::string> names;
  const std::string owner = options().destination.owner_object();
  for (const auto& object : cloud->objects(std::string(kBucket)))
    if (object.name != owner) names.push_back(object.name);
  return names;
}

void TestCloud::copy_folder(const std::string& from, const std::string& to) {
  ASSERT_TRUE(remove_tree(env, directory.file(to)));
  std::filesystem::copy(directory.file(from), directory.file(to),
                        std::filesystem::copy_options::recursive);
}

std::vector<std::string> TestCloud::copied(const table::Table& table) {
  const std::string relation = cloud->table_sql(
      {std::string(kProject), std::string(table.dataset), std::string(table.name)});
  const auto rows = cloud->sql(rows_statement(table, relation));
  EXPECT_TRUE(rows) << rows.error().message();
  std::vector<std::string> lines;
  if (!rows) return lines;
  for (const auto& row : rows->rows) lines.push_back(row.front().value_or("NULL"));
  return lines;
}

std::vector<std::string> TestCloud::stored(const table::Table& table) {
  const auto lake = lake::Lake::view(env, directory.file("lake"));
  const auto query = lake::Query::open(*lake).value();
  TextFile out;
  const auto ran =
      query->run(rows_statement(table, table::qualified_name(table, table::Engine::kDuckdb)),
                 lake::Format::kCsv, out);
  EXPECT_TRUE(ran) << ran.error().message();
  std::vector<std::string> lines;
  std::string_view text = out.text();
  for (bool header = true; !text.empty(); header = false) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!header) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace fm::google
