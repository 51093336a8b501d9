// Files of Databento's data as one archive that can be read by time: what both the live and the
// historical stand-in serve from. Files may be DBN of any version, raw or zstd, one schema each as
// the vendor's downloads, or mixed as the segments of a capture log.
//
//   FM_ASSIGN(const auto archive, Archive::open(env, paths));
//   FM_ASSIGN(RecordStream stream, archive->read({.dataset = "GLBX.MDP3",
//                                                 .schemas = {Schema::kTbbo}, .from = start}));
//   for (;;) {
//     FM_ASSIGN(const RecordRun run, stream.next());
//     if (run.empty()) break;
//     for (const dbn::RecordView record : run.block) …
//   }
//
// An open archive does not change: any number of threads may use it at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/enums.h"
#include "dbn/record_view.h"
#include "gateway/selection.h"
#include "gateway/symbology.h"

namespace fm::gateway {

struct ArchiveFile {
  std::string path;
  std::uint64_t size_bytes = 0;
  Nanos modified = 0;
  std::string dataset;
  // One, unless the file is mixed: then what its records are. rtype 0x01 in a mixed file is tbbo
  // when every such record is a trade, else mbp-1.
  std::vector<dbn::Schema> schemas = {};
  bool mixed = false;
  // Every index time of the file lies in [start, end).
  Nanos start = 0;
  Nanos end = 0;
};

struct TimeRange {
  Nanos start = kUndefTime;
  Nanos end = 0;
  [[nodiscard]] bool empty() const { return start >= end; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// Which time of a record [from, to) is held against.
enum class Filter {
  kIndexTime,  // ts_recv where the schema has one, else ts_event: the historical service
  kTsEvent,    // live replay; ts_recv for bbo and cbbo
  kArrival,    // as Order::kArrival
};

// In which time records of several files are merged. A file's own order is kept.
enum class Order {
  kIndexTime,
  kArrival,  // the index time, but for bars the end of their interval: when a live feed sends them
};

struct ReadRequest {
  std::string dataset;
  std::vector<dbn::Schema> schemas = {};
  Nanos from = 0;
  Nanos to = kUndefTime;
  Filter filter = Filter::kIndexTime;
  Order order = Order::kIndexTime;
  Selection selection = Selection::all();  // asked with the index time
};

// Records of one schema in the form of DBN version 3 without ts_out, in the stream's memory until
// its next call. The times are those of the request's order, and never fall from run to run.
struct RecordRun {
  dbn::RecordBlock block;
  dbn::Schema schema{};
  Nanos first_time = 0;
  Nanos last_time = 0;
  [[nodiscard]] bool empty() const { return block.empty(); }
};

// The records of a request, merged in time order; equal times in the order of the files' paths.
// Files that follow each other need one descriptor, whatever their number.
class RecordStream {
 public:
  ~RecordStream();
  RecordStream(RecordStream&&) noexcept;
  RecordStream& operator=(RecordStream&&) noexcept;

  // The time of the next record; nothing at the end. Errors: as next().
  [[nodiscard]] Result<std::optional<Nanos>> next_time();
  // As many of the next records as lie together, none later than `not_after`; an empty run when
  // there is none so early. Errors: those of dbn::Reader for a damaged file, after all records
  // before the damage; kBusy (too many files overlap in time).
  [[nodiscard]] Result<RecordRun> next(Nanos not_after = kUndefTime);

  struct State;
  explicit RecordStream(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

struct Size {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // in DBN version 3, uncompressed
};

class Archive {
 public:
  // Files, and directories with all below them. Side files of batch jobs, text files, fragments and
  // other endings are left out of directories; mixed files are read once to learn what they hold,
  // and end for the archive where they are damaged. Errors: kInvalidArgument (nothing named, no
  // data in it), kUnsupported (text and fragments that were named), those of Env and of
  // dbn::Reader::open with the path.
  [[nodiscard]] static Result<std::shared_ptr<const Archive>> open(
      Env& env, std::span<const std::string> paths);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  [[nodiscard]] std::span<const ArchiveFile> files() const;  // sorted by path
  [[nodiscard]] std::vector<std::string> datasets() const;   // sorted
  [[nodiscard]] bool has(std::string_view dataset) const;
  [[nodiscard]] std::vector<dbn::Schema> schemas(std::string_view dataset) const;  // by number
  // From the earliest start to the latest end of the dataset's files, or of those that hold a
  // schema; empty when there are none.
  [[nodiscard]] TimeRange range(std::string_view dataset) const;
  [[nodiscard]] TimeRange range(std::string_view dataset, dbn::Schema schema) const;

  // Errors: kNotFound for a dataset that is not here. A schema that is not here has no records.
  [[nodiscard]] Result<RecordStream> read(ReadRequest request) const;
  // Reads all of it. Errors: as read() and RecordStream::next().
  [[nodiscard]] Result<Size> measure(ReadRequest request) const;

  // What names stand for, learned at the first call from metadata, mapping records and definitions;
  // lives as long as the archive. Errors: kNotFound for an unknown dataset; those of reading.
  [[nodiscard]] Result<const Symbology*> symbology(std::string_view dataset) const;

  struct State;
  explicit Archive(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

// The length of the intervals of a schema's records; 0 for those that have none.
[[nodiscard]] Nanos interval_of(dbn::Schema schema);
// Whether its intervals are bars, which a live feed sends at their end.
[[nodiscard]] bool is_bar(dbn::Schema schema);

}  // namespace fm::gateway
