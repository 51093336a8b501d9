// What clients do that mean harm, or cannot do better.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "net/certificate.h"
#include "net/testing_raw_client.h"

namespace fm::net {
namespace {

constexpr std::size_t kBodyBytesMax = 1000;

std::unique_ptr<HttpServer> make_server(HttpServerOptions options = {}) {
  options.threads = std::min(options.threads, 3);
  auto server = HttpServer::create(Env::posix(), std::move(options)).value();
  server->route("GET", "/ok", [](const ServerRequest&) { return ServerResponse::text("ok"); },
                {.on_loop = true});
  server->route("POST", "/p", [](const ServerRequest& request) {
    return ServerResponse::text(fmt::format("{} bytes", request.body.size()));
  });
  return server;
}

std::string with_headers(const std::string& lines) {
  return "POST /p HTTP/1.1\r\n" + lines + "\r\n";
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\n\r\n"; }

TEST(HostileClient, GetsOneClearAnswerAndTheDoor) {
  const auto server = make_server({.body_bytes_max = kBodyBytesMax});
  ASSERT_TRUE(server->start());
  std::string many_headers;
  for (int i = 0; i < 101; ++i) many_headers += "A: b\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  std::string many_chunks;
  for (int i = 0; i < 11; ++i) many_chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  struct {
    const char* what;
    std::string bytes;
    const char* status;
  } const cases[] = {
      {"length and chunks", with_headers("Content-Length: 5\r\n" + chunked) + "hello", "400"},
      {"chunks and length", with_headers(chunked + "Content-Length: 5\r\n") + "hello", "400"},
      {"two lengths", with_headers("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello", "400"},
      {"one length twice", with_headers("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello",
       "400"},
      {"negative length", with_headers("Content-Length: -1\r\n"), "400"},
      {"signed length", with_headers("Content-Length: +5\r\n") + "hello", "400"},
      {"length in hex", with_headers("Content-Length: 0x5\r\n") + "hello", "400"},
      {"no length", with_headers("Content-Length: \r\n"), "400"},
      {"two numbers", with_headers("Content-Length: 5 6\r\n") + "hello", "400"},
      {"length over 64 bits", with_headers("Content-Length: 99999999999999999999\r\n"), "400"},
      {"another coding", with_headers("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", "400"},
      {"coding twice", with_headers(chunked + chunked) + "0\r\n\r\n", "400"},
      {"unknown coding", with_headers("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n", "400"},
      {"chunks in HTTP/1.0", "POST /p HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n", "400"},
      {"chunk size no number", with_headers(chunked) + "xyz\r\n", "400"},
      {"chunk size over 64 bits", with_headers(chunked) + "FFFFFFFFFFFFFFFFF\r\n", "400"},
      {"chunk longer than said", with_headers(chunked) + "2\r\nhello\r\n0\r\n\r\n", "400"},
      {"endless extension", with_headers(chunked) + "1;" + std::string(70'000, 'a'), "400"},
      {"long chunk", with_headers(chunked) + "3E9\r\n", "413"},
      {"many chunks", with_headers(chunked) + many_chunks, "413"},
      {"long body", with_headers("Content-Length: 1001\r\n"), "413"},
      {"long body announced", with_headers("Content-Length: 1001\r\nExpect: 100-continue\r\n"),
       "413"},
      {"bare line feeds", "GET /ok HTTP/1.1\n\n", "400"},
      {"space before colon", "GET /ok HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
      {"no name", "GET /ok HTTP/1.1\r\n: a\r\n\r\n", "400"},
      {"no colon", "GET /ok HTTP/1.1\r\nHost\r\n\r\n", "400"},
      {"NUL in a value", std::string("GET /ok HTTP/1.1\r\nA: b\0c\r\n\r\n", 28), "400"},
      {"carriage return in a value", "GET /ok HTTP/1.1\r\nA: b\rc\r\n\r\n", "400"},
      {"two hosts", "GET /ok HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"two hosts, one empty", "GET /ok HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n", "400"},
      {"many headers", "GET /ok HTTP/1.1\r\n" + many_headers + "\r\n", "431"},
      {"long header", "GET /ok HTTP/1.1\r\nA: " + std::string(40'000, 'a') + "\r\n\r\n", "431"},
      {"endless header", "GET /ok HTTP/1.1\r\nA: " + std::string(100'000, 'a'), "431"},
      {"long target", get("/ok?" + std::string(9000, 'a')), "414"},
      {"endless target", "GET /" + std::string(100'000, 'a'), "414"},
      {"long path", get("/" + std::string(1024, 'a')), "414"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
      {"HTTP/0.9", "GET /ok\r\n\r\n", "400"},
      {"HTTP/3.0", "GET /ok HTTP/3.0\r\n\r\n", "400"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11), "400"},
      {"another server's URL", get("http://example.com/ok"), "400"},
      {"no path", get("*"), "400"},
      {"tunnel", "CONNECT example.com:443 HTTP/1.1\r\n\r\n", "400"},
      {"unknown method", "BREW /ok HTTP/1.1\r\n\r\n", "400"},
      {"NUL in the path", get("/ok%00"), "400"},
      {"line break in the path", get("/ok%0d%0aA:%20b"), "400"},
      {"up", get("/.."), "400"},
      {"up and down", get("/a/../ok"), "400"},
      {"up, escaped", get("/%2e%2e/ok"), "400"},
      {"up, half escaped", get("/a/.%2E"), "400"},
      {"up by escaped slash", get("/..%2f..%2fetc%2fpasswd"), "400"},
      {"broken escape", get("/%zz"), "400"},
      {"cut escape", get("/%4"), "400"},
  };
  for (const auto& c : cases) {
    RawClient client(*server);
    client.send(c.bytes);
    const std::string answer = client.rest();
    EXPECT_EQ(status_of(answer), fmt::format("HTTP/1.1 {}", c.status)) << c.what;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << c.what;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << c.what << ": " << answer;
  }
  EXPECT_EQ(server->figures().refused, std::size(cases));
  RawClient client(*server);
  client.send(get("/ok"));
  EXPECT_TRUE(client.answer().ends_with("\r\n\r\nok"));
}

TEST(HostileClient, WhatOnlyLooksHostileIsServed) {
  const auto server = make_server({.body_bytes_max = kBodyBytesMax});
  ASSERT_TRUE(server->start());
  struct {
    std::string bytes;
    const char* status;
  } const cases[] = {
      {get("/%252e%252e/ok"), "404"},  // decoded once
      {get("/..."), "404"},
      {get("/a..b/..c"), "404"},
      {get("/%6f%6b"), "200"},
      {get("/ok?path=../../etc/passwd"), "200"},
      {get("/ok?a=%zz"), "400"},
      {with_headers("Content-Length: 1000\r\n") + std::string(1000, 'x'), "200"},
      {with_headers("Transfer-Encoding: Chunked\r\n") + "3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
       "200"},
      {"GET /ok HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "200"},
  };
  for (const auto& c : cases) {
    RawClient client(*server);
    client.send(c.bytes);
    EXPECT_EQ(status_of(client.answer()), fmt::format("HTTP/1.1 {}", c.status)) << c.bytes;
    client.send(get("/ok"));  // the connection goes on
    EXPECT_EQ(status_of(client.answer()), "HTTP/1.1 200") << c.bytes;
  }
}

TEST(HostileClient, SlownessIsCutShort) {
  const auto server = make_server({.read_timeout = kNanosPerSecond / 4});
  ASSERT_TRUE(server->start());
  struct {
    std::string at_once;
    std::string slowly;
    const char* status;
  } const cases[] = {
      {"", "", ""},  // says nothing: is closed without a word
      {"GET /ok HTTP/1.1\r\n", "", "HTTP/1.1 408"},
      {"", "GET /ok HTTP/1.1\r\nA: " + std::string(1000, 'b'), "HTTP/1.1 408"},
      {with_headers("Content-Length: 500\r\n"), std::string(500, 'b'), "HTTP/1.1 400"},
      {with_headers("Transfer-Encoding: chunked\r\n"), "1;" + std::string(1000, 'b'),
       "HTTP/1.1 400"},
  };
  for (const auto& c : cases) {
    const Nanos start = Env::posix().monotonic();
    RawClient client(*server);
    client.send(c.at_once);
    client.drip(c.slowly.substr(0, 40), 20'000'000);
    EXPECT_EQ(status_of(client.rest()), c.status) << c.at_once << c.slowly;
    EXPECT_LT(Env::posix().monotonic() - start, 3 * kNanosPerSecond) << c.at_once << c.slowly;
  }
}

TEST(HostileClient, NoHandshakeTakesForever) {
  const TestDirectory dir;
  const auto files = make_local_certificate(Env::posix(), dir.path()).value();
  const auto server = make_server({.certificate_file = files.certificate,
                                   .key_file = files.key,
                                   .read_timeout = kNanosPerSecond / 4});
  ASSERT_TRUE(server->start());
  const std::string begun("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11);
  for (const std::string& bytes : {std::string(), begun}) {
    const Nanos start = Env::posix().monotonic();
    RawClient client(*server);
    client.send(bytes);
    EXPECT_TRUE(client.has_ended());
    EXPECT_LT(Env::posix().monotonic() - start, 3 * kNanosPerSecond);
  }
  const auto client = HttpClient::create(Env::posix(), {.ca_file = files.certificate}).value();
  const auto answer = client->get(fmt::format("https://localhost:{}/ok", server->port()));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "ok");
}

TEST(HostileClient, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = make_server();
  server->route("GET", "/n/*", [](const ServerRequest& request) {
    return ServerResponse::text(request.parts[0]);
  });
  ASSERT_TRUE(server->start());
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += get("/n/" + std::to_string(1000 + i)) + get("/ok");
  RawClient client(*server);
  client.send(bytes);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\n" + std::to_string(1000 + i)));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nok"));
  }
}

TEST(HostileClient, AskingWithoutReadingIsBoundedAndGivenUp) {
  const auto server = make_server({.write_timeout = kNanosPerSecond / 2});
  const auto body = std::make_shared<const std::string>(1 << 20, 'x');
  server->route("GET", "/big",
                [&](const ServerRequest&) { return ServerResponse{.shared_body = body}; },
                {.on_loop = true});
  ASSERT_TRUE(server->start());
  RawClient client(*server);
  const std::string request = get("/big");
  EXPECT_TRUE(soon([&] {
    for (int i = 0; i < 1000 && client.send_some(request) == request.size(); ++i) {
    }
    return server->figures().dropped == 1;
  }));
  EXPECT_LT(server->figures().requests, 64U);
  EXPECT_TRUE(soon([&] { return server->figures().connections == 0; }));
}

TEST(HostileClient, ConnectionsBeyondTheMostAreTurnedAway) {
  const auto server = make_server({.connections_max = 2,
                                   .read_timeout = 20 * kNanosPerSecond,
                                   .keep_alive_timeout = 20 * kNanosPerSecond});
  ASSERT_TRUE(server->start());
  RawClient one(*server);
  RawClient two(*server);
  two.send(get("/ok"));
  EXPECT_EQ(status_of(two.answer()), "HTTP/1.1 200");
  RawClient three(*server);
  three.send(get("/ok"));
  const std::string refusal = three.rest();
  EXPECT_EQ(status_of(refusal), "HTTP/1.1 503");
  EXPECT_NE(refusal.find("\r\nRetry-After: 1\r\n"), std::string::npos);
  three.hang_up();
  one.hang_up();
  EXPECT_TRUE(soon([&] { return server->figures().connections == 1; }));
  RawClient four(*server);
  four.send(get("/ok"));
  EXPECT_EQ(status_of(four.answer()), "HTTP/1.1 200");
}

TEST(HostileClient, CannotPutAHeaderIntoAnAnswer) {
  const auto server = make_server();
  server->route("GET", "/echo", [](const ServerRequest& request) {
    ServerResponse response = ServerResponse::text("echo");
    response.headers = {{"X-Name", std::string(request.parameter("name").value_or(""))},
                        {"X-After", "there"},
                        {"Content-Length", "3"}};
    response.content_type = std::string(request.parameter("type").value_or("text/plain"));
    return response;
  });
  ASSERT_TRUE(server->start());
  struct {
    const char* query;
    const char* line;  // of the answer, or null: no such header
  } const cases[] = {{"name=good", "X-Name: good\r\n"},
                     {"name=a%0d%0aSet-Cookie:%20b", nullptr},
                     {"name=a%0aSet-Cookie:%20b", nullptr},
                     {"name=a%0dSet-Cookie:%20b", nullptr},
                     {"type=a%0d%0aSet-Cookie:%20b", nullptr}};
  for (const auto& c : cases) {
    RawClient client(*server);
    client.send(get(std::string("/echo?") + c.query));
    const std::string answer = client.answer();
    EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos) << answer;
    if (c.line != nullptr) {
      EXPECT_NE(answer.find(c.line), std::string::npos) << answer;
    }
    EXPECT_NE(answer.find("X-After: there\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\necho")) << answer;
  }
}

TEST(HostileClient, AFullPoolLeavesTheLoopFree) {
  const auto server = make_server({.threads = 1, .waiting_max = 1});
  std::atomic<bool> may_end = false;
  std::atomic<int> running = 0;
  server->route("GET", "/slow", [&](const ServerRequest&) {
    ++running;
    while (!may_end) Env::posix().sleep_for(1'000'000);
    return ServerResponse::text("slow");
  });
  ASSERT_TRUE(server->start());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<RawClient>(*server));
    clients.back()->send(get("/slow"));
    ASSERT_TRUE(soon([&] { return running == 1; }));
  }
  RawClient quick(*server);
  quick.send(get("/ok"));
  EXPECT_TRUE(quick.answer().ends_with("\r\n\r\nok"));
  clients.pop_back();  // one that waits gives up
  EXPECT_TRUE(soon([&] { return server->figures().connections == 6; }));
  may_end = true;
  for (const auto& client : clients) EXPECT_TRUE(client->answer().ends_with("\r\n\r\nslow"));
  EXPECT_EQ(running, 5);
}

}  // namespace
}  // namespace fm::net
