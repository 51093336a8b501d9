#include "server/page_answer.h"

#include <zlib.h>

#include <string>

#include "net/gzip.h"
#include "server/gate.h"
#include "server/page.h"

namespace fm::server {
namespace {

// For the few clients that take no gzip. The files are the build's own: they are whole.
std::string unpacked(const PageFile& file) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream{};
  std::string text;
  if (inflateInit2(&stream, kGzip) != Z_OK) return text;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(file.gzip.data()));
  stream.avail_in = static_cast<uInt>(file.gzip.size());
  char piece[16'384];
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(piece, sizeof piece - stream.avail_out);
  }
  inflateEnd(&stream);
  return text;
}

}  // namespace

std::optional<net::ServerResponse> page_answer(const net::ServerRequest& request) {
  const PageFile* const file = find_page_file(request.path);
  if (file == nullptr) return std::nullopt;
  net::ServerResponse response{.content_type = std::string(file->type)};
  response.headers.emplace_back("ETag", file->etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back(
      "Cache-Control", file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (names_etag(request.header("if-none-match"), file->etag)) {
    response.status = 304;
    return response;
  }
  if (net::accepts_gzip(request.header("accept-encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body.assign(reinterpret_cast<const char*>(file->gzip.data()), file->gzip.size());
  } else {
    response.body = unpacked(*file);
  }
  return response;
}

}  // namespace fm::server
