// What is about to change and what has changed, for readers that look at a large table again and
// again: for each table one file, `.store/changes/<table>`, with a partition's name on each line.
// Only readers that run go by it, so nothing of it needs to survive a power cut. Inside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::lake {

class ChangesLog {
 public:
  ChangesLog(Env& env, const std::string& lake_directory);

  [[nodiscard]] Status prepare() const;
  // One line. A commit adds it before its manifest takes its place and once more behind that.
  [[nodiscard]] Status add(std::string_view table, std::string_view partition) const;
  // Begins each file anew that has grown long.
  [[nodiscard]] Status shorten() const;

  // How far somebody has read.
  struct Position {
    std::string head;  // of this file and no other
    std::uint64_t bytes = 0;
  };
  // Where the file ends now; nothing where there is none.
  [[nodiscard]] Result<std::optional<Position>> end(std::string_view table) const;
  // The lines behind `position`, which moves to the last one's end; nothing where another file has
  // taken the place of the one that was read.
  [[nodiscard]] Result<std::optional<std::vector<std::string>>> read(std::string_view table,
                                                                     Position& position) const;

 private:
  [[nodiscard]] std::string path_of(std::string_view table) const;
  [[nodiscard]] Status begin(const std::string& path) const;

  Env* env_;
  std::string directory_;
};

}  // namespace fm::lake
