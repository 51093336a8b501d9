#include "google/owner.h"

#include <utility>

#include "google/json.h"

namespace fm::google {
namespace {

constexpr int kFormat = 1;
// To take a free prefix: another may take it in between, and is then found.
constexpr int kAttemptsMax = 3;

}  // namespace

std::string Owner::content(std::uint64_t batches) const {
  return fmt::format("{{\"format\":{},\"lake\":\"{}\",\"batches\":{},\"mirror\":\"{:016x}\"}}\n",
                     kFormat, lake_, batches, mirror_);
}

// False: it is nobody's.
Result<bool> Owner::find() {
  const std::string where = uri_of(storage_->bucket(), object_);
  FM_ASSIGN(const auto object, storage_->read(object_));
  if (!object) return false;
  auto json = Json::parse(object->text);
  const auto lake = json ? json->text("/lake") : std::nullopt;
  const auto batches = json ? json->integer("/batches") : std::nullopt;
  if (!lake || !batches || *batches < 0 || json->integer("/format") != kFormat)
    return std::unexpected(
        Error(Code::kCorrupt, fmt::format("{}: does not say whose prefix it is", where))
            .hint("If this lake alone is mirrored there, remove the object."));
  if (*lake != lake_)
    return std::unexpected(
        Error(Code::kConflict, fmt::format("{}: the prefix belongs to the lake {}; this one is {}",
                                           where, *lake, lake_))
            .hint("Give each lake a prefix of its own. If that lake is gone for good, remove the "
                  "object: then what is in the bucket and the tables is made equal to this lake."));
  batches_ = static_cast<std::uint64_t>(*batches);
  generation_ = object->generation;
  return true;
}

Status Owner::look() {
  for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
    FM_ASSIGN(const bool found, find());
    if (found) return {};
    FM_ASSIGN(const auto generation, storage_->write(object_, content(0), 0));
    if (!generation) continue;
    batches_ = 0;
    generation_ = *generation;
    return {};
  }
  return std::unexpected(
      Error(Code::kConflict, fmt::format("{}: comes and goes", uri_of(storage_->bucket(), object_)))
          .retryable());
}

Status Owner::raise(std::uint64_t batches) {
  if (batches <= batches_) return {};
  FM_ASSIGN(auto generation, storage_->write(object_, content(batches), generation_));
  if (!generation) {
    FM_ASSIGN(const auto there, storage_->read(object_));
    if (!there || there->text != content(batches))
      return std::unexpected(
          Error(Code::kConflict, fmt::format("{}: was changed by another mirror",
                                             uri_of(storage_->bucket(), object_)))
              .retryable()
              .hint(
                  "One mirror at a time works on a prefix; is there a second copy of this lake?"));
    generation = there->generation;  // its own answer was lost
  }
  batches_ = batches;
  generation_ = *generation;
  return {};
}

}  // namespace fm::google
