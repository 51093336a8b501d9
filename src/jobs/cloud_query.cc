#include "jobs/cloud_query.h"

#include <algorithm>
#include <cctype>

#include "base/log.h"
#include "google/bigquery.h"
#include "google/prices.h"
#include "lake/result_writer.h"
#include "lake/text.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// As a whole word, whatever its capitals.
bool names(std::string_view sql, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (auto at = sql.begin(); at != sql.end();) {
    const auto found = std::search(at, sql.end(), word.begin(), word.end(), same);
    if (found == sql.end()) return false;
    const auto end = found + static_cast<std::ptrdiff_t>(word.size());
    const bool begins = found == sql.begin() || !is_word_character(*(found - 1));
    if (begins && (end == sql.end() || !is_word_character(*end))) return true;
    at = found + 1;
  }
  return false;
}

// A scan of a whole table by accident is the dear mistake: a partitioned table is read by its
// partition column, or with --full-scan.
Status check_partitions(google::BigQuery& bigquery, const google::BigQuery::DryRun& run,
                        const std::string& sql) {
  for (const google::TableName& table : run.tables) {
    FM_ASSIGN(const auto resource, bigquery.table(table));
    if (!resource) continue;
    const auto column = resource->text("/timePartitioning/field");
    if (!column || names(sql, *column)) continue;
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("{} is partitioned by {}, which the statement does not name: it would "
                          "read every partition",
                          table.text(), *column))
            .hint(fmt::format("Add a condition on {}, or --full-scan.", *column)));
  }
  return {};
}

// What BigQuery calls numbers; others are texts in JSON.
bool is_number(std::string_view type) {
  return type == "INTEGER" || type == "INT64" || type == "FLOAT" || type == "FLOAT64" ||
         type == "NUMERIC" || type == "BIGNUMERIC";
}

// Microseconds since 1970, as the service is asked for them.
std::string timestamp_text(const std::string& microseconds) {
  const std::int64_t value = std::strtoll(microseconds.c_str(), nullptr, 10);
  std::string text;
  lake::append_timestamp(text, value);
  return text;
}

class RowsToText {
 public:
  RowsToText(lake::Format format, std::uint64_t rows_max, WritableFile& out,
             CloudQueryOutcome& outcome)
      : format_(format), rows_max_(rows_max), out_(out), outcome_(outcome) {}

  Status take(const std::vector<google::ResultColumn>& columns, google::Cells cells) {
    begin(columns);
    if (rows_max_ > 0 && outcome_.rows == rows_max_) {
      outcome_.is_cut = true;
      return {};
    }
    ++outcome_.rows;
    std::vector<lake::ResultCell> row;
    row.reserve(cells.size());
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string& type = columns[c].type;
      lake::ResultCell cell{.text = cells[c].value_or(""), .is_null = !cells[c]};
      if (cells[c] && type == "TIMESTAMP") cell.text = timestamp_text(*cells[c]);
      cell.is_text = !is_number(type) && type != "BOOLEAN" && type != "BOOL";
      row.push_back(std::move(cell));
    }
    std::string text;
    writer_->add(std::move(row), text);
    return out_.write(text);
  }

  Status finish(const std::vector<google::ResultColumn>& columns) {
    begin(columns);
    std::string text;
    writer_->finish(text);
    return out_.write(text);
  }

 private:
  void begin(const std::vector<google::ResultColumn>& columns) {
    if (writer_) return;
    std::vector<std::string> names;
    std::vector<bool> numbers;
    for (const google::ResultColumn& column : columns) {
      names.push_back(column.name);
      numbers.push_back(is_number(column.type));
    }
    writer_.emplace(format_, std::move(names), std::move(numbers));
    std::string text;
    writer_->begin(text);
    static_cast<void>(out_.write(text));
  }

  lake::Format format_;
  std::uint64_t rows_max_;
  WritableFile& out_;
  CloudQueryOutcome& outcome_;
  std::optional<lake::ResultWriter> writer_;
};

Status remember_cost(Env& env, const Config& config, const CloudPlace& place,
                     const google::Job& job) {
  FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(config.state_dir)));
  const Nanos now = env.now();
  const ops::MirrorBatch batch{.destination = place.destination.name(),
                               .batch_id = job.id,
                               .table = "query",
                               .kind = ops::BatchKind::kQuery,
                               .rows = 0,
                               .bytes = static_cast<std::uint64_t>(job.bytes),
                               .stage = ops::BatchStage::kVerified,
                               .job_id = job.id,
                               .bytes_billed = static_cast<std::uint64_t>(job.bytes_billed),
                               .created_at = now,
                               .finished_at = now};
  return state.record_mirror({}, {&batch, 1});
}

}  // namespace

Result<CloudQueryOutcome> run_cloud_query(Env& env, const Config& config, CloudPlace& place,
                                          const std::string& sql, const CloudQueryOptions& options,
                                          WritableFile& out) {
  FM_ASSIGN(const lake::Format format, lake::parse_format(options.format));
  FM_ASSIGN(auto transport, place.transports());
  google::Api api(env, *place.tokens, std::move(transport));
  // Where its tables are, a dry run is told by the service.
  google::BigQuery bigquery(api, place.endpoints, place.destination.project, place.location);
  FM_ASSIGN(const google::BigQuery::DryRun dry, bigquery.dry_run(sql));
  CloudQueryOutcome outcome{.bytes_estimated = dry.bytes};
  if (dry.statement_type != "SELECT")
    return fail(Code::kInvalidArgument, "the statement is {}; expected one SELECT",
                dry.statement_type.empty() ? "of an unknown kind" : dry.statement_type);
  if (!options.full_scan) FM_TRY(check_partitions(bigquery, dry, sql));
  if (options.on_estimate) options.on_estimate(dry.bytes, google::usd_queried(dry.bytes));
  if (options.dry_run) return outcome;
  if (dry.bytes > options.bytes_billed_max)
    return std::unexpected(
        Error(Code::kRefused, fmt::format("the statement reads {} bytes; at most {} may be billed",
                                          dry.bytes, options.bytes_billed_max))
            .hint("google.query_gib_max says how much."));
  RowsToText rows(format, options.rows_max, out, outcome);
  std::vector<google::ResultColumn> columns;
  FM_ASSIGN(const google::Job job,
            bigquery.select({sql, options.bytes_billed_max}, columns, [&](google::Cells cells) {
              return rows.take(columns, std::move(cells));
            }));
  FM_TRY(rows.finish(columns));
  outcome.bytes_billed = job.bytes_billed;
  if (Status kept = remember_cost(env, config, place, job); !kept)
    log_warning("what the query cost was not kept: {}", kept.error().message());
  if (outcome.is_cut)
    log_warning("there are more rows; these are the first {}, as query.rows_max says",
                outcome.rows);
  return outcome;
}

}  // namespace fm::jobs
