// Cloud Storage: buckets, objects with generations, and uploads.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "blob.h"
#include "call.h"
#include "iam.h"

namespace fm::fakegcp {

struct Object {
  std::string name;
  std::int64_t generation = 0;
  std::int64_t metageneration = 1;
  std::uint32_t crc32c = 0;
  std::string md5;  // base64; empty: large, and nobody declared it
  Nanos created = 0;
  Json metadata;  // what the uploader said of it
  Blob bytes;
};

struct Bucket {
  std::string name;
  std::string location;  // "US", "US-CENTRAL1"
  std::map<std::string, Object> objects;
  Policy policy;
};

// ifGenerationMatch and its like.
struct Preconditions {
  std::optional<std::int64_t> generation_match, generation_not_match, metageneration_match;
};

class Storage {
 public:
  // A session of a resumable upload ends by itself.
  static constexpr Nanos kSessionLifetime = 7 * kNanosPerDay;
  static constexpr std::size_t kChunkBytes = 256 << 10;  // chunks but the last: a multiple
  static constexpr std::size_t kListPage = 1000;

  Storage(Env& env, Blobs& blobs) : env_(&env), blobs_(&blobs) {}

  void add_bucket(std::string name, std::string location);
  void add_routes(std::vector<Route>& routes);
  [[nodiscard]] const std::map<std::string, Bucket>& buckets() const { return buckets_; }
  // Of "gs://bucket/name" with at most one "*"; in order of names. Refused: 404, 400.
  [[nodiscard]] Answer<std::vector<const Object*>> find(const std::string& uri) const;
  [[nodiscard]] const Bucket* bucket_of(const std::string& uri) const;
  [[nodiscard]] std::size_t open_sessions() const;

  // A part of a chunk is kept and no answer comes: as a connection that breaks. False where the
  // request is no chunk of a session under way.
  bool keep_partially(const Call& call, std::uint64_t draw);

 private:
  struct Session {
    std::string bucket = {}, name = {};
    Preconditions preconditions = {};
    Json metadata = {};
    std::optional<std::uint64_t> declared_size = {};
    std::string bytes = {};
    Nanos expires = 0;
    std::optional<Json> finished = {};  // the object's resource
  };
  struct ContentRange;

  [[nodiscard]] Answer<net::ServerResponse> get_bucket(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> insert_bucket(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list_objects(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get_object(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get_media(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> delete_object(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get_policy(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> set_policy(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> upload_media(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> upload_multipart(const Call& call);
  // resumable.cc
  [[nodiscard]] Answer<net::ServerResponse> start_session(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> put_session(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> cancel_session(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> take_chunk(Session& session, const ContentRange& range,
                                                       std::string_view chunk);
  [[nodiscard]] Answer<net::ServerResponse> finish_session(Session& session);
  [[nodiscard]] Answer<Session*> session_of(const Call& call);

  [[nodiscard]] Answer<Bucket*> bucket(const std::string& name);
  [[nodiscard]] Answer<const Object*> object(const Call& call);
  // Checks sums and preconditions, then makes the object current.
  [[nodiscard]] Answer<Json> store(const std::string& bucket, const std::string& name,
                                   const Json& metadata, const Preconditions& preconditions,
                                   std::string bytes);
  [[nodiscard]] Json resource(const Bucket& bucket, const Object& object) const;

  Env* env_;
  Blobs* blobs_;
  std::map<std::string, Bucket> buckets_;
  std::map<std::string, Session> sessions_;
  std::uint64_t session_count_ = 0;
  std::int64_t last_generation_ = 0;
};

[[nodiscard]] Answer<Preconditions> preconditions_of(const Call& call);
// Refused: 412. `object`: none where there is no such object.
[[nodiscard]] Answer<void> check(const Preconditions& preconditions, const Object* object);
// What an uploader may say of an object.
extern const std::span<const Field> kObjectFields;

}  // namespace fm::fakegcp
