// Repairs: records fetched later for a gap of the log, kept beside it. A reader of the log merges
// them by arrival, each distinct record as often as the log or one repair has it, whichever is
// more.
//
//   FM_ASSIGN(auto repair, RepairWriter::create(env, directory, day, metadata));
//   FM_TRY(repair.append(block));
//   FM_ASSIGN(const Repair written, repair.commit());
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::capture {

struct Repair {
  std::string path;  // …/<day>/repair-0001.dbn.zst
  Date day;
  std::uint32_t number = 0;
  Nanos first_arrival = 0;
  Nanos last_arrival = 0;
  std::uint64_t record_count = 0;
};

// Nobody sees a repair before commit(); what a crash leaves is removed by the next create() of the
// day.
class RepairWriter {
 public:
  // `metadata` as the records' file has it. Errors: kBusy when another repair of the day is being
  // written, kUnsupported unless of version 3, those of Env.
  [[nodiscard]] static Result<RepairWriter> create(Env& env, const std::string& directory, Date day,
                                                   const dbn::Metadata& metadata);
  ~RepairWriter();  // without commit(): removes the draft
  RepairWriter(RepairWriter&&) noexcept;
  RepairWriter& operator=(RepairWriter&&) noexcept;

  // In order of arrival, as the vendor's files are, all within the capture day; a ts_out is taken
  // off. Records without an arrival (mappings) are kept, but a log's reader does not merge them.
  // Errors: kInvalidArgument for a record of another day; kNoSpace.
  [[nodiscard]] Status append(const dbn::RecordBlock& block);
  // Durable on return. Errors: kInvalidArgument when it holds no record.
  [[nodiscard]] Result<Repair> commit();

 private:
  struct State;
  explicit RepairWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The repairs of a day, by number. Errors: those of Env; kCorrupt for a damaged index.
[[nodiscard]] Result<std::vector<Repair>> repairs(Env& env, const std::string& directory, Date day);

}  // namespace fm::capture
