// What clients send to the HTTP server: requests, at once and in pieces. The first byte is the size
// of the pieces. However the bytes come, the request is the same; what is accepted keeps its
// limits; and nothing of it can end a line of the answer.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/gzip.h"
#include "net/http_routes.h"
#include "net/request_reader.h"
#include "pieces.h"

namespace {

using namespace fm;
using fuzz::require;
using Stage = net::RequestReader::Stage;

constexpr net::RequestLimits kLimits{
    .target_bytes_max = 128, .headers_max = 8, .header_bytes_max = 512, .body_bytes_max = 64};

struct Reading {
  Stage stage = Stage::kHead;
  int refusal = 0;
  std::string summary;
  std::string_view rest;  // what was not taken
};

void check(const net::ServerRequest& request) {
  require(request.path.starts_with('/') && request.path.size() <= net::kPathBytesMax);
  for (const char c : request.path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  require((request.path + "/").find("/../") == std::string::npos);
  require(request.headers.size() <= kLimits.headers_max);
  require(request.body.size() <= kLimits.body_bytes_max);
  for (const auto& [name, value] : request.headers)
    require(!name.empty() &&
            value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

Reading read(std::string_view bytes, std::size_t piece) {
  net::RequestReader reader(kLimits);
  Reading out;
  std::size_t shown = 0;
  while (reader.stage() < Stage::kWhole) {
    const std::size_t before = shown;
    shown = std::min(bytes.size(), shown + piece);
    const Stage stage = reader.stage();
    const std::size_t taken = reader.feed(bytes.substr(0, shown));
    require(taken <= shown);
    bytes.remove_prefix(taken);
    shown -= taken;
    if (taken == 0 && shown == before && reader.stage() == stage) break;
  }
  out.stage = reader.stage();
  out.rest = bytes;
  const net::ServerRequest& request = reader.request();
  if (out.stage == Stage::kRefused) {
    out.refusal = reader.refusal().status;
    require(out.refusal >= 400 && out.refusal < 500 && !reader.refusal().why.empty());
    return out;
  }
  if (out.stage == Stage::kHead) return out;
  check(request);
  out.summary = request.method + ' ' + request.path + '?' + reader.raw_query() + '\n';
  for (const auto& [name, value] : request.headers) out.summary += name + ':' + value + '\n';
  out.summary += request.body;
  out.summary += reader.keeps_alive() ? 'k' : 'c';
  return out;
}

void answer(std::string_view bytes) {
  net::RequestReader reader(kLimits);
  while (reader.stage() < Stage::kWhole) {
    const std::size_t taken = reader.feed(bytes);
    bytes.remove_prefix(taken);
    if (taken == 0) break;
  }
  if (reader.stage() != Stage::kWhole) return;
  net::Routes routes;
  routes.add("GET", "/*/b/**",
             [](const net::ServerRequest& request) {
               net::ServerResponse response = net::ServerResponse::text(request.parts.at(1));
               response.headers.emplace_back("X-Part", request.parts.at(0));
               return response;
             },
             {});
  net::ServerRequest& request = reader.request();
  const auto match = routes.find(request.method, request.path);
  const net::ServerResponse response = net::answer_with(match, request, reader.raw_query());
  const std::string head = net::response_head(response, net::Framing::kLength, 1, false);
  // One empty line, at the end: nothing of the request can end a line of the answer.
  require(head.find("\r\n\r\n") == head.size() - 4);
  static_cast<void>(net::accepts_gzip(request.header("accept-encoding")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Reading whole = read(bytes, bytes.size());
  const Reading pieces = read(bytes, std::size_t{data[0]} + 1);
  // What is wrong may be seen sooner or later, but what is right is right either way.
  if (whole.stage == Stage::kWhole || pieces.stage == Stage::kWhole) {
    require(whole.stage == pieces.stage && whole.summary == pieces.summary);
    require(whole.rest == pieces.rest);
  }
  static_cast<void>(net::accepts_gzip(bytes));
  answer(bytes);
  return 0;
}
