#include "server/testing_server.h"

#include <fmt/format.h>

#include "jobs/testing_live.h"

namespace fm::server {

const TestLake& TestLake::get() {
  static const TestLake* const lake = [] {
    auto* made = new TestLake;
    const std::string trades = made->folder.file("trades.dbn.zst");
    jobs::make_trades(trades, 20'000, 7, 2);
    jobs::make_batch_lake(trades, made->path());
    return made;
  }();
  return *lake;
}

TestServer::TestServer(ServerOptions options, Sources sources, Env& env) {
  if (options.lake.empty()) options.lake = TestLake::get().path();
  options.port = 0;
  auto server = Server::create(env, std::move(options), std::move(sources));
  EXPECT_TRUE(server) << (server ? "" : server.error().message());
  server_ = *std::move(server);
  const Status started = server_->start();
  EXPECT_TRUE(started);
  client_ = net::HttpClient::create(env).value();
}

std::string TestServer::url(std::string_view target) const {
  return fmt::format("http://127.0.0.1:{}{}", server_->port(), target);
}

net::HttpResponse TestServer::send(net::HttpRequest request) {
  auto response = client_->send(request);
  EXPECT_TRUE(response) << request.url << ": " << (response ? "" : response.error().message());
  return response.value_or(net::HttpResponse{});
}

net::HttpResponse TestServer::get(const std::string& target, std::vector<net::Header> headers) {
  return send({.url = url(target), .headers = std::move(headers)});
}

std::string TestServer::body(const std::string& target) {
  net::HttpResponse response = get(target);
  EXPECT_EQ(response.status, 200) << target << ": " << response.body;
  return std::move(response.body);
}

}  // namespace fm::server
