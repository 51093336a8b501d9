#include "jobs/query_job.h"

#include <algorithm>
#include <thread>

#include "lake/query.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

// Tables of the run state stand beside the lake's; without a state file they are empty.
Status add_state_tables(Env& env, const Config& config, lake::Query& query) {
  auto state = ops::State::open_to_read(env, ops::state_file(config.state_dir));
  if (!state) {
    if (state.error().code() == Code::kNotFound) return {};
    return std::unexpected(std::move(state).error());
  }
  for (const auto* table : ops::State::tables()) {
    FM_ASSIGN(const auto rows, state->rows(*table));
    FM_TRY(query.set_rows(*rows));
  }
  return {};
}

}  // namespace

Status run_query(Env& env, const Config& config, std::string_view sql,
                 const QueryJobOptions& options, WritableFile& out) {
  FM_ASSIGN(const lake::Format format, lake::parse_format(options.format));
  const auto info = env.info(config.lake);
  if (!info || !info->is_directory) {
    return std::unexpected(Error(Code::kNotFound, fmt::format("{}: there is no lake", config.lake))
                               .hint("Name it by --lake DIR or the key `lake`; `frontmonth candles "
                                     "IN... --lake DIR` makes one."));
  }
  const auto view = lake::Lake::view(env, config.lake, {.state_dir = config.state_dir});
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  const int threads =
      config.query.threads > 0 ? static_cast<int>(config.query.threads) : static_cast<int>(cores);
  FM_ASSIGN(const auto query,
            lake::Query::open(
                *view, {.memory_max_mb = static_cast<std::uint64_t>(config.query.memory_mib),
                        .threads = threads,
                        .time_max = static_cast<Nanos>(config.query.timeout_s) * kNanosPerSecond,
                        .rows_max = static_cast<std::uint64_t>(config.query.rows_max),
                        .as_of = options.as_of}));
  FM_TRY(add_state_tables(env, config, *query));
  FM_ASSIGN(const lake::QueryOutcome outcome, query->run(sql, format, out));
  if (outcome.is_cut)
    log_warning("there are more rows; these are the first {}, as query.rows_max says",
                outcome.rows);
  return {};
}

}  // namespace fm::jobs
