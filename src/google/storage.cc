#include "google/storage.h"

#include <charconv>
#include <utility>

#include "google/sign.h"
#include "google/upload.h"

namespace fm::google {
namespace {

constexpr int kPageObjects = 1'000;
constexpr int kNotFound = 404;
constexpr int kPreconditionFailed = 412;

Result<Object> object_of(const Json& json) {
  const auto name = json.text("/name");
  const auto generation = json.integer("/generation");
  const auto size = json.integer("/size");
  const auto crc = json.text("/crc32c");
  if (!name || !generation || !size || !crc)
    return fail(Code::kCorrupt, "an object without name, generation, size or crc32c");
  return Object{*name, *generation, static_cast<std::uint64_t>(*size), *crc};
}

}  // namespace

std::string crc32c_text(std::uint32_t crc) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(crc >> shift & 0xFF);
  return base64(bytes);
}

std::string uri_of(std::string_view bucket, std::string_view name) {
  return fmt::format("gs://{}/{}", bucket, name);
}

std::string Storage::bucket_url() const {
  return fmt::format("{}/storage/v1/b/{}", endpoints_->storage, net::percent_encode(bucket_));
}
std::string Storage::object_url(std::string_view name) const {
  return fmt::format("{}/o/{}", bucket_url(), net::percent_encode(name));
}
// The object must be of this generation, now and when the upload ends; 0: it must not exist.
std::string Storage::upload_url(std::string_view type, std::string_view name,
                                std::int64_t expected) const {
  return fmt::format("{}/upload/storage/v1/b/{}/o?uploadType={}&name={}&ifGenerationMatch={}",
                     endpoints_->storage, net::percent_encode(bucket_), type,
                     net::percent_encode(name), expected);
}

Result<std::string> Storage::location() {
  FM_ASSIGN(const Json json, api_->call("GET", bucket_url(), "bucket " + bucket_));
  if (auto location = json.text("/location")) return *std::move(location);
  return fail(Code::kCorrupt, "bucket {}: has no location", bucket_);
}

Result<Object> Storage::upload(const std::string& file, const std::string& name) {
  Upload upload(*api_, file, uri_of(bucket_, name));
  FM_TRY(upload.look(name));
  FM_ASSIGN(const auto answer, upload.is_whole()
                                   ? upload.in_one(upload_url("multipart", name))
                                   : upload.in_pieces(upload_url("resumable", name), name));
  Object made;
  if (answer) {
    FM_ASSIGN(made, object_of(*answer));
  } else {  // it is there already
    FM_ASSIGN(const auto found, find(name));
    if (!found)
      return std::unexpected(Error(Code::kConflict, fmt::format("{}: is there and is not there",
                                                                uri_of(bucket_, name)))
                                 .retryable());
    made = *found;
  }
  if (made.bytes == upload.bytes() && made.crc32c == crc32c_text(upload.crc())) return made;
  return fail(Code::kConflict, "{}: holds {} bytes with CRC-32C {}; {} has {} with {}",
              uri_of(bucket_, name), made.bytes, made.crc32c, file, upload.bytes(),
              crc32c_text(upload.crc()));
}

Result<std::optional<Object>> Storage::find(std::string_view name) {
  FM_ASSIGN(const auto json, api_->find(object_url(name), uri_of(bucket_, name)));
  if (!json) return std::nullopt;
  FM_ASSIGN(Object object, object_of(*json));
  return object;
}

Result<std::optional<TextObject>> Storage::read(std::string_view name) {
  FM_ASSIGN(net::HttpResponse answer,
            api_->expect({.method = "GET", .url = object_url(name) + "?alt=media"},
                         uri_of(bucket_, name), {kNotFound}));
  if (answer.status == kNotFound) return std::nullopt;
  TextObject object{.text = std::move(answer.body)};
  const std::string_view generation = answer.header("x-goog-generation");
  const char* const end = generation.data() + generation.size();
  const auto [at, error] = std::from_chars(generation.data(), end, object.generation);
  if (error == std::errc() && at == end && object.generation > 0) return object;
  return fail(Code::kCorrupt, "{}: came with generation \"{}\"; expected a number",
              uri_of(bucket_, name), generation);
}

Result<std::optional<std::int64_t>> Storage::write(std::string_view name, std::string text,
                                                   std::int64_t expected) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = upload_url("media", name, expected),
                          .body = std::move(text),
                          .content_type = "application/json"},
                         uri_of(bucket_, name), {kPreconditionFailed}));
  if (answer.status == kPreconditionFailed) return std::nullopt;
  FM_ASSIGN(const Json json, Json::parse(answer.body));
  FM_ASSIGN(const Object made, object_of(json));
  return made.generation;
}

Status Storage::list(std::string_view prefix,
                     const std::function<Status(std::vector<Object>)>& take) {
  std::string page;
  do {
    net::Parameters query{{"prefix", std::string(prefix)},
                          {"maxResults", std::to_string(kPageObjects)}};
    if (!page.empty()) query.emplace_back("pageToken", page);
    FM_ASSIGN(const Json json,
              api_->call("GET", fmt::format("{}/o?{}", bucket_url(), net::encode_form(query)),
                         "objects of " + uri_of(bucket_, prefix)));
    std::vector<Object> objects;
    for (const Json& item : json.list("/items")) {
      FM_ASSIGN(Object object, object_of(item));
      objects.push_back(std::move(object));
    }
    FM_TRY(take(std::move(objects)));
    page = json.text("/nextPageToken").value_or("");
  } while (!page.empty());
  return {};
}

Result<bool> Storage::remove(const Object& object) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "DELETE",
                          .url = fmt::format("{}?ifGenerationMatch={}", object_url(object.name),
                                             object.generation)},
                         uri_of(bucket_, object.name), {kNotFound, kPreconditionFailed}));
  return answer.status < 400;
}

}  // namespace fm::google
