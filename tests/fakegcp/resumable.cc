// Resumable uploads: a session's URL, chunks with Content-Range, 308 with what is stored.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "storage.h"

namespace fm::fakegcp {

// "bytes a-b/N", "bytes a-b/*", "bytes */N", "bytes */*".
struct Storage::ContentRange {
  std::optional<std::uint64_t> first, last, total;

  static std::optional<ContentRange> parse(std::string_view text) {
    if (!text.starts_with("bytes ")) return std::nullopt;
    text.remove_prefix(6);
    ContentRange range;
    const auto number = [&](std::optional<std::uint64_t>& out, char end) {
      const std::size_t size = end == 0 ? text.size() : text.find(end);
      if (size == std::string_view::npos || size == 0) return false;
      std::uint64_t value = 0;
      const auto [stop, error] = std::from_chars(text.data(), text.data() + size, value);
      if (error != std::errc() || stop != text.data() + size) return false;
      out = value;
      text.remove_prefix(std::min(size + 1, text.size()));
      return true;
    };
    if (text.starts_with("*/")) {
      text.remove_prefix(2);
    } else if (!number(range.first, '-') || !number(range.last, '/') ||
               *range.last < *range.first) {
      return std::nullopt;
    }
    if (text != "*" && !number(range.total, 0)) return std::nullopt;
    if (range.last && range.total && *range.last >= *range.total) return std::nullopt;
    return range;
  }
};

namespace {

net::ServerResponse incomplete(std::uint64_t stored) {
  net::ServerResponse response{.status = 308};
  if (stored > 0) response.headers.emplace_back("Range", fmt::format("bytes=0-{}", stored - 1));
  return response;
}

}  // namespace

Answer<net::ServerResponse> Storage::start_session(const Call& call) {
  Session session{.bucket = call.parts[0], .name = call.query("name")};
  FM_ASSIGN(const Bucket* in, bucket(session.bucket));
  FM_ASSIGN(session.preconditions, preconditions_of(call));
  session.metadata = Json::object();
  if (!call.request.body.empty()) {
    FM_ASSIGN(session.metadata, call.body(kObjectFields));
  }
  if (session.name.empty()) session.name = session.metadata.at("name").text();
  if (session.name.empty()) return refuse(400, "required", "Required parameter: name");
  const std::string_view type = call.request.header("x-upload-content-type");
  if (!type.empty() && !session.metadata.has("contentType")) session.metadata["contentType"] = type;
  const std::string_view length = call.request.header("x-upload-content-length");
  if (!length.empty()) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), size);
    if (error != std::errc() || end != length.data() + length.size())
      return refuse(400, "invalid", "X-Upload-Content-Length is no number");
    session.declared_size = size;
  }
  ++session_count_;
  session.expires = env_->now() + kSessionLifetime;
  const std::string id = fmt::format("fake-session-{}", session_count_);
  net::ServerResponse response;
  response.headers.emplace_back(
      "Location",
      fmt::format("{}://{}/upload/storage/v1/b/{}/o?uploadType=resumable&upload_id={}",
                  call.request.header("x-forwarded-proto") == "https" ? "https" : "http",
                  call.request.host, net::percent_encode(in->name), id));
  response.headers.emplace_back("X-GUploader-UploadID", id);
  sessions_[id] = std::move(session);
  return response;
}

Answer<Storage::Session*> Storage::session_of(const Call& call) {
  const auto found = sessions_.find(call.query("upload_id"));
  if (found == sessions_.end() || found->second.bucket != call.parts[0])
    return refuse(404, "notFound", "No such upload session.");
  if (found->second.expires <= env_->now())
    return refuse(410, "gone", "The upload session has expired.");
  return &found->second;
}

Answer<net::ServerResponse> Storage::put_session(const Call& call) {
  FM_ASSIGN(Session * session, session_of(call));
  if (session->finished) return respond(*session->finished);
  const std::string_view header = call.request.header("content-range");
  const std::string_view body = call.request.body;
  ContentRange range;
  if (header.empty()) {  // all of it at once
    session->bytes.clear();
    range.total = body.size();
    if (!body.empty()) {
      range.first = 0;
      range.last = body.size() - 1;
    }
  } else {
    const auto parsed = ContentRange::parse(header);
    if (!parsed)
      return refuse(400, "invalid", fmt::format("Failed to parse Content-Range: {}", header));
    range = *parsed;
  }
  if (range.total) {
    if (session->declared_size && *session->declared_size != *range.total)
      return refuse(400, "invalid",
                    fmt::format("The upload's size is {} here and was {} before.", *range.total,
                                *session->declared_size));
    session->declared_size = range.total;
  }
  return take_chunk(*session, range, body);
}

Answer<net::ServerResponse> Storage::take_chunk(Session& session, const ContentRange& range,
                                                std::string_view chunk) {
  const std::uint64_t stored = session.bytes.size();
  if (!range.first) {
    if (!chunk.empty()) return refuse(400, "invalid", "A status query has no body.");
    if (range.total && *range.total == stored) return finish_session(session);
    return incomplete(stored);
  }
  if (chunk.size() != *range.last - *range.first + 1)
    return refuse(
        400, "invalid",
        fmt::format("Invalid request. There were {} byte(s) in the request body. There "
                    "should have been {} byte(s) (starting at offset {} and ending at "
                    "offset {}) according to the Content-Range header.",
                    chunk.size(), *range.last - *range.first + 1, *range.first, *range.last));
  if (*range.first > stored)
    return refuse(400, "invalid",
                  fmt::format("Invalid request. According to the Content-Range header, the upload "
                              "offset is {} byte(s), which exceeds already uploaded size of {} "
                              "byte(s).",
                              *range.first, stored));
  const bool is_last = range.total && *range.last + 1 == *range.total;
  if (!is_last && chunk.size() % kChunkBytes != 0)
    return refuse(400, "invalid",
                  fmt::format("Invalid request. The number of bytes uploaded is required to be "
                              "equal or greater than {}, except for the final request: a "
                              "multiple of it. The received request contained {} bytes.",
                              kChunkBytes, chunk.size()));
  // What is stored already is not looked at again.
  const std::uint64_t known = stored - *range.first;
  if (range.total && stored == 0) session.bytes.reserve(*range.total);
  if (known < chunk.size()) session.bytes.append(chunk.substr(known));
  if (!is_last || session.bytes.size() != *range.total) return incomplete(session.bytes.size());
  return finish_session(session);
}

// Preconditions count now, and not when the session began.
Answer<net::ServerResponse> Storage::finish_session(Session& session) {
  auto made = store(session.bucket, session.name, session.metadata, session.preconditions,
                    std::move(session.bytes));
  session.bytes.clear();
  if (!made) {
    const Refusal& refusal = made.error();
    std::erase_if(sessions_, [&](const auto& one) { return &one.second == &session; });
    return std::unexpected(refusal);
  }
  session.finished = *made;
  return respond(*session.finished);
}

Answer<net::ServerResponse> Storage::cancel_session(const Call& call) {
  FM_ASSIGN(const Session* session, session_of(call));
  std::erase_if(sessions_, [&](const auto& one) { return &one.second == session; });
  return net::ServerResponse{.status = 499};
}

bool Storage::keep_partially(const Call& call, std::uint64_t draw) {
  const auto session = session_of(call);
  if (!session || (*session)->finished) return false;
  const auto range = ContentRange::parse(call.request.header("content-range"));
  const std::string_view body = call.request.body;
  std::string& bytes = (*session)->bytes;
  if (!range || !range->first || *range->first > bytes.size() ||
      body.size() != *range->last - *range->first + 1)
    return false;
  // Whole units of 256 KiB stay, as the service stores them.
  const std::uint64_t units = body.size() / kChunkBytes;
  const std::uint64_t keep = units == 0 ? 0 : draw % (units + 1) * kChunkBytes;
  const std::uint64_t known = bytes.size() - *range->first;
  if (known < keep) bytes.append(body.substr(known, keep - known));
  if (range->total) (*session)->declared_size = range->total;
  return true;
}

std::size_t Storage::open_sessions() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sessions_, [](const auto& one) { return !one.second.finished.has_value(); }));
}

}  // namespace fm::fakegcp
