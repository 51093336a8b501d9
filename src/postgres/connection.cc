#include "postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/assert.h"
#include "postgres/pq_error.h"

namespace fm::postgres {
namespace {

constexpr Nanos kSlice = 100'000'000;          // how soon a stop is noticed
constexpr Nanos kGrace = 5 * kNanosPerSecond;  // for the server to say that time is up
constexpr std::size_t kMessageMax = 400;

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PqResult = std::unique_ptr<PGresult, ResultCloser>;

struct InfoCloser {
  void operator()(PQconninfoOption* info) const { PQconninfoFree(info); }
};

std::string_view text_or_empty(const char* text) { return text == nullptr ? "" : text; }

// Blanks at the end, and what comes behind the first line that says something.
std::string_view cleaned(std::string_view text) {
  text = text.substr(0, kMessageMax);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

}  // namespace

struct Connection::State {
  Env& env;
  ConnectionOptions options;
  PGconn* handle = nullptr;
  std::string place;
  bool broken = false;

  State(Env& e, ConnectionOptions o) : env(e), options(std::move(o)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { PQfinish(handle); }

  // The end of what may last from now on; 0: no end.
  [[nodiscard]] Nanos deadline(Nanos patience) const {
    return patience == 0 ? 0 : env.monotonic() + patience;
  }
  [[nodiscard]] Nanos statement_deadline() const {
    return options.statement_timeout == 0 ? 0 : deadline(options.statement_timeout + kGrace);
  }

  [[nodiscard]] Error connection_error() {
    broken = true;
    const std::string_view text = cleaned(text_or_empty(PQerrorMessage(handle)));
    return server_error(place, "", text.empty() ? "the connection is closed" : text, "");
  }

  // Until the socket can be read or (`events`) written.
  Status wait(short events, Nanos end) {
    for (;;) {
      if (options.stopped && options.stopped()) {
        broken = true;
        return std::unexpected(
            Error(Code::kTimedOut, fmt::format("{}: stopped while waiting", place)).retryable());
      }
      const Nanos now = env.monotonic();
      if (end != 0 && now >= end) {
        broken = true;
        return std::unexpected(
            Error(Code::kTimedOut, fmt::format("{}: the server does not answer", place))
                .retryable());
      }
      const Nanos slice = end == 0 ? kSlice : std::min(kSlice, end - now);
      pollfd socket{PQsocket(handle), events, 0};
      const int ready = ::poll(&socket, 1, static_cast<int>(slice / 1'000'000) + 1);
      if (ready > 0) return {};
    }
  }

  Status flush(Nanos end) {
    for (;;) {
      const int left = PQflush(handle);
      if (left < 0) return std::unexpected(connection_error());
      if (left == 0) return {};
      FM_TRY(wait(POLLIN | POLLOUT, end));
      // Else the server, which wants to say something first, and this side wait for each other.
      if (PQconsumeInput(handle) == 0) return std::unexpected(connection_error());
    }
  }

  // Null at the statement's end.
  Result<PqResult> next_result(Nanos end) {
    while (PQisBusy(handle) != 0) {
      FM_TRY(wait(POLLIN, end));
      if (PQconsumeInput(handle) == 0) return std::unexpected(connection_error());
    }
    return PqResult(PQgetResult(handle));
  }

  [[nodiscard]] Error error_of(const PGresult* result) {
    const std::string_view state = text_or_empty(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    if (PQstatus(handle) == CONNECTION_BAD || state.starts_with("57P")) broken = true;
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return server_error(place, state,
                        cleaned(primary != nullptr ? primary : PQresultErrorMessage(result)),
                        cleaned(text_or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL))));
  }

  // All results up to the end of the statements; the last one, or the first that failed. Ends early
  // when the server waits for a copy.
  Result<PqResult> finish(Nanos end) {
    PqResult last;
    std::optional<Error> failed;
    for (;;) {
      FM_ASSIGN(PqResult result, next_result(end));
      if (!result) break;
      switch (PQresultStatus(result.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
          last = std::move(result);
          break;
        case PGRES_COPY_IN:
          return result;
        default:
          if (!failed) failed = error_of(result.get());
          if (broken) return std::unexpected(*std::move(failed));
      }
    }
    if (failed) return std::unexpected(*std::move(failed));
    if (!last) return std::unexpected(connection_error());
    return last;
  }

  Result<PqResult> execute(std::string_view statements, Nanos end) {
    FM_TRY(check());
    if (PQsendQuery(handle, std::string(statements).c_str()) == 0)
      return std::unexpected(connection_error());
    FM_TRY(flush(end));
    return finish(end);
  }

  Status check() const {
    if (!broken) return {};
    return std::unexpected(
        Error(Code::kDisconnected, fmt::format("{}: the connection is closed", place)).retryable());
  }

  Status connect();
  Status greet();
};

namespace {

using Info = std::unique_ptr<PQconninfoOption, InfoCloser>;

// libpq's own words about what it cannot parse may quote the password.
Result<Info> parse(const Secret& uri) {
  char* words = nullptr;
  Info info(PQconninfoParse(std::string(uri.reveal()).c_str(), &words));
  PQfreemem(words);
  if (info) return info;
  return std::unexpected(
      Error(Code::kInvalidArgument, "the connection URI of the database cannot be read")
          .hint("Expected postgresql://USER:PASSWORD@HOST:5432/DATABASE; letters such as @ and / "
                "in the password are written %40 and %2F."));
}

std::string place_in(PGconn* handle) {
  const std::string_view host = text_or_empty(PQhost(handle));
  const std::string_view name = text_or_empty(PQdb(handle));
  return fmt::format("{} on {}:{}", name.empty() ? "database" : name,
                     host.empty() ? "localhost" : host, text_or_empty(PQport(handle)));
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

Status check_uri(const Secret& uri) {
  FM_ASSIGN(const Info info, parse(uri));
  static_cast<void>(info);
  return {};
}

Status Connection::State::connect() {
  const Nanos end = deadline(options.connect_timeout);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      broken = true;
      const std::string_view words = cleaned(text_or_empty(PQerrorMessage(handle)));
      // There is no SQLSTATE before a session exists.
      struct {
        std::string_view words, state;
      } constexpr kKnown[] = {{"password authentication failed", "28P01"},
                              {"no password supplied", "28P01"},
                              {"no pg_hba.conf entry", "28000"},
                              {"authentication failed", "28000"},
                              {"role \"", "28000"},
                              {"does not exist", "3D000"},
                              {"too many", "53300"},
                              {"remaining connection slots", "53300"}};
      for (const auto& known : kKnown)
        if (words.find("FATAL:") != std::string_view::npos &&
            words.find(known.words) != std::string_view::npos)
          return std::unexpected(server_error(place, known.state, words, ""));
      return std::unexpected(server_error(place, "", words.empty() ? "no connection" : words, ""));
    }
    FM_TRY(wait(next == PGRES_POLLING_READING ? POLLIN : POLLOUT, end));
    next = PQconnectPoll(handle);
  }
  return {};
}

// What every session of ours relies on.
Status Connection::State::greet() {
  PQsetNoticeReceiver(handle, &ignore_notice, nullptr);
  if (PQsetnonblocking(handle, 1) != 0) return std::unexpected(connection_error());
  const int version = PQserverVersion(handle) / 10'000;
  if (version < kServerVersionLeast)
    return fail(Code::kUnsupported, "{}: the server is PostgreSQL {}; {} or newer is needed", place,
                version, kServerVersionLeast);
  const Nanos end = deadline(options.connect_timeout);
  FM_ASSIGN(
      const PqResult set,
      execute(fmt::format("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
                          "SET extra_float_digits = 1; SET client_min_messages = warning; "
                          // Statements over many columns take longer to compile than to run.
                          "SET jit = off; "
                          "SET statement_timeout = {}; SET lock_timeout = {}",
                          options.statement_timeout / 1'000'000, options.lock_timeout / 1'000'000),
              end));
  static_cast<void>(set);
  return {};
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result<Connection> Connection::open(Env& env, const Secret& uri, ConnectionOptions options) {
  FM_TRY(check_uri(uri));
  auto state = std::make_unique<State>(env, std::move(options));
  const std::string target(uri.reveal());
  // What stands before the URI is a default that it may change.
  constexpr std::array kWords{"keepalives_idle",           "keepalives_interval",
                              "keepalives_count",          "tcp_user_timeout",
                              "fallback_application_name", "dbname",
                              "client_encoding",           static_cast<const char*>(nullptr)};
  const std::array values{"30",         "10",           "3",    "30000",
                          "frontmonth", target.c_str(), "UTF8", static_cast<const char*>(nullptr)};
  static_assert(kWords.size() == values.size());
  state->handle = PQconnectStartParams(kWords.data(), values.data(), 1);
  if (state->handle == nullptr) return fail(Code::kInternal, "libpq has no memory");
  state->place = place_in(state->handle);
  if (PQstatus(state->handle) == CONNECTION_BAD) return std::unexpected(state->connection_error());
  FM_TRY(state->connect());
  FM_TRY(state->greet());
  return Connection(std::move(state));
}

const std::string& Connection::place() const { return state_->place; }
bool Connection::is_broken() const { return state_->broken; }
void Connection::set_statement_timeout(Nanos timeout) {
  state_->options.statement_timeout = timeout;
  // What the server is told fails with the next statement, if at all.
  static_cast<void>(state_->execute(fmt::format("SET statement_timeout = {}", timeout / 1'000'000),
                                    state_->deadline(state_->options.connect_timeout)));
}

Result<std::uint64_t> Connection::run(std::string_view statements) {
  FM_ASSIGN(const PqResult result, state_->execute(statements, state_->statement_deadline()));
  const std::string_view count = text_or_empty(PQcmdTuples(result.get()));
  std::uint64_t rows = 0;
  for (const char digit : count) rows = rows * 10 + static_cast<std::uint64_t>(digit - '0');
  return rows;
}

Result<Rows> Connection::query(std::string_view statement,
                               const std::vector<std::optional<std::string>>& parameters,
                               Cells cells) {
  FM_TRY(state_->check());
  const Nanos end = state_->statement_deadline();
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters)
    values.push_back(parameter ? parameter->c_str() : nullptr);
  if (PQsendQueryParams(state_->handle, std::string(statement).c_str(),
                        static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr,
                        cells == Cells::kBinary ? 1 : 0) == 0)
    return std::unexpected(state_->connection_error());
  FM_TRY(state_->flush(end));
  FM_ASSIGN(const PqResult result, state_->finish(end));
  const int count = PQntuples(result.get());
  if (static_cast<std::size_t>(count) > kRowsMax)
    return fail(Code::kUnsupported, "{}: {} rows where at most {} were expected", state_->place,
                count, kRowsMax);
  Rows rows(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    auto& values_of_row = rows[static_cast<std::size_t>(row)];
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (PQgetisnull(result.get(), row, column) != 0) {
        values_of_row.emplace_back();
      } else {
        values_of_row.emplace_back(
            std::string(PQgetvalue(result.get(), row, column),
                        static_cast<std::size_t>(PQgetlength(result.get(), row, column))));
      }
    }
  }
  return rows;
}

Status Connection::begin_copy(std::string_view statement) {
  FM_ASSIGN(const PqResult result, state_->execute(statement, state_->statement_deadline()));
  if (PQresultStatus(result.get()) == PGRES_COPY_IN) return {};
  return fail(Code::kInternal, "{}: the statement is no COPY … FROM STDIN", state_->place);
}

Status Connection::copy(std::span<const std::byte> bytes) {
  // libpq counts in int; pieces also keep its buffer small.
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  const Nanos end = state_->statement_deadline();
  FM_TRY(state_->check());
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    const int taken = PQputCopyData(state_->handle, reinterpret_cast<const char*>(piece.data()),
                                    static_cast<int>(piece.size()));
    if (taken < 0) break;  // the server has ended the copy; end_copy() says why
    FM_TRY(state_->flush(end));
    if (taken > 0) bytes = bytes.subspan(piece.size());
  }
  return {};
}

Result<std::uint64_t> Connection::end_copy() {
  const Nanos end = state_->statement_deadline();
  FM_TRY(state_->check());
  int ended = 0;
  while ((ended = PQputCopyEnd(state_->handle, nullptr)) == 0) FM_TRY(state_->flush(end));
  if (ended > 0) FM_TRY(state_->flush(end));
  FM_ASSIGN(const PqResult result, state_->finish(end));
  std::uint64_t rows = 0;
  for (const char digit : text_or_empty(PQcmdTuples(result.get())))
    rows = rows * 10 + static_cast<std::uint64_t>(digit - '0');
  return rows;
}

}  // namespace fm::postgres
