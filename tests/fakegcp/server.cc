#include "server.h"

namespace fm::fakegcp {
namespace {

constexpr std::size_t kBodyBytesMax = 64 << 20;
constexpr Nanos kSlice = kNanosPerSecond / 10;

// A body that never comes.
net::ServerResponse broken() {
  net::ServerResponse response;
  response.length = 1;
  response.producer = [](net::BodyWriter&) -> Result<net::Body> {
    return fail(Code::kBrokenPipe, "a reply that is lost");
  };
  return response;
}

net::ServerResponse slowed(Env& env, net::ServerResponse response, Nanos wait) {
  if (response.body.empty()) return response;
  response.length = response.body.size();
  response.producer =
      [&env, wait, body = std::move(response.body)](net::BodyWriter& writer) -> Result<net::Body> {
    for (Nanos waited = 0; waited < wait && !writer.is_stopping(); waited += kSlice)
      env.sleep_for(kSlice);
    if (!writer.write(body)) return fail(Code::kBrokenPipe, "the client is gone");
    return net::Body::kEnd;
  };
  response.body.clear();
  return response;
}

}  // namespace

Result<std::unique_ptr<net::HttpServer>> serve(Env& env, Cloud& cloud, std::uint16_t port) {
  FM_ASSIGN(auto server, net::HttpServer::create(env, {.port = port,
                                                       .body_bytes_max = kBodyBytesMax,
                                                       .keep_alive_requests_max = 1'000'000}));
  server->otherwise([&env, &cloud](const net::ServerRequest& request) {
    Reply reply = cloud.answer(request);
    if (reply.lost) return broken();
    if (reply.slow_for > 0) return slowed(env, std::move(reply.response), reply.slow_for);
    return std::move(reply.response);
  });
  FM_TRY(server->start());
  return server;
}

}  // namespace fm::fakegcp
