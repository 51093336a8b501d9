#include "lake/query.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "lake/duckdb.h"
#include "lake/history.h"
#include "lake/query_guard.h"
#include "lake/render.h"
#include "lake/row_reader.h"
#include "lake/row_set.h"
#include "lake/row_source.h"
#include "lake/store.h"
#include "table/catalogue.h"
#include "table/ddl.h"
#include "table/views.h"

namespace fm::lake {
namespace {

using table::Engine;

// Owns what the parser made of a text.
class Statements {
 public:
  Statements(duckdb_connection connection, const std::string& sql)
      : count_(duckdb_extract_statements(connection, sql.c_str(), &statements_)) {}
  ~Statements() { duckdb_destroy_extracted(&statements_); }
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] Error error() const {
    const char* message = duckdb_extract_statements_error(statements_);
    return Error(Code::kQuery, message != nullptr ? message : "the statement is empty");
  }

 private:
  duckdb_extracted_statements statements_ = nullptr;
  std::size_t count_;
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// The first word, comments and parentheses before it skipped.
std::string first_word(std::string_view sql) {
  for (;;) {
    const std::size_t begin = sql.find_first_not_of(" \t\r\n(");
    if (begin == std::string_view::npos) return "";
    sql.remove_prefix(begin);
    if (sql.starts_with("--"))
      sql.remove_prefix(std::min(sql.size(), sql.find('\n')));
    else if (sql.starts_with("/*"))
      sql.remove_prefix(std::min(sql.size(), sql.find("*/") + 2));
    else
      break;
  }
  const auto end = std::ranges::find_if_not(
      sql, [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; });
  return lower(std::string_view(sql.begin(), end));
}

Error refused(std::string_view word) {
  return Error(Code::kInvalidArgument,
               fmt::format(
                   "\"{}\" is not read-only; expected one SELECT, EXPLAIN, DESCRIBE or SHOW", word))
      .hint("The lake changes only through the commands that load data.");
}

// The parser's kind decides; the word tells SHOW and DESCRIBE, which it calls SELECT or PRAGMA,
// from real pragmas, and refuses EXPLAIN ANALYZE, which runs what it explains.
Status check_read_only(Database& database, const std::string& sql) {
  static constexpr std::string_view kWords[] = {"select", "with",      "from",     "values",
                                                "table",  "explain",   "describe", "desc",
                                                "show",   "summarize", "pivot",    "unpivot"};
  // First the word: some pragmas do their work while they are parsed.
  const std::string word = first_word(sql);
  const bool is_known = std::ranges::find(kWords, word) != std::end(kWords);
  if (!word.empty() && !is_known) return std::unexpected(refused(word));
  const Statements statements(database.connection(), sql);
  if (statements.count() == 0) return std::unexpected(statements.error());
  if (statements.count() > 1)
    return fail(Code::kInvalidArgument, "{} statements; expected one", statements.count());
  if (!is_known) return std::unexpected(refused(word));
  if (word != "explain") return check_functions(database, sql);
  const std::string_view text(sql);
  const std::size_t at = lower(text).find("explain") + 7;
  std::string_view inner = text.substr(at);
  if (first_word(inner) == "analyze") inner.remove_prefix(lower(inner).find("analyze") + 7);
  const std::string explained = first_word(inner);
  if (explained == "explain" || std::ranges::find(kWords, explained) == std::end(kWords))
    return std::unexpected(refused(fmt::format("EXPLAIN {}", explained)));
  return check_functions(database, std::string(inner));
}

// After preparing: a WITH may end in an INSERT, and only the plan knows.
Status check_plan(Database& database, const std::string& sql) {
  duckdb_prepared_statement statement = nullptr;
  Status status;
  if (duckdb_prepare(database.connection(), sql.c_str(), &statement) != DuckDBSuccess) {
    status = std::unexpected(duckdb_error(duckdb_prepare_error(statement)));
  } else {
    const auto type = duckdb_prepared_statement_type(statement);
    if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN &&
        type != DUCKDB_STATEMENT_TYPE_RELATION)
      status = std::unexpected(refused(first_word(sql)));
  }
  duckdb_destroy_prepare(&statement);
  return status;
}

std::string_view without_end(std::string_view sql) {
  const std::size_t last = sql.find_last_not_of("; \t\r\n");
  return last == std::string_view::npos ? sql : sql.substr(0, last + 1);
}

// The statement with columns of lists, decimals and the like as text.
std::string with_plain_columns(const Rows& rows, const std::string& sql) {
  std::string columns;
  bool all_plain = true;
  for (std::size_t c = 0; c < rows.columns(); ++c) {
    const bool plain = is_plain_type(rows.type(c));
    all_plain &= plain;
    const std::string name = quote_name(rows.name(c), Engine::kDuckdb);
    fmt::format_to(std::back_inserter(columns), "{}{} AS {}", c == 0 ? "" : ", ",
                   plain ? fmt::format("#{}", c + 1) : fmt::format("CAST(#{} AS VARCHAR)", c + 1),
                   name);
  }
  if (all_plain) return "";
  return fmt::format("SELECT {} FROM (\n{}\n)", columns, without_end(sql));
}

// Of this process, in bytes; 0 where the system does not say.
std::uint64_t memory_in_use(Env& env) {
  constexpr std::uint64_t kPage = 4'096;
  const auto text = read_text(env, "/proc/self/statm", 256);
  if (!text) return 0;
  // The second number: resident pages.
  const std::size_t blank = text->find(' ');
  return blank == std::string::npos ? 0 : std::strtoull(text->c_str() + blank, nullptr, 10) * kPage;
}

// Interrupts a connection's statement when its time is over, when the process has grown by far more
// than it may use (the engine does not count the values that functions make), or when told to.
class Watch {
 public:
  Watch(Env& env, duckdb_connection connection, const QueryOptions& options)
      : env_(env),
        connection_(connection),
        time_max_(options.time_max),
        memory_max_(memory_in_use(env) + (options.memory_max_mb << 20) + kUncounted),
        thread_([this](const std::stop_token& stop) {
          name_thread("fm-query-watch");
          wait(stop);
        }) {}

  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

  // What the engine's error means.
  [[nodiscard]] Error explain(Error error) {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return Error(Code::kQuery, "the statement was cancelled");
    if (swollen_)
      return Error(Code::kQuery, "the statement needed more memory than it may use")
          .hint("Ask for fewer or smaller values, or allow more (query.memory_mib).");
    if (!expired_) return error;
    return Error(Code::kTimedOut, fmt::format("the statement ran for longer than {:.1f} s",
                                              static_cast<double>(time_max_) / 1e9))
        .hint("Ask for fewer partitions or columns, or allow more time.");
  }

 private:
  void wait(const std::stop_token& stop) {
    constexpr auto kLook = std::chrono::milliseconds(20);
    const auto ends = std::chrono::steady_clock::now() + std::chrono::nanoseconds(time_max_);
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      expired_ = expired_ || (time_max_ > 0 && std::chrono::steady_clock::now() >= ends);
      swollen_ = swollen_ || memory_in_use(env_) > memory_max_;
      // The engine may not have begun to run it yet, and then does not hear the first call.
      if (cancelled_ || expired_ || swollen_) duckdb_interrupt(connection_);
      changed_.wait_for(lock, stop, kLook, [this] { return cancelled_ && !told_; });
      told_ = cancelled_;
    }
  }

  // Beyond the engine's own count: results under way, and values.
  static constexpr std::uint64_t kUncounted = std::uint64_t{512} << 20;

  Env& env_;
  duckdb_connection connection_;
  const Nanos time_max_;
  const std::uint64_t memory_max_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool cancelled_ = false;
  bool told_ = false;  // of the cancelling
  bool expired_ = false;
  bool swollen_ = false;
  std::jthread thread_;  // last: starts when everything else is there
};

}  // namespace

struct Query::State {
  const Lake* lake;
  QueryOptions options;
  std::vector<RowSet> rows;
  std::mutex mutex;
  Watch* watch = nullptr;  // of the statement under way

  Result<std::vector<DataFile>> files_of_table(const table::Table& table) const;
  // `folder`: a statement may use it beside the lake's files; empty: none.
  Result<Database> prepare(const std::string& sql, const std::string& folder) const;
  template <class Execute>
  Result<QueryOutcome> run(const std::string& text, const std::string& folder, const bool& wrote,
                           const Execute& execute);
  Status add_table(Database& database, const table::Table& table, bool is_named) const;
};

namespace {

std::string sql_name(const table::Table& table) {
  return fmt::format("{}.{}", quote_name(table.dataset, Engine::kDuckdb),
                     quote_name(table.name, Engine::kDuckdb));
}

// Tables are found by their bare name, too.
Status create_short_name(Database& database, const table::Table& table) {
  return database.execute(fmt::format("CREATE VIEW {} AS FROM {}",
                                      quote_name(table.name, Engine::kDuckdb), sql_name(table)));
}

Status add_view(Database& database, const table::View& view) {
  const std::string name = fmt::format("{}.{}", quote_name(view.dataset, Engine::kDuckdb),
                                       quote_name(view.name, Engine::kDuckdb));
  FM_TRY(database.execute(fmt::format("CREATE VIEW {} AS {}", name, view.select)));
  return database.execute(
      fmt::format("CREATE VIEW {} AS FROM {}", quote_name(view.name, Engine::kDuckdb), name));
}

// By itself, or through a view. `text` is in small letters.
bool is_named(const std::string& text, const table::Table& table) {
  if (text.contains(table.name)) return true;
  return std::ranges::any_of(table::all_views(), [&](const table::View& view) {
    return text.contains(view.name) &&
           std::ranges::find(view.tables, table.name) != view.tables.end();
  });
}

}  // namespace

Result<std::vector<DataFile>> Query::State::files_of_table(const table::Table& table) const {
  if (!options.as_of) {
    FM_ASSIGN(const auto manifests, lake->partitions(table));
    return files_of(manifests);
  }
  FM_ASSIGN(const auto past, lake->partitions_as_of(table, *options.as_of));
  std::vector<DataFile> files;
  for (const PastPartition& partition : past)
    files.insert(files.end(), partition.files.begin(), partition.files.end());
  return files;
}

Status Query::State::add_table(Database& database, const table::Table& table, bool is_named) const {
  FM_TRY(database.execute(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}", quote_name(table.dataset, Engine::kDuckdb))));
  for (const RowSet& set : rows) {
    if (&set.table() != &table) continue;
    RowSetStream stream(set);
    const auto source = RowSource::create(database, stream);
    FM_TRY(database.execute(
        fmt::format("CREATE TABLE {} AS FROM {}", sql_name(table), source->from_clause())));
    return create_short_name(database, table);
  }
  const Store store(lake->env(), lake->directory(), lake->state_dir(), 0, 0, 0);
  std::vector<DataFile> files;
  // Reading the manifests of tables that the statement does not speak of would cost time for
  // nothing.
  if (is_named) {
    FM_ASSIGN(files, files_of_table(table));
  }
  FM_TRY(database.execute(
      fmt::format("CREATE VIEW {} AS {}", sql_name(table), relation_of(store, table, files))));
  return create_short_name(database, table);
}

Result<Database> Query::State::prepare(const std::string& sql, const std::string& folder) const {
  FM_ASSIGN(Database database,
            Database::open({.memory_max_mb = options.memory_max_mb, .threads = options.threads}));
  const std::string text = lower(sql);
  for (const table::Table& table : table::all_tables())
    FM_TRY(add_table(database, table, is_named(text, table)));
  for (const table::View& view : table::all_views()) FM_TRY(add_view(database, view));
  const std::string store = join(lake->directory(), ".store");
  std::string allowed = quote_text(store, Engine::kDuckdb);
  if (!folder.empty()) allowed += ", " + quote_text(folder, Engine::kDuckdb);
  FM_TRY(database.execute(fmt::format("SET allowed_directories=[{}]", allowed)));
  FM_TRY(database.execute("SET enable_external_access=false"));
  FM_TRY(database.execute("SET lock_configuration=true"));
  return database;
}

Query::Query(std::unique_ptr<State> state) : state_(std::move(state)) {}
Query::~Query() = default;

Result<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::kTable;
  if (name == "csv") return Format::kCsv;
  if (name == "json") return Format::kJson;
  return fail(Code::kInvalidArgument, "unknown format \"{}\"; expected table, csv or json", name);
}

Result<std::unique_ptr<Query>> Query::open(const Lake& lake, QueryOptions options) {
  if (options.as_of) FM_TRY(check_as_of(lake.env(), *options.as_of));
  auto state = std::make_unique<State>();
  state->lake = &lake;
  state->options = options;
  return std::unique_ptr<Query>(new Query(std::move(state)));
}

Status Query::set_rows(table::RowStream& rows) {
  FM_ASSIGN(RowSet set, RowSet::read(rows));
  std::erase_if(state_->rows, [&](const RowSet& other) { return &other.table() == &set.table(); });
  state_->rows.push_back(std::move(set));
  return {};
}

void Query::cancel() {
  const std::lock_guard lock(state_->mutex);
  if (state_->watch != nullptr) state_->watch->cancel();
}

template <class Execute>
Result<QueryOutcome> Query::State::run(const std::string& text, const std::string& folder,
                                       const bool& wrote, const Execute& execute) {
  FM_TRY(check_text(text));
  const auto attempt = [&]() -> Result<QueryOutcome> {
    FM_ASSIGN(Database database, prepare(text, folder));
    Watch running(lake->env(), database.connection(), options);
    const auto show = [&](Watch* shown) {
      const std::lock_guard lock(mutex);
      watch = shown;
    };
    show(&running);
    const auto checked = [&]() -> Result<QueryOutcome> {
      FM_TRY(check_read_only(database, text));
      FM_TRY(check_plan(database, text));
      return execute(database);
    };
    auto outcome = checked();
    show(nullptr);
    if (!outcome) return std::unexpected(running.explain(std::move(outcome).error()));
    return outcome;
  };
  auto done = attempt();
  // A file may vanish when its manifest was read a grace ago; a fresh manifest names fresh files.
  if (!done && done.error().code() == Code::kNotFound && !wrote) done = attempt();
  return done;
}

Result<QueryOutcome> Query::run(std::string_view sql, Format format, WritableFile& out) {
  const std::string text(sql);
  bool wrote = false;
  return state_->run(text, "", wrote, [&](Database& database) -> Result<QueryOutcome> {
    FM_ASSIGN(Rows rows, database.query(text));
    const std::string plain = with_plain_columns(rows, text);
    if (plain.empty()) return render(rows, format, state_->options.rows_max, out, wrote);
    FM_ASSIGN(Rows cast, database.query(plain));
    return render(cast, format, state_->options.rows_max, out, wrote);
  });
}

Result<QueryOutcome> Query::run_to_parquet(std::string_view sql, const std::string& folder,
                                           const std::string& name) {
  const std::string text(sql);
  const std::uint64_t rows_max = state_->options.rows_max;
  const std::string copy =
      fmt::format("COPY (SELECT * FROM (\n{}\n){}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                  without_end(text), rows_max == 0 ? "" : fmt::format(" LIMIT {}", rows_max),
                  quote_text(join(folder, name), Engine::kDuckdb));
  return state_->run(text, folder, false, [&](Database& database) -> Result<QueryOutcome> {
    FM_ASSIGN(Rows rows, database.query(copy));
    FM_ASSIGN(const Chunk chunk, rows.next());
    QueryOutcome outcome;
    if (chunk)
      outcome.rows = *static_cast<const std::uint64_t*>(
          duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0)));
    outcome.is_cut = rows_max > 0 && outcome.rows == rows_max;
    return outcome;
  });
}

}  // namespace fm::lake
