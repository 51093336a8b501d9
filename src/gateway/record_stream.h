// One file of an archive being read for a request. Private to the room.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dbn/reader.h"
#include "gateway/archive.h"
#include "gateway/schema_facts.h"

namespace fm::gateway {

// Opens a file of an archive. A mixed one ends quietly where it is damaged: it may be a log that is
// still being written.
[[nodiscard]] Result<dbn::Reader> open_file(Env& env, const ArchiveFile& file,
                                            std::size_t buffer_bytes);

class FileCursor {
 public:
  // `request` outlives the cursor.
  [[nodiscard]] static Result<std::unique_ptr<FileCursor>> open(Env& env, const ArchiveFile& file,
                                                                const ReadRequest& request);

  // Moves to the next record of the request, unless it stands on one; false at the end.
  [[nodiscard]] Result<bool> find_next();
  // Of the record on which it stands.
  [[nodiscard]] Nanos time() const { return time_; }
  // From that record on as many of one schema as lie together and are not later than `not_after`,
  // at least one. A request for few instruments gets its records gathered.
  [[nodiscard]] RecordRun take(Nanos not_after);

 private:
  FileCursor(dbn::Reader reader, const ReadRequest& request, RecordTable table, Nanos start);
  // Whether the request wants this record; sets `time` to its place in the order.
  [[nodiscard]] bool wants(const std::byte* record, Nanos& time) const;
  [[nodiscard]] bool is_beyond(const std::byte* record) const;
  [[nodiscard]] std::span<const std::byte> gather(const std::byte* first, const std::byte* end,
                                                  Nanos not_after, RecordRun& run);
  void strip_ts_out(const dbn::RecordBlock& block);

  dbn::Reader reader_;
  const ReadRequest& request_;
  RecordTable table_;
  bool unfiltered_;
  const std::byte* at_ = nullptr;  // not given out yet
  const std::byte* end_ = nullptr;
  bool stands_ = false;  // on a record of the request
  Nanos time_;           // never falls, though times within the file may
  std::vector<std::byte> stripped_;
  std::vector<std::byte> gathered_;
};

}  // namespace fm::gateway
