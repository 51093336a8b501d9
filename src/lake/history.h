// What partitions held earlier: the manifests that were theirs until files left them, each under
// the time at which it ended. Manifests to which files were only added need no entry: each file
// says since when it is there. docs/formats/lake.md, "Earlier versions".
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "lake/manifest.h"

namespace fm::lake {

// Errors: kInvalidArgument for a time that is still to come, whose rows nobody knows.
[[nodiscard]] Status check_as_of(Env& env, Nanos at);

class History {
 public:
  // `keep`: how long an entry stays after its end; with 0 there are none.
  History(Env& env, std::string lake, std::string directory, Nanos keep);

  // Before `next` takes the place of `old`, whose file is `manifest_path`, and while no cleaner may
  // look: makes the entry of `old` durable, where one is due. Until `next` is in place, readers
  // take the entry for none.
  [[nodiscard]] Status add(const Manifest& old, const std::string& manifest_path,
                           const Manifest& next) const;
  // `next` did not take its place.
  void undo_add(const Manifest& old, const Manifest& next) const;

  // The files whose rows the partition held at `at`; nothing where it did not exist yet. Errors:
  // kNotFound when that version is gone, kCorrupt for a damaged entry.
  [[nodiscard]] Result<std::optional<std::vector<DataFile>>> files_at(const Manifest& present,
                                                                      Nanos at) const;

  struct Place {
    std::string table;
    std::string partition;
  };
  // The partitions that have entries.
  [[nodiscard]] Result<std::vector<Place>> places() const;

  // Both only while no commit is between its entry and its manifest.
  // Removes the entries of a partition that are too old, or that a writer left who died before its
  // manifest; adds to `needed` the names of the parts that the others speak of.
  [[nodiscard]] Status clean(const Manifest& present, std::set<std::string>& needed) const;
  // All entries.
  [[nodiscard]] Status clear() const;

  [[nodiscard]] bool is_kept() const { return keep_ > 0; }

 private:
  [[nodiscard]] std::string directory_of(const Manifest& manifest) const;
  [[nodiscard]] std::string path_of(const Manifest& manifest, Nanos ended) const;
  [[nodiscard]] Result<std::vector<Nanos>> ends_of(const Manifest& present) const;
  [[nodiscard]] Result<std::optional<Manifest>> read(const Manifest& present, Nanos ended) const;

  Env* env_;
  std::string lake_;
  std::string directory_;
  Nanos keep_;
};

}  // namespace fm::lake
