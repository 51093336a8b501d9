#include "lake/duckdb.h"

#include <duckdb.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "lake/row_source.h"
#include "lake/row_taker.h"

namespace fm::lake {

namespace {

// The thread sanitizer does not see how DuckDB's own threads agree with each other.
#ifdef __SANITIZE_THREAD__
constexpr int kThreadsMax = 1;
#else
constexpr int kThreadsMax = 1'024;
#endif

}  // namespace

void ChunkDeleter::operator()(_duckdb_data_chunk* chunk) const {
  duckdb_destroy_data_chunk(&chunk);
}

struct Rows::State {
  duckdb_prepared_statement statement = nullptr;
  duckdb_result result{};
  bool has_result = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (has_result) duckdb_destroy_result(&result);
    duckdb_destroy_prepare(&statement);
  }
};

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

std::size_t Rows::columns() const { return duckdb_column_count(&state_->result); }
std::string Rows::name(std::size_t column) const {
  return duckdb_column_name(&state_->result, column);
}
int Rows::type(std::size_t column) const { return duckdb_column_type(&state_->result, column); }

Result<Chunk> Rows::next() {
  Chunk chunk(duckdb_fetch_chunk(state_->result));
  if (!chunk) {
    const char* message = duckdb_result_error(&state_->result);
    if (message != nullptr && *message != '\0') return std::unexpected(duckdb_error(message));
  }
  return chunk;
}

struct Database::Instance {
  DatabaseOptions options;
  duckdb_database database = nullptr;
  RowSource* row_source = nullptr;
  RowTaker* row_taker = nullptr;
  bool is_usable = true;

  explicit Instance(const DatabaseOptions& wanted) : options(wanted) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { duckdb_close(&database); }
};

struct Database::State {
  std::shared_ptr<Instance> instance;
  duckdb_connection connection = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { duckdb_disconnect(&connection); }
};

// Instances between two leases.
class Database::Idle {
 public:
  // Never destroyed: at the end of the process DuckDB may be gone before it.
  static Idle& of_process() {
    static Idle& idle = *new Idle;
    return idle;
  }

  std::unique_ptr<Instance> take(const DatabaseOptions& options) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(
        instances_, [&](const auto& instance) { return instance->options == options; });
    if (found == instances_.end()) return nullptr;
    auto taken = std::move(*found);
    instances_.erase(found);
    return taken;
  }

  void give_back(std::unique_ptr<Instance> instance) {
    const std::scoped_lock lock(mutex_);
    if (instance->is_usable && instances_.size() < kInstancesMax)
      instances_.push_back(std::move(instance));
  }

 private:
  static constexpr std::size_t kInstancesMax = 4;  // a few megabytes each
  std::mutex mutex_;
  std::vector<std::unique_ptr<Instance>> instances_;
};

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<std::unique_ptr<Database::Instance>> Database::create(const DatabaseOptions& options) {
  const std::array<std::pair<const char*, std::string>, 7> settings{{
      {"memory_limit", fmt::format("{}MiB", options.memory_max_mb)},
      {"threads", fmt::format("{}", std::min(options.threads, kThreadsMax))},
      {"preserve_insertion_order", options.preserve_order ? "true" : "false"},
      {"temp_directory", ""},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      // A file of the store is read once; an idle instance shall not hold its content.
      {"enable_external_file_cache", "false"},
  }};
  auto instance = std::make_unique<Instance>(options);
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess)
    return fail(Code::kInternal, "DuckDB: no configuration");
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config, name, value.c_str()) != DuckDBSuccess) {
      duckdb_destroy_config(&config);
      return fail(Code::kInternal, "DuckDB: does not accept {}={}", name, value);
    }
  }
  char* message = nullptr;
  const auto opened = duckdb_open_ext(nullptr, &instance->database, config, &message);
  duckdb_destroy_config(&config);
  if (opened != DuckDBSuccess) {
    Error error = duckdb_error(message != nullptr ? message : "cannot open a database");
    duckdb_free(message);
    return std::unexpected(std::move(error));
  }
  duckdb_connection connection = nullptr;
  if (duckdb_connect(instance->database, &connection) != DuckDBSuccess)
    return fail(Code::kInternal, "DuckDB: cannot connect");
  Status added = RowSource::add_function(connection, instance->row_source);
  if (added) added = RowTaker::add_function(connection, instance->row_taker);
  duckdb_disconnect(&connection);
  FM_TRY(added);
  return instance;
}

Result<Database> Database::open(const DatabaseOptions& options) {
  FM_ASSIGN(auto instance, create(options));
  return connect(std::move(instance));
}

Result<Database> Database::lease(const DatabaseOptions& options) {
  const auto give_back = [](Instance* instance) {
    Idle::of_process().give_back(std::unique_ptr<Instance>(instance));
  };
  if (auto idle = Idle::of_process().take(options)) {
    const std::shared_ptr<Instance> instance(idle.release(), give_back);
    auto database = connect(instance);
    if (database) return database;
    instance->is_usable = false;  // an internal error of DuckDB's ended it
  }
  FM_ASSIGN(auto instance, create(options));
  return connect(std::shared_ptr<Instance>(instance.release(), give_back));
}

Result<Database> Database::connect() const { return connect(state_->instance); }

Result<Database> Database::connect(std::shared_ptr<Instance> instance) {
  auto state = std::make_unique<State>();
  state->instance = std::move(instance);
  if (duckdb_connect(state->instance->database, &state->connection) != DuckDBSuccess)
    return fail(Code::kInternal, "DuckDB: cannot connect");
  Database database(std::move(state));
  FM_TRY(database.execute("SET TimeZone='UTC'"));
  return database;
}

Status Database::execute(const std::string& sql) {
  duckdb_result result{};
  const auto state = duckdb_query(state_->connection, sql.c_str(), &result);
  Status status;
  if (state != DuckDBSuccess) status = std::unexpected(duckdb_error(duckdb_result_error(&result)));
  duckdb_destroy_result(&result);
  return status;
}

Result<Rows> Database::query(const std::string& sql) {
  auto state = std::make_unique<Rows::State>();
  if (duckdb_prepare(state_->connection, sql.c_str(), &state->statement) != DuckDBSuccess)
    return std::unexpected(duckdb_error(duckdb_prepare_error(state->statement)));
  duckdb_pending_result pending = nullptr;
  if (duckdb_pending_prepared_streaming(state->statement, &pending) != DuckDBSuccess) {
    Error error = duckdb_error(duckdb_pending_error(pending));
    duckdb_destroy_pending(&pending);
    return std::unexpected(std::move(error));
  }
  const auto executed = duckdb_execute_pending(pending, &state->result);
  state->has_result = true;
  duckdb_destroy_pending(&pending);
  if (executed != DuckDBSuccess)
    return std::unexpected(duckdb_error(duckdb_result_error(&state->result)));
  return Rows(std::move(state));
}

_duckdb_connection* Database::connection() const { return state_->connection; }
RowSource*& Database::row_source() { return state_->instance->row_source; }
RowTaker*& Database::row_taker() { return state_->instance->row_taker; }

Error duckdb_error(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.contains(words); };
  Code code = Code::kQuery;
  if (says("No space left") || says("Disk quota exceeded"))
    code = Code::kNoSpace;
  else if (says("Permission denied") || says("Read-only file system"))
    code = Code::kPermission;
  else if (says("IO Error") && (says("No such file") || says("No files found")))
    code = Code::kNotFound;
  else if (says("IO Error"))
    code = Code::kIo;
  return Error(code, std::string(message));
}

int duckdb_type_of(table::Type type) {
  switch (type) {
    case table::Type::kTimestamp:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case table::Type::kDate:
      return DUCKDB_TYPE_DATE;
    case table::Type::kText:
      return DUCKDB_TYPE_VARCHAR;
    case table::Type::kInt64:
      return DUCKDB_TYPE_BIGINT;
    case table::Type::kInt32:
      return DUCKDB_TYPE_INTEGER;
    case table::Type::kInt8:
      return DUCKDB_TYPE_TINYINT;
    case table::Type::kBool:
      return DUCKDB_TYPE_BOOLEAN;
    case table::Type::kDouble:
      return DUCKDB_TYPE_DOUBLE;
  }
  FM_ASSERT(false);
}

}  // namespace fm::lake
