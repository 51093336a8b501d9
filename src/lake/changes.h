// Which partitions changed since one last looked, without reading the others' manifests.
//
//   Changes changes(*lake);
//   FM_ASSIGN(auto manifests, changes.of(table::candles_1m()));   // the first time: all
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lake/changes_log.h"
#include "lake/lake.h"

namespace fm::lake {

// Remembers manifests by their times and inodes. Not for two threads at once.
class Changes {
 public:
  explicit Changes(const Lake& lake) : lake_(&lake), log_(lake.env(), lake.directory()) {}

  // Manifests that were written since the last call for this table, sorted by partition; the first
  // time all. A manifest may come again although nothing changed, never the other way round. What
  // takes a manifest's place without a line in the log (an older version of this program, a copy by
  // hand) comes within the hour.
  // Errors: as Lake::partitions(); after one, nothing counts as seen.
  [[nodiscard]] Result<std::vector<Manifest>> of(const table::Table& table);
  // All count as changed again.
  void forget(const table::Table& table);

 private:
  struct Identity {
    Nanos modified = 0;  // 0: it may be written again within the same tick
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  struct Folder {
    Nanos modified = 0;                     // 0: as above
    std::map<std::string, Identity> files;  // by name; folders, too
  };
  struct Reading {
    std::optional<ChangesLog::Position> position;
    Nanos everything_at = 0;                 // when all folders were looked at last; monotonic
    Nanos everything_until = 0;              // until then the log is not relied upon
    std::map<std::string, Nanos> announced;  // partitions of the log's lines: when they were read
  };

  [[nodiscard]] Result<std::vector<Manifest>> look(const table::Table& table);
  [[nodiscard]] Result<bool> read_log(const std::string& table, Reading& reading);
  [[nodiscard]] Status look_at_everything(const std::string& base,
                                          std::vector<std::string>& changed);
  [[nodiscard]] Status look_at_announced(const std::string& base, Reading& reading,
                                         std::vector<std::string>& changed);
  [[nodiscard]] Status look_into(const std::string& directory, const std::string& prefix,
                                 std::vector<std::string>& changed,
                                 std::vector<std::string>& folders);
  [[nodiscard]] Identity identity_of(const FileInfo& info) const;

  const Lake* lake_;
  ChangesLog log_;
  std::map<std::string, Folder> seen_;      // by directory
  std::map<std::string, Reading> reading_;  // by the table's directory
};

}  // namespace fm::lake
