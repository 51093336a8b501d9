// One session with a PostgreSQL server.
//
//   FM_ASSIGN(Connection db, Connection::open(env, uri, {}));
//   FM_TRY(db.run("BEGIN"));
//   FM_ASSIGN(const Rows rows, db.query("SELECT $1::int + 1", {"41"}));
//
// Errors carry the server's words and its SQLSTATE in brackets. Those that can be retried:
// kDisconnected (also a server that shuts down or starts), kTimedOut, kBusy (deadlock,
// serialization, a lock that is not to be had, too many connections), kNoSpace. Those that cannot:
// kRefused (a wrong password), kNotFound (no such database, schema or table), kPermission,
// kConflict (the table is another one than was expected), kQuery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"

namespace fm::postgres {

inline constexpr int kServerVersionLeast = 15;  // UNIQUE NULLS NOT DISTINCT

struct ConnectionOptions {
  Nanos connect_timeout = 10 * kNanosPerSecond;
  // The server gives a statement up after this; the connection, when it does not even say so.
  Nanos statement_timeout = 60 * kNanosPerSecond;
  Nanos lock_timeout = 10 * kNanosPerSecond;
  // Asked ten times a second while waiting; true ends the wait with kTimedOut.
  std::function<bool()> stopped = {};
};

// Cells as text, in the server's own form, or (kBinary) as COPY has them; nothing: NULL.
using Rows = std::vector<std::vector<std::optional<std::string>>>;

class Connection {
 public:
  static constexpr std::size_t kRowsMax = 1'000'000;  // of a query

  // `uri`: postgresql://user:password@host:5432/database?sslmode=require, or libpq's
  // "host=… dbname=…". What it says is never printed, but for host, port and database.
  // Errors: kInvalidArgument for what is no such URI; kUnsupported for an older server.
  [[nodiscard]] static Result<Connection> open(Env& env, const Secret& uri,
                                               ConnectionOptions options);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // "market on db.example:5432"
  [[nodiscard]] const std::string& place() const;
  // After it, only another connection helps.
  [[nodiscard]] bool is_broken() const;
  void set_statement_timeout(Nanos timeout);  // of the statements from here on; 0: none

  // Statements with semicolons between them: all of them or none, unless they say BEGIN. Returns
  // how many rows the last one wrote.
  [[nodiscard]] Result<std::uint64_t> run(std::string_view statements);
  // One statement with $1, $2, … in it.
  enum class Cells { kText, kBinary };
  [[nodiscard]] Result<Rows> query(std::string_view statement,
                                   const std::vector<std::optional<std::string>>& parameters = {},
                                   Cells cells = Cells::kText);

  // COPY … FROM STDIN: begin, any number of pieces, end. After an error in between the copy is over
  // and nothing of it is there.
  [[nodiscard]] Status begin_copy(std::string_view statement);
  [[nodiscard]] Status copy(std::span<const std::byte> bytes);
  [[nodiscard]] Result<std::uint64_t> end_copy();

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether `uri` can be one, without connecting. Errors: kInvalidArgument.
[[nodiscard]] Status check_uri(const Secret& uri);

}  // namespace fm::postgres
