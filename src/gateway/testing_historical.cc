#include "gateway/testing_historical.h"

#include "gateway/testing_archive.h"

namespace fm::gateway::testing {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

HistoricalTest::HistoricalTest() {
  for (int i = 0; i < 3; ++i) {
    const auto sequence = static_cast<std::uint32_t>(2 * i + 1);
    const std::vector trades = {trade(1, day(i, 10), sequence), trade(2, day(i, 20), sequence + 1)};
    write_file(
        dir_.file(fmt::format("{}.dbn", i)),
        {.schema = dbn::Schema::kTrades, .start_day = i, .mapped = {{"ESH4", 1}, {"NQH4", 2}}},
        trades);
  }
  const std::vector paths = {dir_.path()};
  archive_ = Archive::open(Env::posix(), paths).value();
  options_.http_port = 0;
  options_.jobs_directory = dir_.file("jobs");
  options_.threads = 3;
  client_ = net::HttpClient::create(Env::posix(), {.idle_timeout = 20 * kNanosPerSecond}).value();
}

void HistoricalTest::start() {
  server_.reset();
  auto server = HistoricalServer::start(Env::posix(), archive_, options_);
  ASSERT_TRUE(server) << server.error().message();
  server_ = *std::move(server);
}

std::string HistoricalTest::url(std::string_view method) const {
  return fmt::format("http://127.0.0.1:{}/v0/{}", server_->http_port(), method);
}

net::HttpResponse HistoricalTest::get(std::string_view method, const net::Parameters& query) {
  auto response = client_->get(url(method), query);
  EXPECT_TRUE(response) << response.error().message();
  return response ? *std::move(response) : net::HttpResponse{};
}

net::HttpResponse HistoricalTest::post(std::string_view method, const net::Parameters& form) {
  auto response = client_->post(url(method), form);
  EXPECT_TRUE(response) << response.error().message();
  return response ? *std::move(response) : net::HttpResponse{};
}

net::HttpResponse HistoricalTest::fetch(const std::string& address) {
  auto response = client_->get(address);
  EXPECT_TRUE(response) << response.error().message();
  return response ? *std::move(response) : net::HttpResponse{};
}

net::Parameters HistoricalTest::with(const net::Parameters& more) {
  net::Parameters out = {{"dataset", "GLBX.MDP3"}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace fm::gateway::testing
