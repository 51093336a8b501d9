// A live stream in the JSON encoding, as records. Private to LiveSession, its tests and its fuzz
// target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "dbn/byte_source.h"
#include "dbn/record_view.h"

namespace fm::databento {

class LiveJsonReader {
 public:
  // `name` is what errors call the source.
  LiveJsonReader(std::unique_ptr<dbn::ByteSource> source, std::string name);
  LiveJsonReader(LiveJsonReader&&) noexcept;
  LiveJsonReader& operator=(LiveJsonReader&&) noexcept;
  ~LiveJsonReader();

  // The records of the next lines, of version 3, valid until the next call; empty at the end.
  // Lines that are nothing known are counted and left out. Errors: the source's; kTruncated for a
  // last line without its end, kCorrupt for one that never ends.
  [[nodiscard]] Result<dbn::RecordBlock> next();
  [[nodiscard]] std::uint64_t malformed_lines() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::databento
