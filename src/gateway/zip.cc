#include "gateway/zip.h"

#include <memory>

namespace fm::gateway {
namespace {

using net::Body;
using net::BodyWriter;

constexpr std::uint64_t kLargest32 = 0xFFFFFFFF;
constexpr std::size_t kLargest16 = 0xFFFF;
constexpr std::uint16_t kVersion = 45;  // the first with ZIP64
constexpr std::uint16_t kUtf8Names = 1U << 11;
constexpr std::uint16_t kMidnight = 0;
constexpr std::uint16_t kFirstDay = 1U << 5 | 1U;  // 1980-01-01: the same bytes on every run
constexpr std::size_t kPieceBytes = 256 << 10;

template <class Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
}

std::uint32_t cut(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min(value, kLargest32));
}

// Version needed, flags, method, time and date, sum and sizes: the same in both kinds of header.
void put_description(std::string& out, const ZipEntry& entry) {
  put(out, kVersion);
  put(out, kUtf8Names);
  put(out, std::uint16_t{0});  // stored
  put(out, kMidnight);
  put(out, kFirstDay);
  put(out, entry.crc32);
  put(out, cut(entry.size_bytes));
  put(out, cut(entry.size_bytes));
  put(out, static_cast<std::uint16_t>(entry.name.size()));
}

std::string sizes64(const ZipEntry& entry) {
  std::string out;
  put(out, entry.size_bytes);
  put(out, entry.size_bytes);
  return out;
}

std::string extra_field(const std::string& content) {
  std::string out;
  if (content.empty()) return out;
  put(out, std::uint16_t{1});  // ZIP64
  put(out, static_cast<std::uint16_t>(content.size()));
  return out + content;
}

std::string local_header(const ZipEntry& entry) {
  const std::string extra =
      extra_field(entry.size_bytes >= kLargest32 ? sizes64(entry) : std::string());
  std::string out = "PK\x03\x04";
  put_description(out, entry);
  put(out, static_cast<std::uint16_t>(extra.size()));
  return out + entry.name + extra;
}

std::string central_header(const ZipEntry& entry, std::uint64_t at) {
  std::string wide = entry.size_bytes >= kLargest32 ? sizes64(entry) : std::string();
  if (at >= kLargest32) put(wide, at);
  const std::string extra = extra_field(wide);
  std::string out = "PK\x01\x02";
  put(out, kVersion);
  put_description(out, entry);
  put(out, static_cast<std::uint16_t>(extra.size()));
  put(out, std::uint16_t{0});  // comment
  put(out, std::uint16_t{0});  // disk
  put(out, std::uint16_t{0});  // kind of content
  put(out, std::uint32_t{0});  // attributes
  put(out, cut(at));
  return out + entry.name + extra;
}

std::string end_of_directory(std::size_t entries, std::uint64_t at, std::uint64_t size) {
  std::string out;
  if (at >= kLargest32 || size >= kLargest32 || entries >= kLargest16) {
    out += "PK\x06\x06";
    put(out, std::uint64_t{44});  // bytes that follow
    put(out, kVersion);
    put(out, kVersion);
    put(out, std::uint64_t{0});  // this disk, and the directory's
    put(out, std::uint64_t{entries});
    put(out, std::uint64_t{entries});
    put(out, size);
    put(out, at);
    out += "PK\x06\x07";
    put(out, std::uint32_t{0});
    put(out, at + size);
    put(out, std::uint32_t{1});
  }
  const auto count = static_cast<std::uint16_t>(std::min(entries, kLargest16));
  out += "PK\x05\x06";
  put(out, std::uint32_t{0});
  put(out, count);
  put(out, count);
  put(out, cut(size));
  put(out, cut(at));
  put(out, std::uint16_t{0});
  return out;
}

// Either text or a file.
struct Part {
  std::string text;
  std::string path = {};
  std::uint64_t file_bytes = 0;
};

class ZipSender {
 public:
  ZipSender(Env& env, std::vector<Part> parts) : env_(env), parts_(std::move(parts)) {}

  Result<Body> send(BodyWriter& writer) {
    const Part& part = parts_[next_];
    if (part.path.empty()) {
      if (!writer.write(part.text)) return gone();
      return advance();
    }
    if (!file_) {
      FM_ASSIGN(file_, env_.open(part.path));
      left_ = part.file_bytes;
    }
    if (left_ == 0) return advance();
    piece_.resize(kPieceBytes);
    FM_ASSIGN(const std::size_t got,
              file_->read(std::span(piece_).first(std::min<std::uint64_t>(left_, kPieceBytes))));
    if (got == 0) return fail(Code::kTruncated, "{}: became shorter", part.path);
    left_ -= got;
    if (!writer.write(std::span<const std::byte>(piece_).first(got))) return gone();
    return left_ > 0 ? Body::kMore : advance();
  }

 private:
  static std::unexpected<Error> gone() { return fail(Code::kBrokenPipe, "the client is gone"); }
  Body advance() {
    file_.reset();
    return ++next_ == parts_.size() ? Body::kEnd : Body::kMore;
  }

  Env& env_;
  std::vector<Part> parts_;
  std::size_t next_ = 0;
  std::unique_ptr<ReadableFile> file_;
  std::uint64_t left_ = 0;
  std::vector<std::byte> piece_;
};

}  // namespace

net::ServerResponse zip_response(Env& env, std::span<const ZipEntry> entries) {
  std::vector<Part> parts;
  std::string directory;
  std::uint64_t at = 0;
  for (const ZipEntry& entry : entries) {
    directory += central_header(entry, at);
    std::string header = local_header(entry);
    at += header.size() + entry.size_bytes;
    parts.push_back({.text = std::move(header)});
    parts.push_back({.text = "", .path = entry.path, .file_bytes = entry.size_bytes});
  }
  std::string end = end_of_directory(entries.size(), at, directory.size());
  const std::uint64_t length = at + directory.size() + end.size();
  parts.push_back({.text = std::move(directory) + std::move(end)});

  const auto sender = std::make_shared<ZipSender>(env, std::move(parts));
  net::ServerResponse response;
  response.content_type = "application/zip";
  response.length = length;
  response.producer = [sender](BodyWriter& writer) { return sender->send(writer); };
  return response;
}

}  // namespace fm::gateway
