// The hidden half of a lake: content-named files, manifests, directories on their way to become
// visible, locks. Lake decides what a partition holds; Store makes each step of a commit durable
// and cleans up behind crashes.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "lake/changes_log.h"
#include "lake/history.h"
#include "lake/manifest.h"
#include "table/catalogue.h"

namespace fm::lake {

class Store {
 public:
  // `keep`: how long earlier versions of a partition can be read.
  Store(Env& env, const std::string& lake_directory, std::string state_dir, Nanos grace,
        Nanos lock_patience, Nanos keep);

  // Creates what is missing. Errors: kUnsupported where the file system cannot link or exchange.
  [[nodiscard]] Status prepare();

  // What tells this lake from every other, copies of it apart; nothing where it has none yet.
  [[nodiscard]] Result<std::optional<std::string>> id() const;
  [[nodiscard]] Status set_id(std::string_view id) const;
  // Made where there is none.
  [[nodiscard]] Result<std::string> make_id() const;

  [[nodiscard]] std::string part_path(std::string_view name) const;
  [[nodiscard]] std::string manifests_of(std::string_view table) const;
  [[nodiscard]] std::string visible_path(std::string_view table, std::string_view partition) const;

  [[nodiscard]] Result<std::optional<Manifest>> read(std::string_view table,
                                                     std::string_view partition) const;
  // All partitions of a table, or of one root of it, sorted.
  [[nodiscard]] Result<std::vector<Manifest>> read_all(std::string_view table,
                                                       std::string_view root) const;
  // The last of them, without reading the others.
  [[nodiscard]] Result<std::optional<Manifest>> read_last(std::string_view table,
                                                          std::string_view root) const;

  // Whatever a commit has in hand that is not yet part of the lake carries its token in the name.
  // The lock on the token tells cleaners that the writer lives.
  struct Draft {
    std::string token;
    std::string path;  // of the Parquet file
    std::unique_ptr<FileLock> lock;
  };
  [[nodiscard]] Result<Draft> begin_draft() const;
  // Removes what is left of it.
  void end_draft(Draft& draft) const;

  // Serialises writers of a partition. Errors: kBusy.
  [[nodiscard]] Result<std::unique_ptr<FileLock>> lock_partition(std::string_view table,
                                                                 std::string_view partition,
                                                                 Nanos patience) const;

  // Copies a part out of another store, where it has this path, unless it is here. Returns the
  // bytes copied. Nothing keeps it but a manifest that names it within the grace.
  [[nodiscard]] Result<std::uint64_t> import_part(std::string_view name,
                                                  const std::string& path) const;

  // Steps 3 to 8 of a commit, docs/formats/lake.md; the caller holds the partition's lock. `old` is
  // the present manifest, if any. `new_part` is the name of the file that the draft holds, one of
  // the manifest's; empty where the manifest names only files that are in the store.
  [[nodiscard]] Status publish(const std::optional<Manifest>& old, const Manifest& manifest,
                               const Draft& draft, const std::string& new_part) const;
  // Writes the manifest alone: same files, other accounts.
  [[nodiscard]] Status republish(const Manifest& manifest, const Draft& draft) const;
  // Makes the visible directory what the manifest says, if it is not.
  [[nodiscard]] Status ensure_visible(const Manifest& manifest, const Draft& draft) const;

  // Old files that the next manifest of a partition must still name: within their grace.
  [[nodiscard]] std::vector<Superseded> superseded_by(const std::optional<Manifest>& old,
                                                      const std::vector<DataFile>& files) const;

  // Finishes or undoes what crashed writers began, and removes files that nobody needs any more.
  [[nodiscard]] Status clean() const;

  [[nodiscard]] Nanos lock_patience() const { return lock_patience_; }
  [[nodiscard]] const History& history() const { return history_; }

 private:
  [[nodiscard]] Result<std::vector<std::string>> partition_names(std::string_view table,
                                                                 std::string_view root) const;
  [[nodiscard]] std::string manifest_path(std::string_view table, std::string_view partition) const;
  [[nodiscard]] std::string show_path(const Manifest& manifest, const Draft& draft) const;
  [[nodiscard]] std::string token_lock_path(std::string_view token) const;
  [[nodiscard]] Status probe(const Draft& draft) const;
  [[nodiscard]] Status write_file(const std::string& path, std::string_view content,
                                  const Draft& draft, bool& renamed) const;
  [[nodiscard]] Result<bool> place_part(const std::string& part, const Draft& draft) const;
  [[nodiscard]] Status build_show(const Manifest& manifest, const std::string& show) const;
  [[nodiscard]] Result<bool> shows(const std::string& directory, const Manifest& manifest) const;
  [[nodiscard]] Status swap_visible(const Manifest& manifest, const std::string& show) const;
  [[nodiscard]] Status retire(const std::string& show) const;
  [[nodiscard]] Status remove_retired() const;
  [[nodiscard]] Status write_manifest(const Manifest& manifest, const Draft& draft,
                                      bool& renamed) const;
  [[nodiscard]] Status remove_expired(const Manifest& old, const Manifest& manifest) const;
  [[nodiscard]] Status clean_token(const std::string& directory, const std::string& name) const;
  [[nodiscard]] Status mend_show(const std::string& name) const;
  [[nodiscard]] Status clean_orphans() const;
  [[nodiscard]] Result<std::vector<std::string>> orphan_candidates() const;
  [[nodiscard]] Status clean_history(std::set<std::string>& needed) const;

  Env* env_;
  std::string lake_;
  std::string store_;
  std::string state_;
  Nanos grace_;
  Nanos lock_patience_;
  History history_;
  ChangesLog changes_;
};

}  // namespace fm::lake
