// The copy in BigQuery: computed there, and mended by the mirror.
#include <algorithm>
#include <utility>

#include "google/mirror_plan.h"
#include "google/mirror_sql.h"
#include "google/table_rows.h"
#include "jobs/cloud.h"
#include "jobs/mirror_run.h"
#include "jobs/verify_copy.h"
#include "lake/expired.h"
#include "ops/state.h"
#include "table/ddl.h"

namespace fm::jobs {
namespace {

using ops::MirrorPart;
using ops::MirrorStage;
using table::Engine;
using table::Table;

// Where the configuration names no limit of a query.
constexpr std::int64_t kQueryBytesMax = 1LL << 40;

std::string full_name(const Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

bool is_in_copy(const MirrorPart& part) {
  return part.stage == MirrorStage::kLoaded || part.stage == MirrorStage::kVerified;
}

class BigQueryCopy final : public VerifyCopy {
 public:
  BigQueryCopy(Env& env, const lake::Lake& lake, const MirrorJobOptions& mirror, CloudPlace& place)
      : env_(env), lake_(lake), mirror_(mirror), place_(place) {}
  Status open();

  std::string_view name() const override { return "bigquery"; }
  std::string place() const override { return place_.destination.name(); }
  Result<bool> holds_rows(const Table& table) override;
  Result<std::optional<Dates>> dates(const Table& table, Date from, Date before) override;
  Result<CopyProgress> progress(const Table& table,
                                const std::vector<lake::Manifest>& manifests) override;
  Result<quality::SumsByRoot> sums(const Table& table, const quality::SumsScope& scope) override;
  Result<std::unique_ptr<table::RowStream>> rows(const Table& table,
                                                 const quality::SumsRange& range) override;
  Status repair(const Table& table, const std::vector<quality::SumsRange>& partitions,
                const LakeRows& lake_rows) override;
  std::uint64_t rows_sent() const override { return rows_sent_; }
  std::uint64_t rows_removed() const override { return rows_removed_; }
  std::optional<std::uint64_t> bytes_billed() const override { return bytes_billed_; }

 private:
  [[nodiscard]] std::int64_t bytes_max() const {
    return mirror_.query_bytes_max > 0 ? mirror_.query_bytes_max : kQueryBytesMax;
  }
  [[nodiscard]] google::TableName table_of(const Table& table) const {
    return place_.destination.table_of(table);
  }
  void take_bill(const google::Job& job) {
    bytes_billed_ += static_cast<std::uint64_t>(job.bytes_billed);
  }
  [[nodiscard]] Result<std::vector<std::vector<std::string>>> cells_of(const std::string& sql);
  [[nodiscard]] Status remove(const Table& table, const quality::SumsRange& partition);
  [[nodiscard]] Status bring(const Table& table, const std::vector<MirrorPart>& marks);

  Env& env_;
  const lake::Lake& lake_;
  const MirrorJobOptions& mirror_;
  CloudPlace& place_;
  std::unique_ptr<google::Api> api_;
  std::unique_ptr<google::BigQuery> bigquery_;
  std::optional<ops::State> state_;  // nothing where no mirror has run here
  std::uint64_t rows_sent_ = 0;
  std::uint64_t rows_removed_ = 0;
  std::uint64_t bytes_billed_ = 0;
};

Status BigQueryCopy::open() {
  FM_ASSIGN(auto transport, place_.transports());
  api_ = std::make_unique<google::Api>(env_, *place_.tokens, std::move(transport));
  FM_ASSIGN(const std::string location, location_of(*api_, place_));
  bigquery_ = std::make_unique<google::BigQuery>(*api_, place_.endpoints,
                                                 place_.destination.project, location);
  const std::string file = ops::state_file(lake_.state_dir());
  if (!env_.exists(file)) return {};
  FM_ASSIGN(state_, ops::State::open(env_, file));
  return {};
}

Result<bool> BigQueryCopy::holds_rows(const Table& table) {
  FM_ASSIGN(const auto resource, bigquery_->table(table_of(table)));
  return resource && resource->integer("/numRows").value_or(0) > 0;
}

Result<std::vector<std::vector<std::string>>> BigQueryCopy::cells_of(const std::string& sql) {
  std::vector<std::vector<std::string>> rows;
  std::vector<google::ResultColumn> columns;
  FM_ASSIGN(const google::Job job,
            bigquery_->select({sql, bytes_max()}, columns, [&](google::Cells cells) -> Status {
              auto& row = rows.emplace_back();
              row.reserve(cells.size());
              for (auto& cell : cells) row.push_back(std::move(cell).value_or(""));
              return {};
            }));
  take_bill(job);
  return rows;
}

Result<std::optional<Dates>> BigQueryCopy::dates(const Table& table, Date from, Date before) {
  const google::TableName name = table_of(table);
  FM_ASSIGN(const auto resource, bigquery_->table(name));
  if (!resource)
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("table {}: is not there", name.text()))
            .hint("`frontmonth mirror` makes it, and so does `frontmonth schema --engine bigquery "
                  "--apply`."));
  FM_ASSIGN(const auto rows,
            cells_of(quality::dates_statement(table, Engine::kBigquery, from, before,
                                              fmt::format("`{}`", name.text()))));
  if (rows.size() != 1 || rows[0].size() != 2)
    return fail(Code::kCorrupt, "{}: dates in {} rows", name.text(), rows.size());
  if (rows[0][0].empty()) return std::nullopt;
  FM_ASSIGN(const Date first, Date::parse(rows[0][0]));
  FM_ASSIGN(const Date last, Date::parse(rows[0][1]));
  return Dates(first, last);
}

// Files that the copy has not yet. At the end of a root's rows they only move the time up to which
// both sides are compared; elsewhere their partition is left out.
Result<CopyProgress> BigQueryCopy::progress(const Table& table,
                                            const std::vector<lake::Manifest>& manifests) {
  CopyProgress progress;
  if (!state_) return progress;
  FM_ASSIGN(const auto parts, state_->mirror_parts({.destination = place_.destination.name(),
                                                    .table = full_name(table)}));
  if (parts.empty()) return progress;  // not the mirror's: rolled up there, or brought by others
  std::map<std::string_view, std::vector<MirrorPart>> known;
  for (const MirrorPart& part : parts) known[part.partition].push_back(part);
  std::map<std::string, Date> newest;
  for (const lake::Manifest& manifest : manifests) {
    const lake::PartitionKey key = manifest.key();
    Date& last = newest.try_emplace(key.root, key.date).first->second;
    last = std::max(last, key.date);
  }
  for (const lake::Manifest& manifest : manifests) {
    if (lake::is_expired(manifest)) continue;
    const auto& of_partition = known[manifest.partition];
    const google::PartitionPlan plan = google::plan_partition(manifest, of_partition, true);
    bool is_whole = plan.wait || plan.correct;
    std::optional<Second> first_waiting;
    for (const lake::DataFile& file : manifest.files) {
      const bool is_there = std::ranges::find(plan.adopted, file.name) != plan.adopted.end() ||
                            std::ranges::any_of(of_partition, [&](const MirrorPart& part) {
                              return part.part == file.name && is_in_copy(part);
                            });
      if (is_there && !plan.correct) continue;
      ++progress.waiting_files;
      progress.waiting_rows += file.rows;
      if (!file.first_second) is_whole = true;
      if (file.first_second)
        first_waiting = std::min(first_waiting.value_or(*file.first_second), *file.first_second);
    }
    const lake::PartitionKey key = manifest.key();
    const bool moves_time =
        !is_whole && table::hypertable_time(table) && newest[key.root] == key.date;
    if (first_waiting && moves_time) {
      progress.root_final_to.emplace(key.root, *first_waiting);
    } else if (first_waiting || is_whole) {
      progress.waiting_partitions.insert(manifest.partition);
    }
  }
  return progress;
}

Result<quality::SumsByRoot> BigQueryCopy::sums(const Table& table,
                                               const quality::SumsScope& scope) {
  FM_ASSIGN(const auto rows,
            cells_of(quality::sums_statement(table, Engine::kBigquery, scope,
                                             fmt::format("`{}`", table_of(table).text()))));
  return quality::parse_sums(table, rows);
}

Result<std::unique_ptr<table::RowStream>> BigQueryCopy::rows(const Table& table,
                                                             const quality::SumsRange& range) {
  FM_ASSIGN(google::TableRows read,
            google::read_rows(*bigquery_, table, table_of(table),
                              quality::condition_of(table, Engine::kBigquery, range), bytes_max()));
  take_bill(read.job);
  return std::move(read.rows);
}

// Of a partition that the lake has not, and that the mirror therefore never looks at.
Status BigQueryCopy::remove(const Table& table, const quality::SumsRange& partition) {
  google::RowScope scope{.from = partition.from, .before = partition.before};
  if (!partition.root.empty()) scope.roots = {partition.root};
  FM_ASSIGN(const google::Job job,
            bigquery_->run({google::delete_statement(table, table_of(table), scope), bytes_max()},
                           full_name(table)));
  take_bill(job);
  rows_removed_ += static_cast<std::uint64_t>(job.rows);
  return {};
}

Status BigQueryCopy::bring(const Table& table, const std::vector<MirrorPart>& marks) {
  if (place_.destination.bucket.empty())
    return std::unexpected(
        Error(Code::kInvalidConfig, "google.bucket: is empty; a repair goes through the bucket")
            .hint("Set it in frontmonth.yaml, or --gcs-bucket."));
  if (!state_) {
    FM_ASSIGN(state_, ops::State::open(env_, ops::state_file(lake_.state_dir())));
  }
  FM_TRY(state_->record_mirror(marks));
  MirrorJobOptions options = mirror_;
  options.tables = table.name;
  MirrorRun run(env_, options, place_, {});
  FM_TRY(run.cycle());
  const google::CycleReport& totals = run.report().totals;
  rows_sent_ += totals.rows_loaded;
  bytes_billed_ += totals.bytes_billed;
  if (!totals.problems.empty()) return std::unexpected(totals.problems.front().error);
  if (!totals.deferred.empty())
    return std::unexpected(
        Error(Code::kRefused, fmt::format("repair: put off: {}", totals.deferred.front()))
            .retryable());
  return {};
}

// Each partition gets a part that the lake has not, so that the mirror takes it for one whose rows
// nobody knows, and makes it equal as a whole.
Status BigQueryCopy::repair(const Table& table, const std::vector<quality::SumsRange>& partitions,
                            const LakeRows&) {
  std::vector<MirrorPart> marks;
  const Nanos now = env_.now();
  for (const quality::SumsRange& partition : partitions) {
    const lake::PartitionKey key{partition.root, partition.from};
    FM_ASSIGN(const auto manifest, lake_.find(table, key));
    if (!manifest) {
      FM_TRY(remove(table, partition));
      continue;
    }
    marks.push_back({.destination = place_.destination.name(),
                     .table = full_name(table),
                     .partition = manifest->partition,
                     .part = std::string(google::kUnknownRows),
                     .date = key.first_day(table),
                     .object = {},
                     .stage = MirrorStage::kVerified,
                     .planned_at = now,
                     .changed_at = now});
  }
  return marks.empty() ? Status() : bring(table, marks);
}

}  // namespace

Result<std::unique_ptr<VerifyCopy>> open_bigquery_copy(Env& env, const lake::Lake& lake,
                                                       const MirrorJobOptions& mirror,
                                                       CloudPlace& place) {
  auto copy = std::make_unique<BigQueryCopy>(env, lake, mirror, place);
  FM_TRY(copy->open());
  return copy;
}

}  // namespace fm::jobs
