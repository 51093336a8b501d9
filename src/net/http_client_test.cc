#include "net/http_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/testing_fault_env.h"
#include "net/http_server.h"
#include "net/testing_raw_server.h"

namespace fm::net {
namespace {

std::unique_ptr<HttpClient> make_client(HttpClientOptions options = {}) {
  return HttpClient::create(Env::posix(), std::move(options)).value();
}

class Served : public testing::Test {
 protected:
  Served() : server_(HttpServer::create(Env::posix(), {.threads = 3}).value()) {}
  void start() { ASSERT_TRUE(server_->start()); }
  [[nodiscard]] std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
  }
  std::unique_ptr<HttpServer> server_;
};

TEST(Form, IsEncodedAndReadBack) {
  const Parameters in = {
      {"symbols", "ES.FUT,ZL H4"}, {"a&b", "=+%"}, {"empty", ""}, {"\xC3\xA9", "\n"}};
  EXPECT_EQ(encode_form(in), "symbols=ES.FUT%2CZL%20H4&a%26b=%3D%2B%25&empty=&%C3%A9=%0A");
  EXPECT_EQ(parse_form(encode_form(in)).value(), in);
}

TEST_F(Served, EveryStatusIsAnAnswerWithItsBody) {
  server_->route("GET", "/status/*", [](const ServerRequest& request) {
    ServerResponse response = ServerResponse::text("body of " + request.parts[0]);
    response.status = std::stoi(request.parts[0]);
    response.headers = {{"X-Asked", request.parts[0]}, {"Location", "/status/200"}};
    return response;
  });
  start();
  const auto client = make_client();
  for (const int status :
       {200, 206, 301, 302, 307, 400, 401, 402, 404, 409, 422, 429, 500, 503, 504}) {
    const auto response = client->get(url(fmt::format("/status/{}", status)));
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, status);  // redirects are not followed
    EXPECT_EQ(response->body, fmt::format("body of {}", status));
    EXPECT_EQ(response->header("x-asked"), std::to_string(status));
    EXPECT_EQ(response->is_ok(), status < 300);
  }
}

TEST_F(Served, SendsFormsHeadersAndTheKey) {
  server_->route("POST", "/echo", [](const ServerRequest& request) {
    const auto auth = request.basic_auth();
    return ServerResponse::text(fmt::format(
        "{}|{}|{}|{}|{}", request.parameter("symbols").value_or("none"),
        request.parameter("q").value_or("none"), request.header("x-more"),
        auth ? auth->first + ":" + auth->second : "anonymous", request.header("user-agent")));
  });
  start();
  const Secret key("db-0123456789");
  const auto client = make_client({.user = &key});
  const auto response = client->send({.method = "POST",
                                      .url = url("/echo?q=1+2"),
                                      .headers = {{"X-More", "yes"}},
                                      .body = encode_form({{"symbols", "ES.c.0,NQ c"}})});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "ES.c.0,NQ c|1 2|yes|db-0123456789:|frontmonth/" FM_VERSION);
  const auto anonymous = make_client()->post(url("/echo"), {});
  EXPECT_EQ(anonymous->body, "none|none||anonymous|frontmonth/" FM_VERSION);
}

TEST_F(Served, AHeaderCannotSmuggleAnother) {
  start();
  const auto sent = make_client()->send({.url = url("/"), .headers = {{"X", "1\r\nY: 2"}}});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Code::kInvalidArgument);
}

TEST_F(Served, StreamsChunksAndCollectsOnlyErrors) {
  server_->route("GET", "/data", [](const ServerRequest&) {
    ServerResponse response{.content_type = "application/octet-stream"};
    response.producer = [left = 40](BodyWriter& writer) mutable -> Result<Body> {
      if (!writer.write(std::string(100'000, 'x'))) return fail(Code::kBrokenPipe, "gone");
      return --left == 0 ? Body::kEnd : Body::kMore;
    };
    return response;
  });
  server_->route("GET", "/refused",
                 [](const ServerRequest&) { return ServerResponse::json("{}", 422); });
  start();
  const auto client = make_client({.collect_bytes_max = 1000});
  std::uint64_t bytes = 0;
  int heads = 0;
  const BodyReceiver count = [&](std::span<const std::byte> piece) -> Status {
    bytes += piece.size();
    return {};
  };
  const HeadReceiver head = [&](const HttpResponse& response) -> Status {
    ++heads;
    EXPECT_EQ(response.header("content-type"), "application/octet-stream");
    return {};
  };
  const auto whole = client->stream({.url = url("/data")}, count, head);
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(bytes, 4'000'000U);
  EXPECT_EQ(whole->body_bytes, bytes);
  EXPECT_EQ(whole->body, "");
  EXPECT_EQ(heads, 1);

  const auto refused = client->stream({.url = url("/refused")}, count, head);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "{}");
  EXPECT_EQ(bytes, 4'000'000U);
  EXPECT_EQ(heads, 1);

  EXPECT_EQ(client->send({.url = url("/data")}).error().code(), Code::kUnsupported);
  const auto stopped = client->stream(
      {.url = url("/data")},
      [](std::span<const std::byte>) -> Status { return fail(Code::kNoSpace, "disk full"); });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::kNoSpace);
}

TEST(HttpClient, TellsFailuresApart) {
  struct {
    const char* what;
    std::string answer;
    Nanos linger;
    std::optional<Code> code;
  } const cases[] = {
      {"whole", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, std::nullopt},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0,
       std::nullopt},
      {"short body", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", 0, Code::kTruncated},
      {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0,
       Code::kTruncated},
      {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", 0,
       Code::kTruncated},
      {"no body at all", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", 0, Code::kTruncated},
      {"bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", 0,
       Code::kTruncated},
      {"nothing", "", 0, Code::kDisconnected},
      {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", 0, Code::kDisconnected},
      {"not HTTP", "lsg_version=0.7.2\n", 0, Code::kDisconnected},
      {"silence", "", 5 * kNanosPerSecond, Code::kTimedOut},
      {"silence in the body", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
       5 * kNanosPerSecond, Code::kTimedOut},
  };
  for (const auto& c : cases) {
    const RawServer server({c.answer}, c.linger);
    const auto client = make_client({.idle_timeout = kNanosPerSecond / 2});
    std::string streamed;
    const auto response =
        client->stream({.url = server.url()}, [&](std::span<const std::byte> piece) {
          streamed.append(reinterpret_cast<const char*>(piece.data()), piece.size());
          return Status{};
        });
    ASSERT_EQ(response.has_value(), !c.code) << c.what;
    if (response) {
      EXPECT_EQ(streamed, "hello") << c.what;
    }
    if (!response) {
      EXPECT_EQ(response.error().code(), *c.code) << c.what << response.error().message();
    }
    if (!response) {
      EXPECT_TRUE(response.error().can_retry()) << c.what;
    }
  }
}

TEST(HttpClient, ABodyThatEndsWithItsConnectionIsMarked) {
  const RawServer server({"HTTP/1.1 200 OK\r\n\r\nhello"});
  const auto response = make_client()->get(server.url());
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "hello");
  EXPECT_FALSE(response->length_is_known);
}

TEST(HttpClient, RefusesWhatCannotBeReached) {
  std::uint16_t closed = Env::posix().listen("127.0.0.1", 0).value()->port();
  struct {
    std::string url;
    Code code;
    bool can_retry;
  } const cases[] = {
      {fmt::format("http://127.0.0.1:{}/", closed), Code::kDisconnected, true},
      {"http://no-such-host.invalid/", Code::kDisconnected, true},
      {"ftp://127.0.0.1/", Code::kInvalidArgument, false},
      {"file:///etc/hostname", Code::kInvalidArgument, false},
      {"http://", Code::kInvalidArgument, false},
  };
  for (const auto& c : cases) {
    const auto response = make_client()->get(c.url);
    ASSERT_FALSE(response) << c.url;
    EXPECT_EQ(response.error().code(), c.code) << c.url << " " << response.error().message();
    EXPECT_EQ(response.error().can_retry(), c.can_retry) << c.url;
  }
  EXPECT_EQ(make_client()->send({.method = "BREW", .url = "http://127.0.0.1/"}).error().code(),
            Code::kInvalidArgument);
}

TEST(HttpClient, ErrorBodiesAndHeadersAreBounded) {
  const RawServer server(
      {fmt::format("HTTP/1.1 500 X\r\nContent-Length: 100000\r\n\r\n{}", std::string(100'000, 'e')),
       fmt::format("HTTP/1.1 200 OK\r\n{}\r\n", std::string(300, '\n')), [] {
         std::string many = "HTTP/1.1 200 OK\r\n";
         for (int i = 0; i < 200; ++i) many += "X-Y: " + std::string(80, 'z') + "\r\n";
         return many + "Content-Length: 0\r\n\r\n";
       }()});
  const auto client = make_client({.error_body_bytes_max = 1000, .header_bytes_max = 10'000});
  const auto cut = client->get(server.url());
  ASSERT_TRUE(cut) << cut.error().message();
  EXPECT_EQ(cut->body.size(), 1000U);
  EXPECT_TRUE(cut->body_is_cut);
  static_cast<void>(client->get(server.url()));
  const auto headers = client->get(server.url());
  ASSERT_FALSE(headers);
  EXPECT_EQ(headers.error().code(), Code::kUnsupported);
}

TEST(HttpClient, CancelEndsARequestAtOnceAndStays) {
  const RawServer server({""}, 20 * kNanosPerSecond);
  const auto client = make_client();
  std::thread canceller([&] {
    Env::posix().sleep_for(50'000'000);
    client->cancel();
  });
  const Nanos start = Env::posix().monotonic();
  const auto response = client->get(server.url());
  canceller.join();
  EXPECT_LT(Env::posix().monotonic() - start, 5 * kNanosPerSecond);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kDisconnected);
  EXPECT_FALSE(response.error().can_retry());
  EXPECT_FALSE(client->get(server.url()));
}

TEST(HttpClient, ErrorsNameThePlaceAndNeverTheKeyOrTheQuery) {
  const Secret key("db-SECRETSECRET");
  const RawServer server({""});
  const auto response =
      make_client({.user = &key})->get(server.url("/v0/x"), {{"token", "hidden"}});
  ASSERT_FALSE(response);
  const std::string& text = response.error().message();
  EXPECT_NE(text.find("/v0/x"), std::string::npos) << text;
  EXPECT_EQ(text.find("SECRET"), std::string::npos) << text;
  EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
}

}  // namespace
}  // namespace fm::net
