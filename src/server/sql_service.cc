#include "server/sql_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/log.h"
#include "base/thread.h"
#include "ops/state.h"

namespace fm::server {
namespace {

// A result in memory, and no more of it than there may be.
class BoundedText final : public WritableFile {
 public:
  using WritableFile::write;
  Status write(std::span<const std::byte> bytes) override {
    if (text_.size() + bytes.size() > kResultBytesMax)
      return std::unexpected(
          Error(Code::kInvalidArgument,
                fmt::format("the result is larger than {} MiB", kResultBytesMax >> 20))
              .hint("Ask for fewer rows or columns."));
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  Status sync() override { return {}; }
  Status close() override { return {}; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Cancels a statement once nobody waits for it.
class GoneWatch {
 public:
  GoneWatch(lake::Query& query, const std::function<bool()>& is_gone)
      : thread_([this, &query, &is_gone](const std::stop_token& stop) {
          name_thread("fm-query-gone");
          constexpr auto kLook = std::chrono::milliseconds(50);
          std::unique_lock lock(mutex_);
          while (!stop.stop_requested()) {
            if (is_gone()) query.cancel();
            changed_.wait_for(lock, stop, kLook, [] { return false; });
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;  // last: starts when everything else is there
};

constexpr std::string_view kScratchPrefix = "query-";

// What killed processes left. Others of this state directory may be at work: no statement takes
// nearly as long as this.
void clear_scratch(Env& env, const std::string& state_dir) {
  constexpr Nanos kLeftBehind = 3'600 * kNanosPerSecond;
  const auto names = env.list(state_dir);
  if (!names) return;  // a state directory comes with the first state
  for (const std::string& name : *names) {
    if (!name.starts_with(kScratchPrefix)) continue;
    const std::string path = join(state_dir, name);
    const auto info = env.info(path);
    if (!info || info->modified + kLeftBehind > env.now()) continue;
    if (const Status removed = remove_tree(env, path); !removed)
      log_warning("{}", removed.error().message());
  }
}

// A folder of its own for one file, gone with the object.
class ScratchFolder {
 public:
  ScratchFolder(Env& env, const std::string& state_dir)
      : env_(env), path_(join(state_dir, fmt::format("{}{:016x}", kScratchPrefix, env.random()))) {}
  ~ScratchFolder() {
    if (const Status removed = remove_tree(env_, path_); !removed)
      log_warning("{}", removed.error().message());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] Status make() { return env_.make_directories(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Env& env_;
  const std::string path_;
};

}  // namespace

SqlService::SqlService(Env& env, const lake::Lake& lake, QueryLimits limits)
    : env_(env), lake_(lake), limits_(limits) {
  clear_scratch(env_, lake_.state_dir());
}

Result<SqlResult> SqlService::run(const SqlRequest& request) {
  ++statements_;
  if (running_.fetch_add(1) >= limits_.at_once_max) {
    --running_;
    ++refused_;
    return std::unexpected(
        Error(Code::kBusy, fmt::format("{} statements are running already", limits_.at_once_max))
            .hint("Try again when one of them has ended."));
  }
  auto result = run_alone(request);
  --running_;
  if (!result) ++failed_;
  return result;
}

Status SqlService::add_state(lake::Query& query) {
  auto state = ops::State::open_to_read(env_, ops::state_file(lake_.state_dir()));
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

Result<SqlResult> SqlService::run_alone(const SqlRequest& request) {
  const Nanos began = env_.monotonic();
  const std::uint64_t rows_max =
      request.rows_max == 0 ? limits_.rows_max : std::min(request.rows_max, limits_.rows_max);
  FM_ASSIGN(const auto query, lake::Query::open(lake_, {.memory_max_mb = limits_.memory_mib,
                                                        .threads = limits_.threads,
                                                        .time_max = limits_.time_max,
                                                        .rows_max = rows_max}));
  FM_TRY(add_state(*query));
  const GoneWatch watch(*query, request.is_gone);
  SqlResult result;
  if (request.parquet) {
    FM_ASSIGN(result, to_parquet(*query, request.sql));
  } else {
    BoundedText text;
    FM_ASSIGN(const auto outcome, query->run(request.sql, request.format, text));
    result = {.body = text.take(), .rows = outcome.rows, .is_cut = outcome.is_cut};
  }
  result.elapsed = env_.monotonic() - began;
  return result;
}

Result<SqlResult> SqlService::to_parquet(lake::Query& query, std::string_view sql) {
  constexpr std::string_view kName = "result.parquet";
  ScratchFolder folder(env_, lake_.state_dir());
  FM_TRY(folder.make());
  FM_ASSIGN(const auto outcome, query.run_to_parquet(sql, folder.path(), std::string(kName)));
  FM_ASSIGN(std::string body, read_text(env_, join(folder.path(), kName), kResultBytesMax));
  return SqlResult{.body = std::move(body), .rows = outcome.rows, .is_cut = outcome.is_cut};
}

SqlFigures SqlService::figures() const {
  return {
      .statements = statements_, .failed = failed_, .refused_busy = refused_, .running = running_};
}

}  // namespace fm::server
