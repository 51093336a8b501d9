#include <algorithm>
#include <memory>
#include <vector>

#include "net/http_server.h"

namespace fm::net {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

ServerResponse failed(const Error& error) {
  const int status = error.code() == Code::kNotFound ? 404 : 500;
  return ServerResponse::text(error.message(), status);
}

}  // namespace

ServerResponse file_response(Env& env, const std::string& path, const ServerRequest& request,
                             std::string content_type) {
  const auto info = env.info(path);
  if (!info) return failed(info.error());
  auto opened = env.open(path);
  if (!opened) return failed(opened.error());

  ServerResponse response{.content_type = std::move(content_type),
                          .headers = {{"Accept-Ranges", "bytes"}}};
  ByteRange range{0, info->size_bytes};
  if (const auto asked = parse_range(request.header("range"), info->size_bytes)) {
    if (asked->count == 0) {
      response.status = 416;
      response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", info->size_bytes));
      return response;
    }
    range = *asked;
    response.status = 206;
    response.headers.emplace_back(
        "Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + range.count - 1,
                                     info->size_bytes));
  }
  const std::shared_ptr<ReadableFile> file = *std::move(opened);
  if (range.first > 0)
    if (const Status status = file->seek(range.first); !status) return failed(status.error());
  response.length = range.count;
  response.producer = [file, left = range.count, piece = std::vector<std::byte>(),
                       path](BodyWriter& writer) mutable -> Result<Body> {
    if (left == 0) return Body::kEnd;
    piece.resize(kPieceBytes);
    const std::size_t wanted = std::min<std::uint64_t>(left, piece.size());
    FM_ASSIGN(const std::size_t got, file->read(std::span(piece).first(wanted)));
    if (got == 0) return fail(Code::kTruncated, "{}: became shorter while it was sent", path);
    left -= got;
    if (!writer.write(std::span<const std::byte>(piece).first(got)))
      return fail(Code::kBrokenPipe, "the client is gone");
    return left == 0 ? Body::kEnd : Body::kMore;
  };
  return response;
}

}  // namespace fm::net
