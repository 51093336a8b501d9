// What happened, kept across runs and shared by processes: one SQLite file in WAL mode. Rows have
// the columns of the catalogue's ops tables, timestamps as microseconds since 1970 UTC and dates as
// days since 1970.
//
//   FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(state_dir)));
//   FM_ASSIGN(const std::string run, state.begin_run({.job = "candles", .parameters_json =
//   "{…}"})); … FM_TRY(state.finish_run(run, {.rows_processed = rows}));
//
// Errors of every call: kBusy (another process has been writing for longer than kBusyPatience;
// retryable), kNoSpace, kCorrupt, kPermission, kIo.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "ops/load_state.h"
#include "ops/mirror_state.h"
#include "ops/recent.h"
#include "table/catalogue.h"
#include "table/row_stream.h"

namespace fm::ops {

// How long a call waits for another process's transaction; they last milliseconds.
inline constexpr Nanos kBusyPatience = 10 * kNanosPerSecond;

// STATE_DIR/ops.sqlite
[[nodiscard]] std::string state_file(std::string_view state_dir);

struct RunStart {
  std::string_view job;  // "candles"
  std::string_view parameters_json;
  std::string_view engine_version = FM_VERSION;
};

struct RunEnd {
  std::optional<std::int64_t> rows_processed;
  std::optional<std::string> error_message;  // given: the run failed
};

enum class Severity { kInfo, kWarning, kError };

struct Event {
  std::string_view source;   // who noticed: "candles"
  std::string_view dataset;  // concerned: "market_data"
  std::optional<std::string_view> table_name = {};
  Severity severity = Severity::kWarning;
  std::optional<std::string_view> check_type = {};  // "calendar_contradicted"
  std::string_view message;
  std::optional<std::string_view> payload_json = {};
  // Given: events that share it are the same one, which is kept once. At most 100 characters.
  std::optional<std::string_view> identity = {};
};

// Records left out of one ticker's trade date; without a ticker, of one UTC date of arrival.
struct Rejects {
  std::optional<std::string> ticker;
  Date date;
  std::map<std::string, std::int64_t> counts;  // by reason
};

// A time [from, to) in which a feed received nothing: from the last arrival before to the first one
// after.
struct Gap {
  std::string dataset;                // of the feed: "GLBX.MDP3"
  std::optional<std::string> schema;  // none: of all its schemas
  Nanos from = 0;
  Nanos to = 0;
  std::string reason;  // "replay_window_exceeded"
};

struct StoredGap {
  std::string gap_id;
  Gap gap;
  bool repaired = false;
  std::optional<Nanos> repaired_at;  // to the microsecond, as recorded_at
  std::optional<std::string> repaired_by;
  Nanos recorded_at = 0;
};

enum class Gaps { kAll, kOpen };  // kOpen: not repaired

// One connection. Not for use by two threads at once; processes and other objects may share the
// file.
class State {
 public:
  // Makes the file and its folder when they are missing and brings an older schema up to date.
  // Errors: also kUnsupported for a file of a newer program.
  [[nodiscard]] static Result<State> open(Env& env, const std::string& file);
  // Never changes anything. Errors: also kNotFound, and kUnsupported for an older or newer schema.
  [[nodiscard]] static Result<State> open_to_read(Env& env, const std::string& file);
  ~State();
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;

  // Returns the run's unique name. A run that never ends, because its process died, stays
  // "running".
  [[nodiscard]] Result<std::string> begin_run(const RunStart& start);
  // Errors: also kNotFound for a run that does not exist or has ended.
  [[nodiscard]] Status finish_run(std::string_view run_id, const RunEnd& end);

  // Returns the event's unique name.
  [[nodiscard]] Result<std::string> add_event(const Event& event);
  // In one transaction. How many of them were new.
  [[nodiscard]] Result<std::uint64_t> add_events(std::span<const Event> events);

  // In one transaction, each takes the place of what was stored for its path and content.
  [[nodiscard]] Status record_loads(std::span<const LoadedFile> files);
  // All that is stored, by path; of one path the newest last.
  [[nodiscard]] Result<std::vector<LoadedFile>> loads();

  // In one transaction, each takes the place of what was stored for its destination and part, or
  // batch.
  [[nodiscard]] Status record_mirror(std::span<const MirrorPart> parts,
                                     std::span<const MirrorBatch> batches = {});
  [[nodiscard]] Status remove_mirror(std::span<const MirrorPart> parts);
  // All that is known of a destination.
  [[nodiscard]] Status forget_mirror(std::string_view destination);
  // Those that the choice leaves, oldest partition first.
  [[nodiscard]] Result<std::vector<MirrorPart>> mirror_parts(const MirrorChoice& choice);
  // Those that the choice leaves, in the order of their creation.
  [[nodiscard]] Result<std::vector<MirrorBatch>> mirror_batches(const BatchChoice& choice);

  // In one transaction, the counts of each ticker and date take the place of those stored before,
  // so that a job that is run again counts nothing twice. Empty counts remove.
  [[nodiscard]] Status record_rejects(std::span<const Rejects> rejects);

  // Returns the gap's name. The same dataset, schema and times are the same gap: recording it again
  // changes nothing. Errors: also kInvalidArgument for a gap that ends before it begins.
  [[nodiscard]] Result<std::string> add_gap(const Gap& gap);
  // Of a dataset, the earliest first.
  [[nodiscard]] Result<std::vector<StoredGap>> gaps(std::string_view dataset, Gaps which);
  // `by` says what closed it. A gap that is repaired already keeps its first account. Errors: also
  // kNotFound.
  [[nodiscard]] Status mark_repaired(std::string_view gap_id, std::string_view by);

  // Gaps of every feed that end behind this time, the earliest first.
  [[nodiscard]] Result<std::vector<StoredGap>> gaps_since(Nanos since, Gaps which);
  // Counts of this date and later ones.
  [[nodiscard]] Result<std::vector<Rejects>> rejects(Date from);
  [[nodiscard]] Result<std::vector<StoredRun>> runs(const RunChoice& choice);
  [[nodiscard]] Result<std::vector<StoredEvent>> events(const EventChoice& choice);

  // The rows of an ops table in the order of its key, as they are when the first batch is read. The
  // stream must not outlive this object. Errors: kNotFound for a table that is not kept here.
  [[nodiscard]] Result<std::unique_ptr<table::RowStream>> rows(const table::Table& table);

  // Errors: kCorrupt, with what SQLite found.
  [[nodiscard]] Status check_integrity();
  // A copy as of one moment, in a file that does not exist yet. Errors: also kAlreadyExists.
  [[nodiscard]] Status copy_to(Env& env, const std::string& file);

  // The schema that this program writes.
  [[nodiscard]] static int schema_version();
  // The tables that are kept here.
  [[nodiscard]] static std::span<const table::Table* const> tables();

 private:
  struct Connection;
  explicit State(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace fm::ops
