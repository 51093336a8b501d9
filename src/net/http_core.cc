#include "net/http_core.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "net/http_connection.h"

namespace fm::net {

HttpCore::HttpCore(Env& world, HttpServerOptions wanted)
    : env(world),
      options(std::move(wanted)),
      limits{.target_bytes_max = options.target_bytes_max,
             .headers_max = options.headers_max,
             .header_bytes_max = options.header_bytes_max,
             .body_bytes_max = options.body_bytes_max} {}

HttpCore::~HttpCore() = default;

Answer HttpCore::answer(const Routes::Match& match, ServerRequest& request,
                        std::string_view raw_query) {
  Answer out{.response = answer_with(match, request, raw_query)};
  if (out.response.stream && request.method != "HEAD") {
    StreamPlace place(streams_now);
    if (++streams_now > options.streams_max) {
      out.response = ServerResponse::text("too many event streams are open", 503);
      out.response.headers.emplace_back("Retry-After", "10");
      ++refused;
    } else {
      out.place = std::move(place);
    }
  }
  look(request, out);
  return out;
}

std::optional<Answer> HttpCore::at_hand(const Routes::Match& match, ServerRequest& request,
                                        std::string_view raw_query) {
  auto response = answer_at_hand(match, request, raw_query);
  if (!response) return std::nullopt;
  Answer out{.response = *std::move(response)};
  look(request, out);
  return out;
}

Answer HttpCore::refusal(const ServerRequest& request, ServerResponse response) {
  ++refused;
  Answer out{.response = std::move(response)};
  look(request, out);
  return out;
}

void HttpCore::look(const ServerRequest& request, Answer& answer) {
  if (before_sending) before_sending(request, answer.response);
}

void HttpCore::wake(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(woken_mutex_);
  // One post for all that are woken until the loop comes to it.
  if (woken_.empty()) boost::asio::post(loop, [this] { flush_woken(); });
  woken_.push_back(std::move(connection));
}

void HttpCore::flush_woken() {
  std::vector<std::shared_ptr<Connection>> woken;
  {
    const std::lock_guard lock(woken_mutex_);
    woken.swap(woken_);
  }
  for (const auto& connection : woken) connection->flush();
}

void HttpCore::unpark_soon() {
  if (is_unparking_.exchange(true)) return;
  boost::asio::post(loop, [this] { unpark(); });
}

void HttpCore::unpark() {
  is_unparking_ = false;
  while (!parked.empty() && pool.waiting() < options.waiting_max) {
    const auto connection = parked.front().lock();
    parked.pop_front();
    if (connection) connection->unpark();
  }
}

}  // namespace fm::net
