// Event streams, clients that are gone, and answers of every framing.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "base/testing_fault_env.h"
#include "net/certificate.h"
#include "net/testing_raw_client.h"

namespace fm::net {
namespace {

constexpr std::string_view kAsk = "GET /events HTTP/1.1\r\n\r\n";

std::shared_ptr<const std::string> event(std::string text) {
  return std::make_shared<const std::string>("data: " + std::move(text) + "\n\n");
}

// A server whose /events gives its streams to the test.
class Streams : public testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.threads = 2;
    server_ = HttpServer::create(Env::posix(), std::move(options)).value();
    server_->route("GET", "/events",
                   [this](const ServerRequest&) {
                     return ServerResponse::events([this](std::shared_ptr<EventStream> stream) {
                       if (first_) {
                         EXPECT_TRUE(stream->send(first_));
                       }
                       stream->on_close([this] { ++closed_; });
                       const std::lock_guard lock(mutex_);
                       streams_.push_back(std::move(stream));
                     });
                   },
                   {.on_loop = true});
    ASSERT_TRUE(server_->start());
  }
  std::shared_ptr<EventStream> stream(std::size_t index) {
    EXPECT_TRUE(soon([&] {
      const std::lock_guard lock(mutex_);
      return streams_.size() > index;
    }));
    const std::lock_guard lock(mutex_);
    return streams_[index];
  }

  std::shared_ptr<const std::string> first_;
  std::atomic<int> closed_ = 0;
  std::mutex mutex_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Streams, EventsComeAsTheyAreSent) {
  start();
  RawClient client(*server_);
  client.send(kAsk);
  const auto events = stream(0);
  const std::string head = client.answer();
  EXPECT_EQ(status_of(head), "HTTP/1.1 200");
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos);
  for (int i = 0; i < 100; ++i) {
    const auto text = event(std::to_string(i));
    EXPECT_TRUE(events->send(text));
    EXPECT_EQ(client.read(text->size()), *text);
  }
  EXPECT_EQ(server_->figures().streams, 1U);
  EXPECT_TRUE(events->send(event("last")));
  events->close();
  EXPECT_FALSE(events->send(event("too late")));
  EXPECT_EQ(client.rest(), *event("last"));
  EXPECT_TRUE(soon([&] { return closed_ == 1 && events->is_closed(); }));
  client.hang_up();
  EXPECT_TRUE(soon([&] { return server_->figures().streams == 0; }));
}

TEST_F(Streams, AClientThatLeavesIsNoticed) {
  start();
  auto client = std::make_unique<RawClient>(*server_);
  client->send(kAsk);
  const auto events = stream(0);
  EXPECT_FALSE(events->is_closed());
  client.reset();
  EXPECT_TRUE(soon([&] { return closed_ == 1; }));
  EXPECT_FALSE(events->send(event("nobody")));
  EXPECT_EQ(server_->figures().streams, 0U);
  EXPECT_EQ(server_->figures().dropped, 0U);
  int called = 0;
  events->on_close([&] { ++called; });
  EXPECT_EQ(called, 1);
}

TEST_F(Streams, ASlowClientIsDroppedAndNotWaitedFor) {
  start({.stream_bytes_max = 100'000});
  RawClient slow(*server_);
  slow.send(kAsk);
  RawClient good(*server_);
  good.send(kAsk);
  const auto to_slow = stream(0);
  const auto to_good = stream(1);
  (void)good.answer();
  const auto text = event(std::string(10'000, 'x'));
  bool is_taken = true;
  int sent = 0;
  for (; sent < 2000 && is_taken; ++sent) {
    is_taken = to_slow->send(text);
    ASSERT_TRUE(to_good->send(text));
    ASSERT_EQ(good.read(text->size()).size(), text->size());
  }
  EXPECT_FALSE(is_taken);
  EXPECT_GT(sent, 10);
  EXPECT_TRUE(soon([&] { return closed_ == 1; }));
  EXPECT_EQ(server_->figures().dropped, 1U);
  EXPECT_TRUE(to_good->send(text));
}

TEST_F(Streams, AClientThatTakesNothingIsDroppedInTime) {
  start({.write_timeout = kNanosPerSecond / 2, .stream_bytes_max = 64 << 20});
  RawClient client(*server_);
  client.send(kAsk);
  const auto events = stream(0);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(events->send(event(std::string(1 << 20, 'x'))));
  EXPECT_TRUE(soon([&] { return closed_ == 1; }));
  EXPECT_EQ(server_->figures().dropped, 1U);
}

TEST_F(Streams, WhatAClientMissedMayBeLong) {
  first_ = event(std::string(1 << 20, 'm'));
  start({.stream_bytes_max = 1000});
  RawClient client(*server_);
  client.send(kAsk);
  const auto events = stream(0);
  EXPECT_TRUE(events->send(event("next")));
  (void)client.answer();
  EXPECT_EQ(client.read(first_->size()), *first_);
  EXPECT_EQ(client.read(event("next")->size()), *event("next"));
}

TEST_F(Streams, MoreThanTheMostAreTurnedAway) {
  start({.streams_max = 2});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<RawClient>(*server_));
    clients.back()->send(kAsk);
    EXPECT_NE(stream(i), nullptr);
  }
  RawClient third(*server_);
  third.send(kAsk);
  const std::string refusal = third.answer();
  EXPECT_EQ(status_of(refusal), "HTTP/1.1 503");
  EXPECT_NE(refusal.find("Retry-After: "), std::string::npos);
  // Asking for the head alone opens none.
  third.send("HEAD /events HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(third.answer()), "HTTP/1.1 200");
  clients.pop_back();
  EXPECT_TRUE(soon([&] { return server_->figures().streams == 1; }));
  RawClient fourth(*server_);
  fourth.send(kAsk);
  EXPECT_EQ(status_of(fourth.answer()), "HTTP/1.1 200");
}

TEST_F(Streams, StopEndsThemAndTheyOutliveTheServer) {
  start();
  RawClient client(*server_);
  client.send(kAsk);
  const auto events = stream(0);
  server_->stop();
  EXPECT_EQ(closed_, 1);
  EXPECT_FALSE(events->send(event("after")));
  server_.reset();
  EXPECT_FALSE(events->send(event("after")));
  EXPECT_TRUE(events->is_closed());
  events->close();
}

TEST_F(Streams, ManyClientsGetTheSameEvents) {
  constexpr std::size_t kClients = 100;
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(*server_));
    clients.back()->send(kAsk);
    EXPECT_NE(stream(i), nullptr);
  }
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const auto text = event(std::to_string(i));
    all += *text;
    for (std::size_t k = 0; k < kClients; ++k) EXPECT_TRUE(stream(k)->send(text));
  }
  for (const auto& client : clients) {
    (void)client->answer();
    EXPECT_EQ(client->read(all.size()), all);
  }
}

TEST_F(Streams, GoThroughTls) {
  const TestDirectory dir;
  const auto files = make_local_certificate(Env::posix(), dir.path()).value();
  start({.certificate_file = files.certificate, .key_file = files.key});
  const auto client = HttpClient::create(Env::posix(), {.ca_file = files.certificate}).value();
  std::thread sender([&] {
    const auto events = stream(0);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(events->send(event(std::to_string(i))));
    events->close();
  });
  const auto answer = client->get(fmt::format("https://localhost:{}/events", server_->port()));
  sender.join();
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_TRUE(answer->body.ends_with(*event("999")));
}

TEST(HttpServer, AHandlerLearnsThatItsClientIsGone) {
  const auto server = HttpServer::create(Env::posix(), {.threads = 2}).value();
  std::atomic<bool> is_running = false;
  std::atomic<bool> was_gone = false;
  server->route("GET", "/long", [&](const ServerRequest& request) {
    EXPECT_FALSE(request.is_gone());
    is_running = true;
    was_gone = soon([&] { return request.is_gone(); });
    return ServerResponse::text("too late");
  });
  ASSERT_TRUE(server->start());
  auto client = std::make_unique<RawClient>(*server);
  client->send("GET /long HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(soon([&] { return is_running.load(); }));
  client.reset();
  EXPECT_TRUE(soon([&] { return was_gone.load(); }));
}

TEST(HttpServer, FramesEveryAnswerAsItsReaderNeeds) {
  const auto server = HttpServer::create(Env::posix(), {.threads = 2}).value();
  const auto produced = [](std::optional<std::uint64_t> length) {
    return [length](const ServerRequest&) {
      ServerResponse response{.content_type = "text/plain", .length = length};
      response.producer = [](BodyWriter& writer) -> Result<Body> {
        if (!writer.write(std::string_view("body"))) return fail(Code::kBrokenPipe, "gone");
        return Body::kEnd;
      };
      return response;
    };
  };
  server->route("GET", "/chunks", produced(std::nullopt));
  server->route("GET", "/length", produced(4));
  server->route("GET", "/short", produced(5));
  server->route("GET", "/long", produced(3));
  server->route("GET", "/status/*", [](const ServerRequest& request) {
    return ServerResponse::text("body", std::stoi(request.parts[0]));
  });
  server->route("GET", "/throws",
                [](const ServerRequest&) -> ServerResponse { throw std::runtime_error("oh"); });
  server->route("POST", "/post",
                [](const ServerRequest& request) { return ServerResponse::text(request.body); });
  ASSERT_TRUE(server->start());
  const std::string close = "Connection: close\r\n";
  const auto get = [&](const std::string& path, const std::string& version = "1.1") {
    return "GET " + path + " HTTP/" + version + "\r\n" + close + "\r\n";
  };
  const std::string text = "Content-Type: text/plain\r\n";
  const std::string utf8 = "Content-Type: text/plain; charset=utf-8\r\n";
  struct {
    std::string request;
    std::string answer;
  } const cases[] = {
      {get("/chunks"), "200 OK\r\n" + text + "Transfer-Encoding: chunked\r\n" + close +
                           "\r\n4\r\nbody\r\n0\r\n\r\n"},
      {get("/chunks", "1.0"), "200 OK\r\n" + text + close + "\r\nbody"},
      {get("/length"), "200 OK\r\n" + text + "Content-Length: 4\r\n" + close + "\r\nbody"},
      {get("/short"), "200 OK\r\n" + text + "Content-Length: 5\r\n" + close + "\r\nbody"},
      {get("/long"), "200 OK\r\n" + text + "Content-Length: 3\r\n" + close + "\r\n"},
      {"HEAD /chunks HTTP/1.1\r\n" + close + "\r\n",
       "200 OK\r\n" + text + "Transfer-Encoding: chunked\r\n" + close + "\r\n"},
      {"HEAD /length HTTP/1.1\r\n" + close + "\r\n",
       "200 OK\r\n" + text + "Content-Length: 4\r\n" + close + "\r\n"},
      {get("/status/204"), "204 No Content\r\n" + close + "\r\n"},
      {get("/status/304"), "304 Not Modified\r\n" + close + "\r\n"},
      {get("/status/201", "1.0"),
       "201 Created\r\n" + utf8 + "Content-Length: 4\r\n" + close + "\r\nbody"},
      {get("/throws"), "500 Internal Server Error\r\n" + utf8 + "Content-Length: 21\r\n" + close +
                           "\r\nInternal Server Error"},
      {"POST /chunks HTTP/1.1\r\n" + close + "\r\n",
       "405 Method Not Allowed\r\nAllow: GET, HEAD\r\n" + utf8 + "Content-Length: 18\r\n" + close +
           "\r\nMethod Not Allowed"},
  };
  for (const auto& c : cases) {
    RawClient client(*server);
    client.send(c.request);
    EXPECT_EQ(client.rest(), "HTTP/1.1 " + c.answer) << c.request;
  }
  RawClient client(*server);
  client.send("POST /post HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_TRUE(client.answer().ends_with("\r\n\r\nbody"));
}

TEST(HttpServer, AConnectionServesSoManyRequests) {
  const auto server =
      HttpServer::create(Env::posix(), {.threads = 1, .keep_alive_requests_max = 3}).value();
  ASSERT_TRUE(server->start());
  RawClient client(*server);
  for (int i = 0; i < 3; ++i) {
    client.send("GET / HTTP/1.1\r\n\r\n");
    const std::string_view connection =
        i < 2 ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    EXPECT_NE(client.answer().find(connection), std::string::npos) << i;
  }
  EXPECT_TRUE(client.has_ended());
}

}  // namespace
}  // namespace fm::net
