#include "storage.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Field kFields[] = {{"name", FieldKind::kText},
                             {"bucket", FieldKind::kText},
                             {"contentType", FieldKind::kText},
                             {"crc32c", FieldKind::kText},
                             {"md5Hash", FieldKind::kText},
                             {"metadata", FieldKind::kLabels},
                             {"cacheControl", FieldKind::kText},
                             {"contentEncoding", FieldKind::kText},
                             {"storageClass", FieldKind::kText},
                             {"contentDisposition", FieldKind::kText},
                             {"contentLanguage", FieldKind::kText},
                             {"customTime", FieldKind::kText}};

std::unexpected<Refusal> precondition_failed() {
  return refuse(412, "conditionNotMet",
                "At least one of the pre-conditions you specified did not hold.");
}

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= 1024 && name != "." && name != ".." &&
         name.find_first_of("\r\n") == std::string_view::npos;
}

constexpr std::string_view kUploadParameters =
    "uploadType name upload_id ifGenerationMatch ifGenerationNotMatch ifMetagenerationMatch "
    "userProject predefinedAcl projection";
constexpr std::string_view kObjectParameters =
    "generation ifGenerationMatch ifGenerationNotMatch ifMetagenerationMatch userProject "
    "projection";

// The two parts of a multipart/related body: type and bytes of each.
struct Part {
  std::string type;
  std::string_view bytes;
};
Answer<std::vector<Part>> parts_of(const net::ServerRequest& request) {
  const std::string_view type = request.header("content-type");
  constexpr std::string_view kKind = "multipart/related";
  const std::size_t at = type.find("boundary=");
  if (!type.starts_with(kKind) || at == std::string_view::npos)
    return refuse(400, "badContent", "expected Content-Type: multipart/related; boundary=…");
  std::string_view boundary = type.substr(at + 9);
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.size() > 1 && boundary.starts_with('"') && boundary.ends_with('"'))
    boundary = boundary.substr(1, boundary.size() - 2);
  const std::string delimiter = fmt::format("--{}", boundary);
  const std::string_view body = request.body;
  const auto malformed = [] { return refuse(400, "badContent", "Malformed multipart body."); };
  std::vector<Part> parts;
  if (!body.starts_with(delimiter)) return malformed();
  std::size_t from = delimiter.size();
  while (body.substr(from, 2) == "\r\n") {
    const std::size_t head_end = body.find("\r\n\r\n", from);
    const std::size_t end = body.find("\r\n" + delimiter, head_end + 2);
    if (head_end == std::string_view::npos || end == std::string_view::npos) return malformed();
    std::string head(body.substr(from + 2, head_end - from - 2));
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    constexpr std::string_view kType = "content-type:";
    const std::size_t type_at = head.find(kType);
    if (type_at == std::string::npos) return malformed();
    std::string_view part_type = std::string_view(head).substr(type_at + kType.size());
    part_type = part_type.substr(0, part_type.find('\r'));
    part_type.remove_prefix(std::min(part_type.find_first_not_of(' '), part_type.size()));
    const std::size_t begin = head_end + 4;
    parts.push_back({std::string(part_type),
                     end < begin ? std::string_view() : body.substr(begin, end - begin)});
    from = end + 2 + delimiter.size();
  }
  if (body.substr(from, 2) != "--" || parts.size() != 2) return malformed();
  return parts;
}

}  // namespace

constinit const std::span<const Field> kObjectFields = kFields;

Answer<Preconditions> preconditions_of(const Call& call) {
  Preconditions out;
  FM_ASSIGN(out.generation_match, call.number("ifGenerationMatch"));
  FM_ASSIGN(out.generation_not_match, call.number("ifGenerationNotMatch"));
  FM_ASSIGN(out.metageneration_match, call.number("ifMetagenerationMatch"));
  return out;
}

Answer<void> check(const Preconditions& preconditions, const Object* object) {
  const std::int64_t generation = object == nullptr ? 0 : object->generation;
  if (preconditions.generation_match && *preconditions.generation_match != generation)
    return precondition_failed();
  if (preconditions.generation_not_match && *preconditions.generation_not_match == generation)
    return precondition_failed();
  if (preconditions.metageneration_match &&
      (object == nullptr || *preconditions.metageneration_match != object->metageneration))
    return precondition_failed();
  return {};
}

void Storage::add_bucket(std::string name, std::string location) {
  Bucket& made = buckets_[name];
  made.name = std::move(name);
  made.location = std::move(location);
}

void Storage::add_routes(std::vector<Route>& routes) {
  const auto add = [&](const std::string& kind, std::string method, std::string pattern,
                       std::string_view parameters, auto member, std::string when = "") {
    routes.push_back({"storage." + kind, std::move(method), std::move(pattern), Need::kStorage,
                      std::string(parameters),
                      [this, member](const Call& call) { return (this->*member)(call); },
                      std::move(when)});
  };
  const std::string upload = "/upload/storage/v1/b/*/o";
  add("objects.insert", "POST", upload, kUploadParameters, &Storage::upload_media,
      "uploadType=media");
  add("objects.insert", "POST", upload, kUploadParameters, &Storage::upload_multipart,
      "uploadType=multipart");
  add("resumable.start", "POST", upload, kUploadParameters, &Storage::start_session,
      "uploadType=resumable");
  add("resumable.put", "PUT", upload, kUploadParameters, &Storage::put_session, "upload_id=*");
  add("resumable.cancel", "DELETE", upload, kUploadParameters, &Storage::cancel_session,
      "upload_id=*");
  add("buckets.insert", "POST", "/storage/v1/b", "project", &Storage::insert_bucket);
  add("buckets.get", "GET", "/storage/v1/b/*", "projection userProject", &Storage::get_bucket);
  add("buckets.getIamPolicy", "GET", "/storage/v1/b/*/iam",
      "optionsRequestedPolicyVersion userProject", &Storage::get_policy);
  add("buckets.setIamPolicy", "PUT", "/storage/v1/b/*/iam", "userProject", &Storage::set_policy);
  add("objects.list", "GET", "/storage/v1/b/*/o",
      "prefix delimiter pageToken maxResults projection versions userProject",
      &Storage::list_objects);
  add("objects.media", "GET", "/storage/v1/b/*/o/**", kObjectParameters, &Storage::get_media,
      "alt=media");
  add("objects.get", "GET", "/storage/v1/b/*/o/**", kObjectParameters, &Storage::get_object);
  add("objects.delete", "DELETE", "/storage/v1/b/*/o/**", kObjectParameters,
      &Storage::delete_object);
}

Answer<Bucket*> Storage::bucket(const std::string& name) {
  const auto found = buckets_.find(name);
  if (found == buckets_.end())
    return refuse(404, "notFound", "The specified bucket does not exist.");
  return &found->second;
}

Answer<const Object*> Storage::object(const Call& call) {
  FM_ASSIGN(const Bucket* in, bucket(call.parts[0]));
  FM_ASSIGN(const auto generation, call.number("generation"));
  FM_ASSIGN(const Preconditions preconditions, preconditions_of(call));
  const auto found = in->objects.find(call.parts[1]);
  if (found == in->objects.end() || (generation && *generation != found->second.generation))
    return refuse(404, "notFound",
                  fmt::format("No such object: {}/{}", call.parts[0], call.parts[1]));
  FM_TRY(check(preconditions, &found->second));
  return &found->second;
}

Json Storage::resource(const Bucket& bucket, const Object& object) const {
  Json out = object.metadata.is_object() ? object.metadata : Json::object();
  out["kind"] = "storage#object";
  out["id"] = fmt::format("{}/{}/{}", bucket.name, object.name, object.generation);
  out["name"] = object.name;
  out["bucket"] = bucket.name;
  out["generation"] = std::to_string(object.generation);
  out["metageneration"] = std::to_string(object.metageneration);
  if (!out.has("storageClass")) out["storageClass"] = "STANDARD";
  out["size"] = std::to_string(object.bytes.size());
  out["crc32c"] = crc32c_text(object.crc32c);
  if (!object.md5.empty()) out["md5Hash"] = object.md5;
  out["etag"] = base64(std::to_string(object.generation));
  out["timeCreated"] = iso_millis(object.created);
  out["updated"] = iso_millis(object.created);
  return out;
}

Answer<Json> Storage::store(const std::string& bucket_name, const std::string& name,
                            const Json& metadata, const Preconditions& preconditions,
                            std::string bytes) {
  FM_ASSIGN(Bucket * in, bucket(bucket_name));
  if (!is_good_name(name)) return refuse(400, "invalid", "Invalid object name: \"" + name + "\"");
  Object object;
  object.name = name;
  object.crc32c = crc32c(bytes);
  const std::string& crc = metadata.at("crc32c").text();
  const std::string& md5 = metadata.at("md5Hash").text();
  // Of large objects only on demand: it would take longer than all the rest.
  if (!md5.empty() || bytes.size() < Blobs::kFileBytesMin) object.md5 = md5_text(bytes);
  if (!crc.empty() && crc != crc32c_text(object.crc32c))
    return refuse(400, "invalid",
                  fmt::format("Provided CRC32C \"{}\" doesn't match calculated CRC32C \"{}\".", crc,
                              crc32c_text(object.crc32c)));
  if (!md5.empty() && md5 != object.md5)
    return refuse(400, "invalid",
                  fmt::format("Provided MD5 hash \"{}\" doesn't match calculated MD5 hash \"{}\".",
                              md5, object.md5));
  const auto there = in->objects.find(name);
  FM_TRY(check(preconditions, there == in->objects.end() ? nullptr : &there->second));
  object.metadata = metadata;
  object.created = env_->now();
  // Micros, and never the same twice.
  last_generation_ =
      std::max(last_generation_ + 1, static_cast<std::int64_t>(object.created / 1'000));
  object.generation = last_generation_;
  FM_ASSIGN(object.bytes, blobs_->keep(std::move(bytes)));
  Object& kept = in->objects[name] = std::move(object);
  return resource(*in, kept);
}

Answer<net::ServerResponse> Storage::get_bucket(const Call& call) {
  FM_ASSIGN(const Bucket* in, bucket(call.parts[0]));
  Json out = Json::object();
  out["kind"] = "storage#bucket";
  out["id"] = in->name;
  out["name"] = in->name;
  out["location"] = in->location;
  out["locationType"] = in->location.contains('-') ? "region" : "multi-region";
  out["storageClass"] = "STANDARD";
  out["metageneration"] = "1";
  return respond(out);
}

Answer<net::ServerResponse> Storage::insert_bucket(const Call& call) {
  static constexpr Field kBucketFields[] = {{"name", FieldKind::kText, true},
                                            {"location", FieldKind::kText},
                                            {"storageClass", FieldKind::kText},
                                            {"labels", FieldKind::kLabels}};
  FM_ASSIGN(const Json body, call.body(kBucketFields));
  if (call.query("project").empty()) return refuse(400, "required", "Required parameter: project");
  const std::string& name = body.at("name").text();
  if (buckets_.contains(name))
    return refuse(409, "conflict",
                  "Your previous request to create the named bucket succeeded "
                  "and you already own it.");
  add_bucket(name, body.has("location") ? body.at("location").text() : "US");
  Call again{call.request, {name}, call.account};
  return get_bucket(again);
}

Answer<net::ServerResponse> Storage::list_objects(const Call& call) {
  FM_ASSIGN(const Bucket* in, bucket(call.parts[0]));
  const std::string prefix = call.query("prefix");
  const std::string delimiter = call.query("delimiter");
  FM_ASSIGN(const auto wanted, call.number("maxResults"));
  const std::size_t size =
      wanted && *wanted > 0 ? std::min(static_cast<std::size_t>(*wanted), kListPage) : kListPage;
  // The token is where to go on: what is added or deleted meanwhile moves nothing.
  std::string from = prefix;
  if (const std::string token = call.query("pageToken"); !token.empty()) {
    const auto decoded = from_base64_url(token);
    if (!decoded || !decoded->starts_with(prefix))
      return refuse(400, "invalid", "Invalid pageToken");
    from = *decoded;
  }
  Json out = Json::object();
  out["kind"] = "storage#objects";
  std::size_t count = 0;
  std::string last_prefix;
  for (auto at = in->objects.lower_bound(from); at != in->objects.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    const std::size_t end =
        delimiter.empty() ? std::string::npos : at->first.find(delimiter, prefix.size());
    const std::string folder =
        end == std::string::npos ? "" : at->first.substr(0, end + delimiter.size());
    if (!folder.empty() && folder == last_prefix) continue;
    if (count++ == size) {
      out["nextPageToken"] = base64_url(at->first);
      break;
    }
    if (folder.empty())
      out["items"].push(resource(*in, at->second));
    else
      out["prefixes"].push(last_prefix = folder);
  }
  return respond(out);
}

Answer<net::ServerResponse> Storage::get_object(const Call& call) {
  FM_ASSIGN(const Object* found, object(call));
  return respond(resource(buckets_.at(call.parts[0]), *found));
}

Answer<net::ServerResponse> Storage::get_media(const Call& call) {
  FM_ASSIGN(const Object* found, object(call));
  net::ServerResponse response;
  const auto range = net::parse_range(call.request.header("range"), found->bytes.size());
  if (range && range->count == 0) return refuse(416, "requestedRangeNotSatisfiable", "Range");
  const std::uint64_t first = range ? range->first : 0;
  const std::uint64_t count = range ? range->count : found->bytes.size();
  FM_ASSIGN(response.body, found->bytes.read(first, count));
  response.status = range ? 206 : 200;
  const std::string& type = found->metadata.at("contentType").text();
  response.content_type = type.empty() ? "application/octet-stream" : type;
  if (range)
    response.headers.emplace_back(
        "Content-Range",
        fmt::format("bytes {}-{}/{}", first, first + count - 1, found->bytes.size()));
  response.headers.emplace_back("x-goog-generation", std::to_string(found->generation));
  response.headers.emplace_back("x-goog-hash", "crc32c=" + crc32c_text(found->crc32c));
  return response;
}

Answer<net::ServerResponse> Storage::delete_object(const Call& call) {
  FM_ASSIGN(const Object* found, object(call));
  buckets_.at(call.parts[0]).objects.erase(std::string(found->name));
  return net::ServerResponse{.status = 204};
}

Answer<net::ServerResponse> Storage::get_policy(const Call& call) {
  FM_ASSIGN(const Bucket* in, bucket(call.parts[0]));
  return respond(in->policy.resource());
}

Answer<net::ServerResponse> Storage::set_policy(const Call& call) {
  FM_ASSIGN(Bucket * in, bucket(call.parts[0]));
  FM_ASSIGN(const Json body, call.body(Policy::kFields));
  FM_TRY(in->policy.set(body));
  return respond(in->policy.resource());
}

Answer<net::ServerResponse> Storage::upload_media(const Call& call) {
  FM_ASSIGN(const Preconditions preconditions, preconditions_of(call));
  Json metadata = Json::object();
  const std::string_view type = call.request.header("content-type");
  if (!type.empty()) metadata["contentType"] = type;
  FM_ASSIGN(const Json made,
            store(call.parts[0], call.query("name"), metadata, preconditions, call.request.body));
  return respond(made);
}

Answer<net::ServerResponse> Storage::upload_multipart(const Call& call) {
  FM_ASSIGN(const Preconditions preconditions, preconditions_of(call));
  FM_ASSIGN(const std::vector<Part> parts, parts_of(call.request));
  if (!parts[0].type.starts_with("application/json"))
    return refuse(400, "badContent", "The first part of a multipart body is application/json.");
  FM_ASSIGN(Json metadata, Json::parse(parts[0].bytes));
  FM_TRY(check_fields(metadata, kObjectFields));
  if (!metadata.has("contentType")) metadata["contentType"] = parts[1].type;
  const std::string name = call.has_query("name") ? call.query("name") : metadata.at("name").text();
  FM_ASSIGN(const Json made,
            store(call.parts[0], name, metadata, preconditions, std::string(parts[1].bytes)));
  return respond(made);
}

const Bucket* Storage::bucket_of(const std::string& uri) const {
  const std::size_t slash = uri.find('/', 5);
  if (!uri.starts_with("gs://") || slash == std::string::npos) return nullptr;
  const auto found = buckets_.find(uri.substr(5, slash - 5));
  return found == buckets_.end() ? nullptr : &found->second;
}

Answer<std::vector<const Object*>> Storage::find(const std::string& uri) const {
  const std::size_t slash = uri.find('/', 5);
  if (!uri.starts_with("gs://") || slash == std::string::npos || slash == 5 ||
      slash + 1 == uri.size())
    return refuse(400, "invalid",
                  fmt::format("Source URI must be a Google Cloud Storage location: {}", uri));
  const std::string name = uri.substr(slash + 1);
  const std::size_t star = name.find('*');
  if (uri.substr(0, slash).contains('*') ||
      (star != std::string::npos && name.find('*', star + 1) != std::string::npos))
    return refuse(400, "invalid",
                  fmt::format("A URI may have one '*', after the bucket's name: {}", uri));
  const Bucket* in = bucket_of(uri);
  if (in == nullptr) return refuse(404, "notFound", fmt::format("Not found: URI {}", uri));
  std::vector<const Object*> found;
  const std::string before = name.substr(0, star);
  const std::string after = star == std::string::npos ? "" : name.substr(star + 1);
  for (auto at = in->objects.lower_bound(before);
       at != in->objects.end() && at->first.starts_with(before); ++at) {
    const bool fits =
        star == std::string::npos
            ? at->first == name
            : at->first.size() >= before.size() + after.size() && at->first.ends_with(after);
    if (fits) found.push_back(&at->second);
  }
  if (found.empty()) return refuse(404, "notFound", fmt::format("Not found: URI {}", uri));
  return found;
}

}  // namespace fm::fakegcp
