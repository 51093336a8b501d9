// Whose prefix of a bucket it is, and how far its mirror has come: one small object. Inside.
//
//   {"format":1,"lake":"4f0c…","batches":12,"mirror":"91ab…"}
//
// One prefix belongs to one lake: what one mirrors, another's would take for leftovers. `batches`
// counts those that were sealed, in the state and here, and here before their jobs are sent. So a
// count here that is ahead of the state's says that jobs were sent of which the state knows
// nothing. `mirror` tells the process that wrote it.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "google/storage.h"

namespace fm::google {

class Owner {
 public:
  // `object` is its name, `lake` the id of the lake that wants the prefix, `mirror` a random number
  // of this process.
  Owner(Storage& storage, std::string object, std::string lake, std::uint64_t mirror)
      : storage_(&storage), object_(std::move(object)), lake_(std::move(lake)), mirror_(mirror) {}

  // Takes the prefix where it is nobody's. Errors: kConflict for another lake's; kCorrupt for an
  // object that says nothing of a lake; those of Storage.
  [[nodiscard]] Status look();
  // As it was when last looked at or raised.
  [[nodiscard]] std::uint64_t batches() const { return batches_; }
  // Nothing happens where it is as high already. Errors: kConflict (retry) where somebody else has
  // changed it since; those of Storage.
  [[nodiscard]] Status raise(std::uint64_t batches);

 private:
  [[nodiscard]] std::string content(std::uint64_t batches) const;
  [[nodiscard]] Result<bool> find();

  Storage* storage_;
  std::string object_;
  std::string lake_;
  std::uint64_t mirror_;
  std::uint64_t batches_ = 0;
  std::int64_t generation_ = 0;  // 0: there is none
};

}  // namespace fm::google
