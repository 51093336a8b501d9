#include "google/upload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/crc32c.h"
#include "base/json_text.h"
#include "google/storage.h"

namespace fm::google {
namespace {

constexpr int kResumeIncomplete = 308;
constexpr int kNotFound = 404;
constexpr int kGone = 410;
constexpr int kPreconditionFailed = 412;
// A session that is lost begins anew, but not without end.
constexpr int kSessionsMax = 3;
// Pieces and questions without a byte of progress, after the retries of each request.
constexpr net::RetryPolicy kStandstills{.attempts_max = 10};

constexpr std::string_view kParquet = "application/vnd.apache.parquet";

// "bytes=0-262143": how many bytes that is.
std::optional<std::uint64_t> stored_of(std::string_view range) {
  constexpr std::string_view kBegin = "bytes=0-";
  if (!range.starts_with(kBegin)) return {};
  range.remove_prefix(kBegin.size());
  std::uint64_t last = 0;
  const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), last);
  if (error != std::errc() || end != range.data() + range.size()) return {};
  return last + 1;
}

}  // namespace

Status Upload::look() {
  FM_ASSIGN(const FileInfo info, api_->env().info(file_));
  bytes_ = info.size_bytes;
  for (std::uint64_t at = 0; at < bytes_;) {
    FM_ASSIGN(std::string piece, read(at, std::min(kUploadPieceBytes, bytes_ - at)));
    crc_ = crc32c(std::as_bytes(std::span(piece)), crc_);
    at += piece.size();
    if (bytes_ <= kUploadPieceBytes) whole_ = std::move(piece);
  }
  return {};
}

Result<std::string> Upload::read(std::uint64_t from, std::uint64_t count) {
  if (!open_) {
    FM_ASSIGN(open_, api_->env().open(file_));
    at_ = 0;
  }
  if (at_ != from) FM_TRY(open_->seek(from));
  std::string piece(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    FM_ASSIGN(const std::size_t got,
              open_->read(std::as_writable_bytes(std::span(piece).subspan(filled))));
    if (got == 0)
      return fail(Code::kTruncated, "{}: ends at byte {}; expected {} bytes", file_, from + filled,
                  bytes_);
    filled += got;
  }
  at_ = from + count;
  return piece;
}

std::string Upload::description(std::string_view name) const {
  return fmt::format(R"({{"name":{},"contentType":"{}","crc32c":"{}"}})", json_quoted(name),
                     kParquet, crc32c_text(crc_));
}

// Two parts, the description and the bytes: the service refuses bytes with another sum.
Result<std::optional<Json>> Upload::in_one(std::string url, std::string_view name) {
  // Content that could end a part early would be ours alone: the boundary is its own hash's.
  const std::string boundary = fmt::format("frontmonth-{:08x}-{:016x}", crc_, api_->env().random());
  std::string body = fmt::format(
      "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n"
      "--{0}\r\nContent-Type: {2}\r\n\r\n",
      boundary, description(name), kParquet);
  body += whole_;
  body += fmt::format("\r\n--{}--\r\n", boundary);
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = std::move(url),
                          .body = std::move(body),
                          .content_type = "multipart/related; boundary=" + boundary},
                         uri_, {kPreconditionFailed}));
  if (answer.status == kPreconditionFailed) return std::nullopt;
  FM_ASSIGN(Json object, Json::parse(answer.body));
  return object;
}

Result<std::string> Upload::open_session(const std::string& url, std::string_view name) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = url,
                          .headers = {{"X-Upload-Content-Type", std::string(kParquet)},
                                      {"X-Upload-Content-Length", std::to_string(bytes_)}},
                          .body = description(name),
                          .content_type = "application/json; charset=UTF-8"},
                         uri_, {kPreconditionFailed}));
  if (answer.status == kPreconditionFailed) return std::string();
  const std::string_view session = answer.header("location");
  if (origin_of(session).empty() || origin_of(session) != origin_of(url))
    return fail(Code::kCorrupt, "{}: the upload's session is at \"{}\"; expected it at {}", uri_,
                session, origin_of(url));
  return std::string(session);
}

Result<Upload::Progress> Upload::progress_of(const net::HttpResponse& answer) {
  Progress progress;
  if (answer.status == kPreconditionFailed) {
    progress.exists = true;
  } else if (answer.status == kNotFound || answer.status == kGone) {
    progress.lost = true;
  } else if (answer.status == kResumeIncomplete) {
    const std::string_view range = answer.header("range");
    const auto stored = range.empty() ? std::optional<std::uint64_t>(0) : stored_of(range);
    if (!stored || *stored > bytes_)
      return fail(Code::kCorrupt, "{}: the session has \"{}\" of {} bytes", uri_, range, bytes_);
    progress.stored = *stored;
  } else if (answer.is_ok()) {
    FM_ASSIGN(progress.object, Json::parse(answer.body));
  } else {
    return std::unexpected(refusal_of(answer).error(uri_));
  }
  return progress;
}

Result<Upload::Progress> Upload::send_piece(const std::string& session, std::uint64_t from) {
  const std::uint64_t count = std::min(kUploadPieceBytes, bytes_ - from);
  FM_ASSIGN(std::string piece, read(from, count));
  FM_ASSIGN(const net::HttpResponse answer,
            api_->try_once({.method = "PUT",
                            .url = session,
                            .headers = {{"Content-Range", fmt::format("bytes {}-{}/{}", from,
                                                                      from + count - 1, bytes_)}},
                            .body = std::move(piece),
                            .content_type = std::string(kParquet)},
                           uri_));
  return progress_of(answer);
}

Result<Upload::Progress> Upload::ask(const std::string& session) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->send({.method = "PUT",
                        .url = session,
                        .headers = {{"Content-Range", fmt::format("bytes */{}", bytes_)}},
                        .content_type = std::string(kParquet)},
                       uri_));
  return progress_of(answer);
}

Result<std::optional<Json>> Upload::in_pieces(std::string url, std::string_view name) {
  for (int sessions = 1;; ++sessions) {
    FM_ASSIGN(const std::string session, open_session(url, name));
    if (session.empty()) return std::nullopt;
    Progress progress;
    net::Backoff standstills(api_->env(), kStandstills);
    do {
      const std::uint64_t before = progress.stored;
      auto next = send_piece(session, before);
      // Whether a piece whose answer was lost arrived, or a part of it, the session knows.
      if (!next && next.error().can_retry()) next = ask(session);
      if (!next) return std::unexpected(std::move(next).error());
      progress = *std::move(next);
      if (progress.object) return std::move(progress.object);
      if (progress.exists) return std::nullopt;
      if (progress.lost) break;
      if (progress.stored > before) {
        standstills.reset();
      } else if (!standstills.wait()) {
        break;
      }
    } while (true);
    if (sessions == kSessionsMax)
      return std::unexpected(
          Error(Code::kDisconnected, fmt::format("{}: the upload made no progress", uri_))
              .retryable());
  }
}

}  // namespace fm::google
