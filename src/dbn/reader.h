// Reading DBN: any version, any source, in bounded memory.
//
//   FM_ASSIGN(OpenedInput input, open_input(env, path));
//   FM_ASSIGN(Reader reader, Reader::open(std::move(input.source), input.name));
//   for (;;) {
//     FM_ASSIGN(const RecordBlock block, reader.next());
//     if (block.empty()) break;
//     for (const RecordView record : block) …
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "dbn/byte_source.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::dbn {

struct ReaderOptions {
  // Ends quietly before the first damage instead of failing; loss() then tells what is missing.
  // Damaged metadata is still an error.
  bool salvage = false;
  // The version of an input without metadata. An input that has metadata is read by it all the
  // same.
  std::optional<int> fragment_version = std::nullopt;
  bool fragment_ts_out = false;  // the records of the fragment end in a ts_out
  // Records and metadata of versions 1 and 2 become version 3; false gives them as they are.
  bool upgrade = true;
  std::size_t buffer_bytes = std::size_t{256} << 10;  // how much is asked of the source at a time
};

// What salvaging left behind.
struct Loss {
  std::uint64_t records_kept = 0;
  std::uint64_t first_byte = 0;  // where the lost part begins, in the uncompressed input
  // Everything from there to the end; what could not be decompressed counts by its compressed
  // bytes.
  std::uint64_t bytes_lost = 0;
  std::string reason;  // the message of the error that reading without salvage gives
};

class Reader {
 public:
  // Reads the metadata. `name` stands for the input in errors.
  // Errors: kCorrupt (also for an input without metadata when no fragment_version is given),
  // kTruncated, kUnsupported for versions that are not read here, and the source's.
  [[nodiscard]] static Result<Reader> open(std::unique_ptr<ByteSource> source, std::string name,
                                           ReaderOptions options = {});
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Of version 3 when records are upgraded, else as in the file. For a fragment: its version, and
  // nothing else.
  [[nodiscard]] const Metadata& metadata() const;
  // The version of the input itself.
  [[nodiscard]] int source_version() const;

  // The next records, in the reader's own memory until the next call; an empty block at the end.
  // Records of unknown types or lengths pass as they are. Errors: kCorrupt, kTruncated, and the
  // source's, with name, byte and record number; all records before the damage have been given out
  // by then. The same error comes again on every further call.
  [[nodiscard]] Result<RecordBlock> next();

  [[nodiscard]] std::uint64_t records_read() const;
  // Set when salvaging met damage and next() has come to its end.
  [[nodiscard]] const std::optional<Loss>& loss() const;

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::dbn
