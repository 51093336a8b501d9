// What `examine` sees of the PostgreSQL database, where one is named.
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "jobs/database.h"
#include "jobs/doctor_checks.h"
#include "postgres/schema.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kSubject = "postgres";
constexpr std::string_view kApply =
    "`frontmonth schema --engine postgres --apply`, as the tables' owner";
// A doctor does not wait long.
constexpr Nanos kPatience = 5 * kNanosPerSecond;

std::string mend_connection(const Error& error) {
  if (!error.advice().empty()) return std::string(error.advice());
  switch (error.code()) {
    case Code::kRefused:
      return "See that user and password of the URI are right, and that pg_hba.conf lets them in.";
    case Code::kNotFound:
      return "Make the database (createdb), or name another in the URI.";
    case Code::kPermission:
      return "Grant the role CONNECT on the database.";
    case Code::kUnsupported:
      return fmt::format("Upgrade the server to PostgreSQL {} or newer.",
                         postgres::kServerVersionLeast);
    default:
      return "See that the server runs, and that host and port of the URI can be reached from "
             "here.";
  }
}

// Asks one thing after the other; the first question that fails ends it.
class Examination {
 public:
  Examination(postgres::Connection& db, DoctorReport& report) : db_(db), report_(report) {}

  Status run() {
    FM_TRY(server());
    FM_TRY(timescale());
    FM_TRY(schema());
    return permissions();
  }

 private:
  void add(Verdict verdict, std::string found, std::string mend = "") {
    report_.findings.push_back({verdict, std::string(kSubject), std::move(found), std::move(mend)});
  }
  Result<std::string> ask(const std::string& statement) {
    FM_ASSIGN(const postgres::Rows rows, db_.query(statement));
    return rows.empty() ? std::string() : rows[0][0].value_or("");
  }

  Status server() {
    FM_ASSIGN(const std::string version, ask("SHOW server_version"));
    FM_ASSIGN(const std::string role, ask("SELECT current_user"));
    add(Verdict::kGood, fmt::format("{}: reachable as {}, server {}", db_.place(), role, version));
    return {};
  }

  Status timescale() {
    FM_ASSIGN(const std::string installed,
              ask("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"));
    FM_ASSIGN(
        const std::string available,
        ask("SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'"));
    if (!installed.empty())
      add(Verdict::kGood, fmt::format("timescaledb {}: hypertables", installed));
    else if (!available.empty())
      add(Verdict::kGood,
          fmt::format("timescaledb {} is on the server, not in this database: partitioned tables",
                      available),
          "For hypertables: CREATE EXTENSION timescaledb, before the tables are made.");
    else
      add(Verdict::kGood, "no timescaledb: partitioned tables and plain views");
    return {};
  }

  Status schema() {
    FM_ASSIGN(const std::string there,
              ask("SELECT to_regclass('frontmonth.migrations') IS NOT NULL"));
    if (there != "t") {
      add(Verdict::kWarning, "frontmonth has made no tables in this database yet",
          fmt::format("Make them by {}.", kApply));
      return {};
    }
    FM_ASSIGN(const std::string text,
              ask("SELECT coalesce(max(version), 0) FROM frontmonth.migrations"));
    int version = 0;
    std::from_chars(text.data(), text.data() + text.size(), version);
    const int newest = postgres::schema_version();
    if (version > newest)
      add(Verdict::kProblem,
          fmt::format("the schema is of version {}, made by a newer program; this one knows {}",
                      version, newest),
          "Use the newer program.");
    else if (version < newest)
      add(Verdict::kProblem, fmt::format("the schema is of version {}, not {}", version, newest),
          fmt::format("Bring it up to date by {}.", kApply));
    else
      add(Verdict::kGood, fmt::format("schema of version {}", version));
    return {};
  }

  // Of the tables that the feed writes, and of the cursors.
  Status permissions() {
    std::string missing;
    std::string absent;
    for (const table::Table* table : {&table::candles_1m(), &table::candles_1s()}) {
      FM_TRY(look_at(fmt::format("{}.{}", table->dataset, table->name), missing, absent));
    }
    FM_TRY(look_at("frontmonth.cursors", missing, absent));
    if (!missing.empty()) {
      add(Verdict::kProblem, fmt::format("this role may not {}", missing),
          "Grant it SELECT, INSERT, UPDATE and DELETE on the tables, and USAGE on their schemas; "
          "docs/postgres.md has the statements.");
    } else if (absent.empty()) {
      add(Verdict::kGood, "this role may read and write candles_1m, candles_1s and the cursors");
    } else {
      FM_ASSIGN(const std::string may,
                ask("SELECT has_database_privilege(current_database(), 'CREATE')"));
      if (may == "t")
        add(Verdict::kGood, fmt::format("{} not there yet; this role may make tables", absent));
      else
        add(Verdict::kProblem,
            fmt::format("{} not there, and this role may not make tables", absent),
            fmt::format("Make them by {}, then grant this role their use.", kApply));
    }
    return {};
  }

  // Adds what the role may not do with a table, or the table where it is not there.
  Status look_at(const std::string& name, std::string& missing, std::string& absent) {
    FM_ASSIGN(const postgres::Rows rows,
              db_.query("SELECT c.oid IS NOT NULL, has_schema_privilege(n.oid, 'USAGE'), "
                        "has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, "
                        "'INSERT'), has_table_privilege(c.oid, 'UPDATE'), "
                        "has_table_privilege(c.oid, 'DELETE') FROM pg_class c JOIN pg_namespace n "
                        "ON n.oid = c.relnamespace WHERE format('%I.%I', n.nspname, c.relname) = "
                        "$1",
                        {name}));
    if (rows.empty()) {
      absent += (absent.empty() ? "" : ", ") + name;
      return {};
    }
    constexpr std::string_view kRights[] = {"use the schema of", "read", "insert into", "update",
                                            "delete from"};
    for (std::size_t i = 0; i < std::size(kRights); ++i)
      if (rows[0][i + 1] != "t")
        missing += fmt::format("{}{} {}", missing.empty() ? "" : ", ", kRights[i], name);
    return {};
  }

  postgres::Connection& db_;
  DoctorReport& report_;
};

}  // namespace

void examine_database(Env& env, const Variables& variables, const Config& config,
                      DoctorReport& report) {
  const auto add = [&](Verdict verdict, std::string found, std::string mend) {
    report.findings.push_back({verdict, std::string(kSubject), std::move(found), std::move(mend)});
  };
  const auto uri = find_database(env, variables, config);
  if (!uri) {
    const bool is_wanted = config.postgres.live == "on" || !config.postgres.url_file.empty();
    if (uri.error().code() == Code::kNotFound && !is_wanted)
      add(Verdict::kGood, "no database is named: candles go to the lake alone", "");
    else
      add(Verdict::kProblem, uri.error().message(),
          uri.error().advice().empty()
              ? "Name it by postgres.url_file (a file of mode 0600) or DATABASE_URL."
              : std::string(uri.error().advice()));
    return;
  }
  auto db = postgres::Connection::open(
      env, uri->secret,
      {.connect_timeout = kPatience, .statement_timeout = kPatience, .lock_timeout = kPatience});
  if (!db) {
    add(Verdict::kProblem, db.error().message(), mend_connection(db.error()));
    return;
  }
  if (const Status looked = Examination(*db, report).run(); !looked)
    add(Verdict::kProblem, looked.error().message(), mend_connection(looked.error()));
}

}  // namespace fm::jobs
