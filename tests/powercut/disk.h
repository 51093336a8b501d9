// A disk that loses power. This program defines the calls that change files (write, pwrite,
// ftruncate, fsync, rename, …) in place of the C library's, so that DuckDB and SQLite run through
// them, too.
//
//   disk.cut_at(7) in a child process:    it dies before its 7th change below the directory;
//   disk.lose_unsynced() in its parent:   what no sync had reached is gone.
#pragma once

#include <cstdint>
#include <string>

namespace fm::powercut {

class Disk {
 public:
  // `directory` holds what is watched; `journal`, an existing directory outside, the contents as of
  // the last sync.
  Disk(std::string directory, std::string journal);
  // From here on, in this process. 0: never dies, but the journal is kept.
  void cut_at(std::uint64_t call) const;
  // Changes of this process since then.
  [[nodiscard]] static std::uint64_t calls();
  // Gives every watched file the content of its last sync; one that was never synced becomes empty.
  // Creations, renames and links stay: a file system may keep them.
  void lose_unsynced() const;

 private:
  std::string directory_;
  std::string journal_;
};

}  // namespace fm::powercut
