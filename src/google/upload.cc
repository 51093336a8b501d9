#include "google/upload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/json_text.h"

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

// What is read at a time: it is summed up before it leaves the processor's cache.
constexpr std::uint64_t kBlockBytes = 256 << 10;

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

Status Upload::look(std::string_view name) {
  FM_ASSIGN(const FileInfo info, api_->env().info(file_));
  bytes_ = info.size_bytes;
  if (is_whole()) return read_whole(name);
  std::string block;
  for (std::uint64_t at = 0; at < bytes_; at += block.size())
    FM_TRY(read(at, std::min(kBlockBytes, bytes_ - at), 0, block, &crc_));
  return {};
}

// Two parts, the description and the bytes: the service refuses bytes with another sum.
Status Upload::read_whole(std::string_view name) {
  // Nothing in a file could guess it.
  boundary_ = fmt::format("frontmonth-{:016x}{:016x}", api_->env().random(), api_->env().random());
  const std::size_t head_bytes = head_of_parts(name).size();  // whatever the sum
  body_.reserve(head_bytes + bytes_ + boundary_.size() + 16);
  FM_TRY(read(0, bytes_, head_bytes, body_, &crc_));
  const std::string head = head_of_parts(name);
  FM_ASSERT(head.size() == head_bytes);
  std::ranges::copy(head, body_.begin());
  body_ += fmt::format("\r\n--{}--\r\n", boundary_);
  return {};
}

// Makes `text` `gap` bytes, which are still to be written, and the file's bytes behind them; they
// are summed up while they are at hand.
Status Upload::read(std::uint64_t from, std::uint64_t count, std::size_t gap, std::string& text,
                    std::uint32_t* crc) {
  if (!open_) {
    FM_ASSIGN(open_, api_->env().open(file_));
    at_ = 0;
  }
  if (at_ != from) FM_TRY(open_->seek(from));
  Status status;
  text.resize_and_overwrite(gap + count, [&](char* data, std::size_t size) {
    std::fill_n(data, gap, ' ');
    const std::span<char> bytes(data + gap, size - gap);
    std::size_t filled = 0;
    while (filled < count) {
      const auto room = bytes.subspan(filled, std::min<std::size_t>(kBlockBytes, count - filled));
      const auto got = open_->read(std::as_writable_bytes(room));
      if (!got || *got == 0) {
        status = got ? fail(Code::kTruncated, "{}: ends at byte {}; expected {} bytes", file_,
                            from + filled, bytes_)
                     : std::unexpected(got.error());
        break;
      }
      if (crc != nullptr) *crc = crc32c(std::as_bytes(room.first(*got)), *crc);
      filled += *got;
    }
    return gap + filled;
  });
  at_ = from + (text.size() - gap);
  return status;
}

std::string Upload::description(std::string_view name) const {
  return fmt::format(R"({{"name":{},"contentType":"{}","crc32c":"{}"}})", json_quoted(name),
                     kParquet, crc32c_text(crc_));
}

std::string Upload::head_of_parts(std::string_view name) const {
  return fmt::format(
      "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n"
      "--{0}\r\nContent-Type: {2}\r\n\r\n",
      boundary_, description(name), kParquet);
}

Result<std::optional<Json>> Upload::in_one(std::string url) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = std::move(url),
                          .body = std::move(body_),
                          .content_type = "multipart/related; boundary=" + boundary_},
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
  net::HttpRequest request{
      .method = "PUT",
      .url = session,
      .headers = {{"Content-Range", fmt::format("bytes {}-{}/{}", from, from + count - 1, bytes_)}},
      .body = std::move(body_),  // as large as the last piece's
      .content_type = std::string(kParquet)};
  FM_TRY(read(from, count, 0, request.body, nullptr));
  const auto answer = api_->try_once(request, uri_);
  body_ = std::move(request.body);
  if (!answer) return std::unexpected(answer.error());
  return progress_of(*answer);
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

Result<std::optional<Json>> Upload::in_pieces(const std::string& url, std::string_view name) {
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
