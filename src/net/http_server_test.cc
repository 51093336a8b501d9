#include "net/http_server.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <atomic>
#include <thread>

#include "base/testing_fault_env.h"
#include "net/certificate.h"

namespace fm::net {
namespace {

constexpr Nanos kPatience = 10 * kNanosPerSecond;

std::unique_ptr<HttpServer> make_server(HttpServerOptions options = {}) {
  options.threads = std::min(options.threads, 3);
  return HttpServer::create(Env::posix(), std::move(options)).value();
}

std::string url(const HttpServer& server, std::string_view path) {
  return fmt::format("http://127.0.0.1:{}{}", server.port(), path);
}

std::unique_ptr<HttpClient> make_client(HttpClientOptions options = {}) {
  return HttpClient::create(Env::posix(), std::move(options)).value();
}

// Sends bytes as they are and reads to the end of the connection.
std::string talk(const HttpServer& server, std::string_view bytes) {
  const auto socket = Env::posix().connect("127.0.0.1", server.port(), kPatience).value();
  if (!socket->write(bytes, kPatience)) return "";
  std::string out;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto got = socket->read(std::as_writable_bytes(std::span(piece)), kPatience);
    if (!got || *got == 0) return out;
    out.append(piece.data(), *got);
  }
}

TEST(HttpServer, FindsTheFirstRouteThatFits) {
  const auto server = make_server();
  const auto name = [](std::string text) {
    return [text](const ServerRequest& request) {
      std::string out = text;
      for (const std::string& part : request.parts) out += "|" + part;
      return ServerResponse::text(out);
    };
  };
  server->route("GET", "/a", name("a"));
  server->route("GET", "/a/*/c", name("star"));
  server->route("GET", "/a/**", name("rest"));
  server->route("POST", "/only-post", name("post"));
  ASSERT_TRUE(server->start());
  const auto client = make_client();
  struct {
    const char* path;
    int status;
    const char* body;
  } const cases[] = {{"/a", 200, "a"},
                     {"/a?x=1", 200, "a"},
                     {"/a/b/c", 200, "star|b"},
                     {"/a/b/c/d", 200, "rest|b/c/d"},
                     {"/a/%41", 200, "rest|A"},
                     {"/a/", 200, "rest|"},
                     {"/b", 404, "Not Found"},
                     {"/only-post", 405, "Method Not Allowed"},
                     {"/a?x=%zz", 400, "parameters: '%' at byte 0 begins no escape"}};
  for (const auto& c : cases) {
    const auto response = client->get(url(*server, c.path));
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, c.status) << c.path;
    EXPECT_EQ(response->body, c.body) << c.path;
  }
}

TEST(HttpServer, AsksFirstForWhatIsAtHand) {
  const auto server = make_server();
  std::atomic<int> asked = 0;
  RouteOptions options;
  options.at_hand = [](const ServerRequest& request) -> std::optional<ServerResponse> {
    if (request.parameter("kept") != "yes") return std::nullopt;
    return ServerResponse::text("kept " + request.parts.at(0));
  };
  server->route(
      "GET", "/rows/*",
      [&](const ServerRequest& request) {
        ++asked;
        return ServerResponse::text("made " + request.parts.at(0));
      },
      options);
  std::atomic<int> looked = 0;
  server->before_sending([&](const ServerRequest&, ServerResponse&) { ++looked; });
  ASSERT_TRUE(server->start());
  const auto client = HttpClient::create(Env::posix()).value();
  EXPECT_EQ(client->get(url(*server, "/rows/a?kept=yes"))->body, "kept a");
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(client->get(url(*server, "/rows/b?kept=no"))->body, "made b");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(client->get(url(*server, "/rows/c?kept=%"))->status, 400);
  EXPECT_EQ(looked, 3);
}

TEST(HttpServer, LongFormsAreReadAndLongerOnesRefused) {
  const auto server = make_server({.body_bytes_max = 100'000});
  server->route("POST", "/size", [](const ServerRequest& request) {
    return ServerResponse::text(std::to_string(request.parameter("symbols").value_or("").size()));
  });
  ASSERT_TRUE(server->start());
  const auto client = make_client();
  for (const std::size_t size : {0UL, 8'000UL, 20'000UL, 90'000UL}) {
    const auto response =
        client->post(url(*server, "/size"), {{"symbols", std::string(size, 'E')}});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body, std::to_string(size));
  }
  const auto refused =
      client->post(url(*server, "/size"), {{"symbols", std::string(200'000, 'E')}});
  ASSERT_TRUE(refused) << refused.error().message();
  EXPECT_EQ(refused->status, 413);
}

TEST(HttpServer, AnswersWhatIsNoProperRequest) {
  const auto server = make_server({.read_timeout = kNanosPerSecond / 2});
  server->route("POST", "/p", [](const ServerRequest& request) {
    return ServerResponse::text(fmt::format("{} bytes", request.body.size()));
  });
  ASSERT_TRUE(server->start());
  struct {
    std::string request;
    std::string_view status;
  } const cases[] = {
      {"GET /" + std::string(3000, 'x') + " HTTP/1.1\r\n\r\n", "HTTP/1.1 414"},
      {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 400"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {"POST /p HTTP/1.1\r\n\r\n", "HTTP/1.1 200"},
      {"POST /p HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: "
       "5\r\n\r\nhello",
       "HTTP/1.1 415"},
      {"POST /p HTTP/1.1\r\nContent-Length: 50\r\n\r\nhello", "HTTP/1.1 400"},
      {"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       "HTTP/1.1 200"},
      {"BREW / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nRange: bytes=9999999-\r\n\r\n", "HTTP/1.1 404"},
  };
  for (const auto& c : cases) {
    const std::string answer = talk(*server, c.request);
    EXPECT_EQ(answer.substr(0, c.status.size()), c.status) << c.request.substr(0, 60);
  }
}

TEST(HttpServer, BreaksOffABodyThatFails) {
  const auto server = make_server();
  server->route("GET", "/*", [](const ServerRequest& request) {
    ServerResponse response;
    if (request.parts[0] == "length") response.length = 1000;
    response.producer = [](BodyWriter& writer) -> Result<Body> {
      (void)writer.write(std::string_view("half"));
      return fail(Code::kBrokenPipe, "on purpose");
    };
    return response;
  });
  ASSERT_TRUE(server->start());
  for (const char* const path : {"/chunks", "/length"}) {
    const auto response = make_client()->get(url(*server, path));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code(), Code::kTruncated) << path;
  }
}

TEST(HttpServer, ManyClientsShareFewThreads) {
  const auto server = make_server({.threads = 2, .waiting_max = 2});
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  server->route("GET", "/", [&](const ServerRequest&) {
    const int running = ++now;
    for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
    }
    Env::posix().sleep_for(10'000'000);
    --now;
    ServerResponse response = ServerResponse::text("done");
    response.close = true;
    return response;
  });
  ASSERT_TRUE(server->start());
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 12; ++i)
    clients.emplace_back([&] {
      const auto response = make_client()->get(url(*server, "/"));
      if (response && response->body == "done") ++good;
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 12);
  EXPECT_LE(most, 2);
}

TEST(HttpServer, StopsWhileClientsStallAndOthersWait) {
  auto server = make_server({.threads = 1, .waiting_max = 1});
  std::atomic<bool> is_sending = false;
  server->route("GET", "/endless", [&](const ServerRequest&) {
    ServerResponse response;
    response.producer = [&](BodyWriter& writer) -> Result<Body> {
      is_sending = true;
      if (!writer.write(std::string(1 << 20, 'x'))) return fail(Code::kBrokenPipe, "gone");
      return Body::kMore;
    };
    return response;
  });
  ASSERT_TRUE(server->start());
  std::vector<std::unique_ptr<Socket>> sockets;
  for (int i = 0; i < 5; ++i) {  // one is served and reads nothing, the others wait
    sockets.push_back(Env::posix().connect("127.0.0.1", server->port(), kPatience).value());
    ASSERT_TRUE(sockets.back()->write("GET /endless HTTP/1.1\r\n\r\n", kPatience));
  }
  while (!is_sending) Env::posix().sleep_for(1'000'000);
  const Nanos start = Env::posix().monotonic();
  server->stop();
  EXPECT_LT(Env::posix().monotonic() - start, 3 * kNanosPerSecond);
  server->stop();
}

TEST(HttpServer, AStalledClientIsGivenUp) {
  const auto server = make_server({.write_timeout = kNanosPerSecond / 2});
  std::atomic<bool> is_given_up = false;
  server->route("GET", "/", [&](const ServerRequest&) {
    ServerResponse response;
    response.producer = [&](BodyWriter& writer) -> Result<Body> {
      if (writer.write(std::string(1 << 20, 'x'))) return Body::kMore;
      is_given_up = true;
      return fail(Code::kBrokenPipe, "gone");
    };
    return response;
  });
  ASSERT_TRUE(server->start());
  const auto socket = Env::posix().connect("127.0.0.1", server->port(), kPatience).value();
  ASSERT_TRUE(socket->write("GET / HTTP/1.1\r\n\r\n", kPatience));
  const Nanos deadline = Env::posix().monotonic() + kPatience;
  while (!is_given_up && Env::posix().monotonic() < deadline) Env::posix().sleep_for(5'000'000);
  EXPECT_TRUE(is_given_up);
}

TEST(HttpServer, ATakenPortIsBusy) {
  const auto first = make_server();
  const auto second = HttpServer::create(Env::posix(), {.port = first->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kBusy);
}

TEST(HttpServer, LooksAtEveryAnswer) {
  const auto server = make_server();
  server->otherwise(
      [](const ServerRequest& request) { return ServerResponse::text("no " + request.path, 404); });
  server->before_sending([](const ServerRequest&, ServerResponse& response) {
    response.headers.emplace_back("Request-Id", "7");
  });
  ASSERT_TRUE(server->start());
  const auto response = make_client()->get(url(*server, "/x"));
  EXPECT_EQ(response->header("request-id"), "7");
  EXPECT_EQ(response->body, "no /x");
}

TEST(FileResponse, SendsTheWholeOrTheAskedRange) {
  const TestDirectory dir;
  Env& env = Env::posix();
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += static_cast<char>('a' + i % 26);
  ASSERT_TRUE(write_text_atomically(env, dir.file("f"), content));
  ASSERT_TRUE(write_text_atomically(env, dir.file("empty"), ""));
  const auto server = make_server();
  server->route("GET", "/*", [&](const ServerRequest& request) {
    return file_response(env, dir.file(request.parts[0]), request);
  });
  ASSERT_TRUE(server->start());
  const auto client = make_client();
  struct {
    std::optional<std::uint64_t> first, last;
    int status;
    std::string body;
  } const cases[] = {
      {std::nullopt, std::nullopt, 200, content},
      {0, 0, 206, "a"},
      {299'990, std::nullopt, 206, content.substr(299'990)},
      {5, 4'000'000'000, 206, content.substr(5)},
      {300'000, std::nullopt, 416, ""},
  };
  for (const auto& c : cases) {
    const auto response =
        client->send({.url = url(*server, "/f"), .range_first = c.first, .range_last = c.last});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, c.status);
    EXPECT_TRUE(response->body == c.body);
  }
  EXPECT_EQ(client->get(url(*server, "/empty"))->body, "");
  EXPECT_EQ(client->get(url(*server, "/none"))->status, 404);
  const auto head = client->send({.method = "HEAD", .url = url(*server, "/f")});
  EXPECT_EQ(head->header("content-length"), "300000");
  EXPECT_EQ(head->body, "");
}

TEST(Range, IsReadAsTheStandardSays) {
  struct {
    const char* header;
    std::optional<ByteRange> range;
  } const cases[] = {{"bytes=0-9", ByteRange{0, 10}},
                     {"bytes=90-", ByteRange{90, 10}},
                     {"bytes=-5", ByteRange{95, 5}},
                     {"bytes=-500", ByteRange{0, 100}},
                     {"bytes=99-200", ByteRange{99, 1}},
                     {"bytes=100-", ByteRange{100, 0}},
                     {"bytes=9-5", std::nullopt},
                     {"bytes=a-5", std::nullopt},
                     {"bytes=1-2,4-5", std::nullopt},
                     {"lines=1-2", std::nullopt},
                     {"bytes=-", std::nullopt},
                     {"", std::nullopt},
                     {"bytes=0-18446744073709551615", ByteRange{0, 100}}};
  for (const auto& c : cases) {
    const auto range = parse_range(c.header, 100);
    ASSERT_EQ(range.has_value(), c.range.has_value()) << c.header;
    if (range) {
      EXPECT_EQ(range->first, c.range->first) << c.header;
    }
    if (range) {
      EXPECT_EQ(range->count, c.range->count) << c.header;
    }
  }
}

TEST(Form, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string("a=%"), std::string("a=%4"), std::string("%G1=b"), std::string("a=%00"),
        std::string(2 * kParametersMax + 2, '&') + std::string("a=%zz")})
    EXPECT_FALSE(parse_form(text)) << text;
  std::string many;
  for (std::size_t i = 0; i <= kParametersMax; ++i) many += "a=1&";
  EXPECT_FALSE(parse_form(many));
  EXPECT_EQ(parse_form("a&&b=1=2&").value(), (Parameters{{"a", ""}, {"b", "1=2"}}));
}

TEST(Form, EveryFormIsReadBack) {
  rc::check([](const std::vector<std::pair<std::string, std::string>>& pairs) {
    Parameters in;
    for (const auto& [name, value] : pairs)
      if (!name.empty() && (name + value).find('\0') == std::string::npos)
        in.emplace_back(name, value);
    RC_ASSERT(parse_form(encode_form(in)).value() == in);
  });
}

TEST(BasicAuth, ReadsUserAndPassword) {
  struct {
    const char* header;
    const char* user;  // null: none
  } const cases[] = {{"Basic ZGItMTIzOg==", "db-123"}, {"basic ZGItMTIzOg", "db-123"},
                     {"Bearer ZGItMTIzOg==", nullptr}, {"Basic ZGItMTIz", nullptr},
                     {"Basic !!!", nullptr},           {"Bas", nullptr}};
  for (const auto& c : cases) {
    const ServerRequest request{.headers = {{"authorization", c.header}}};
    const auto auth = request.basic_auth();
    ASSERT_EQ(auth.has_value(), c.user != nullptr) << c.header;
    if (auth) {
      EXPECT_EQ(auth->first, c.user);
    }
  }
}

class Tls : public testing::Test {
 protected:
  Tls() : files_(make_local_certificate(Env::posix(), dir_.path()).value()) {
    server_ = make_server({.certificate_file = files_.certificate, .key_file = files_.key});
    server_->route("GET", "/", [](const ServerRequest&) {
      ServerResponse response;
      response.producer = [](BodyWriter& writer) -> Result<Body> {
        if (!writer.write(std::string(1 << 20, 't'))) return fail(Code::kBrokenPipe, "gone");
        return Body::kEnd;
      };
      return response;
    });
  }
  [[nodiscard]] std::string url(std::string_view host) const {
    return fmt::format("https://{}:{}/", host, server_->port());
  }
  TestDirectory dir_;
  CertificateFiles files_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Tls, ServesClientsThatTrustTheCertificate) {
  ASSERT_TRUE(server_->start());
  for (const char* const host : {"localhost", "127.0.0.1"}) {
    const auto response = make_client({.ca_file = files_.certificate})->get(url(host));
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body.size(), 1U << 20);
  }
}

TEST_F(Tls, ClientsRefuseOtherCertificates) {
  ASSERT_TRUE(server_->start());
  const TestDirectory other;
  const auto wrong = make_local_certificate(Env::posix(), other.path()).value();
  for (const std::string& ca : {std::string(), wrong.certificate}) {
    const auto response = make_client({.ca_file = ca})->get(url("localhost"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code(), Code::kDisconnected);
    EXPECT_FALSE(response.error().can_retry());
    EXPECT_NE(response.error().advice(), "");
  }
  EXPECT_EQ(HttpClient::create(Env::posix(), {.ca_file = dir_.file("none")}).error().code(),
            Code::kNotFound);
}

TEST_F(Tls, PlainRequestsDoNotDisturbIt) {
  ASSERT_TRUE(server_->start());
  talk(*server_, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(make_client({.ca_file = files_.certificate})->get(url("localhost")));
}

TEST(Certificate, IsKeptWhileItIsGoodAndItsKeyIsPrivate) {
  const TestDirectory dir;
  FaultEnv env;
  const auto files = make_local_certificate(env, dir.path()).value();
  EXPECT_EQ(env.info(files.key)->mode, 0600U);
  const std::string first = read_text(env, files.certificate).value();
  ASSERT_TRUE(make_local_certificate(env, dir.path()));
  EXPECT_EQ(read_text(env, files.certificate), first);
  env.set_now(env.now() + 360 * kNanosPerDay);
  ASSERT_TRUE(make_local_certificate(env, dir.path()));
  EXPECT_NE(read_text(env, files.certificate), first);
  ASSERT_TRUE(env.remove(files.key));
  ASSERT_TRUE(make_local_certificate(env, dir.path()));
  EXPECT_EQ(env.info(files.key)->mode, 0600U);
}

TEST(Certificate, AServerNeedsAPairThatFits) {
  const TestDirectory dir;
  const auto files = make_local_certificate(Env::posix(), dir.path()).value();
  const auto server = HttpServer::create(
      Env::posix(), {.certificate_file = files.certificate, .key_file = dir.file("none")});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::kInvalidConfig);
}

}  // namespace
}  // namespace fm::net
