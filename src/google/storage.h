// Cloud Storage: objects that are written once, whole, and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "google/api.h"
#include "google/endpoints.h"

namespace fm::google {

// Files up to this size go in one request.
inline constexpr std::uint64_t kUploadWholeBytes = 16 << 20;
// Larger ones go in pieces: a multiple of 256 KiB.
inline constexpr std::uint64_t kUploadPieceBytes = 8 << 20;

struct Object {
  std::string name;
  std::int64_t generation = 0;
  std::uint64_t bytes = 0;
  std::string crc32c;  // base64 of the big-endian sum, as the service writes it
};

// "AAAAAA==": a CRC-32C as the service writes it.
[[nodiscard]] std::string crc32c_text(std::uint32_t crc);
// "gs://bucket/name"
[[nodiscard]] std::string uri_of(std::string_view bucket, std::string_view name);

// The content of a small object, and which one it was.
struct TextObject {
  std::string text;
  std::int64_t generation = 0;
};

class Storage {
 public:
  Storage(Api& api, const Endpoints& endpoints, std::string bucket)
      : api_(&api), endpoints_(&endpoints), bucket_(std::move(bucket)) {}

  // Where the bucket is: "US-CENTRAL1". Errors: kNotFound; those of Api.
  [[nodiscard]] Result<std::string> location();

  // Makes the file an object that did not exist, all of it or nothing; a connection that breaks is
  // mended where it broke. An object that is there with the same bytes is the one: an upload whose
  // answer was lost. Errors: kConflict for one with other bytes; kCorrupt where the file is no
  // longer what it was when the upload began; those of Env and Api.
  [[nodiscard]] Result<Object> upload(const std::string& file, const std::string& name);

  [[nodiscard]] Result<std::optional<Object>> find(std::string_view name);
  // The names that begin with `prefix`, page by page: at most a thousand at a time go to `take`.
  [[nodiscard]] Status list(std::string_view prefix,
                            const std::function<Status(std::vector<Object>)>& take);
  // A small text, whole. Errors: kCorrupt for one without a generation.
  [[nodiscard]] Result<std::optional<TextObject>> read(std::string_view name);
  // Puts a small text in the place of the object's generation `expected`; 0: of none. Returns the
  // new generation; nothing where another is there: maybe this text, if an answer was lost.
  [[nodiscard]] Result<std::optional<std::int64_t>> write(std::string_view name, std::string text,
                                                          std::int64_t expected);
  // Only this generation. False: it is not there any more.
  [[nodiscard]] Result<bool> remove(const Object& object);

  [[nodiscard]] const std::string& bucket() const { return bucket_; }

 private:
  [[nodiscard]] std::string bucket_url() const;
  [[nodiscard]] std::string object_url(std::string_view name) const;
  [[nodiscard]] std::string upload_url(std::string_view type, std::string_view name,
                                       std::int64_t expected = 0) const;

  Api* api_;
  const Endpoints* endpoints_;
  std::string bucket_;
};

}  // namespace fm::google
