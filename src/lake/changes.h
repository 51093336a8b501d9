// Which partitions changed since one last looked, without reading the others' manifests.
//
//   Changes changes(*lake);
//   FM_ASSIGN(auto manifests, changes.of(table::candles_1m()));   // the first time: all
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "lake/lake.h"

namespace fm::lake {

// Remembers folders and files of manifests by their times. Not for two threads at once.
class Changes {
 public:
  explicit Changes(const Lake& lake) : lake_(&lake) {}

  // Manifests that were written since the last call for this table, sorted by partition; the first
  // time all. A manifest may come again although nothing changed, never the other way round.
  // Errors: as Lake::partitions(); after one, nothing counts as seen.
  [[nodiscard]] Result<std::vector<Manifest>> of(const table::Table& table);
  // All count as changed again.
  void forget(const table::Table& table);

 private:
  struct Folder {
    Nanos modified = 0;
    std::map<std::string, Nanos> files;  // by name: when it was written
  };
  [[nodiscard]] Result<std::vector<Manifest>> look(const table::Table& table);
  [[nodiscard]] Status look_into(const std::string& directory, const std::string& prefix,
                                 std::vector<std::string>& changed,
                                 std::vector<std::string>& folders);
  const Lake* lake_;
  std::map<std::string, Folder> seen_;  // by directory
};

}  // namespace fm::lake
