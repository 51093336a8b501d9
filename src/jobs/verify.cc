#include "jobs/verify.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/thread.h"
#include "jobs/schema_job.h"
#include "jobs/verify_copy.h"
#include "lake/expired.h"
#include "lake/lake.h"
#include "lake/row_order.h"
#include "quality/verify_row_sums.h"
#include "quality/verify_sums.h"

namespace fm::jobs {
namespace {

using table::Engine;
using table::Table;

// Partition dates that no table goes beyond.
constexpr Date kFirstDate = Date::from_days(-25'567);  // 1900-01-01
constexpr Date kLastDate = Date::from_days(84'006);    // 2200-01-01
constexpr std::size_t kLakeThreads = 2;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// What is compared at a time: a year of every root that has rows in it, so that neither side's
// answer grows with the history.
struct Stretch {
  quality::SumsScope scope;        // on the side of the copy
  std::vector<std::string> roots;  // of the lake
};

quality::SumsRange range_of(const Stretch& stretch, const std::string& root) {
  quality::SumsRange range{.root = root,
                           .from = stretch.scope.from,
                           .before = stretch.scope.before,
                           .final_to = stretch.scope.final_to};
  const auto own = stretch.scope.root_final_to.find(root);
  if (own != stretch.scope.root_final_to.end()) range.final_to = own->second;
  return range;
}

class Verification {
 public:
  Verification(const VerifyOptions& options, const lake::Lake& lake, VerifyCopy& copy,
               Progress& progress)
      : options_(options), lake_(lake), copy_(copy), progress_(progress) {}

  Result<std::vector<const Table*>> choose_tables(std::vector<std::string>& left_out);
  Result<TableVerdict> verify(const Table& table);

 private:
  Result<std::vector<Stretch>> stretches_of(const Table& table,
                                            const std::vector<lake::Manifest>& manifests);
  Result<std::optional<Second>> final_to(const Table& table, const std::string& root);
  Result<quality::Sums> lake_sums(const Table& table, const quality::SumsRange& range) const;
  Result<quality::SumsByRoot> lake_sums(const Table& table, const Stretch& stretch) const;
  Status compare(const Table& table, const quality::SumsRange& range, const quality::Sums& lake,
                 const quality::Sums& copy);
  Result<bool> is_left_out(const Table& table, const std::string& root, Date date) const;
  Status look_into(const Table& table, const quality::SumsRange& range,
                   const quality::SumsDifference& difference);
  Result<quality::RowDifferences> compare_rows(const Table& table,
                                               const quality::SumsRange& partition);
  Status repair(const Table& table);
  Result<std::unique_ptr<table::RowStream>> lake_rows(const Table& table,
                                                      const quality::SumsRange& partition) const;

  const VerifyOptions& options_;
  const lake::Lake& lake_;
  VerifyCopy& copy_;
  Progress& progress_;
  std::uint64_t rows_done_ = 0;
  // Of the table under way.
  TableVerdict verdict_;
  CopyProgress copy_progress_;
  std::set<std::pair<std::string, Date>> expired_;  // roots and first days of partitions
  std::vector<quality::SumsRange> different_;       // partitions
};

Result<std::vector<const Table*>> Verification::choose_tables(std::vector<std::string>& left_out) {
  std::vector<const Table*> chosen;
  for (const std::string& name : options_.tables) {
    FM_ASSIGN(const auto found, chosen_tables(name));
    chosen.push_back(found.front());
  }
  if (!chosen.empty()) return chosen;
  for (const Table& table : table::all_tables()) {
    if (table.dataset != "market_data") continue;
    FM_ASSIGN(const bool holds_rows, copy_.holds_rows(table));
    if (holds_rows) {
      chosen.push_back(&table);
      continue;
    }
    FM_ASSIGN(const auto partitions, lake_.partitions(table));
    if (!partitions.empty()) left_out.emplace_back(table.name);
  }
  return chosen;
}

// Every year that either side has rows of, within what was asked for.
Result<std::vector<Stretch>> Verification::stretches_of(
    const Table& table, const std::vector<lake::Manifest>& manifests) {
  const Date from = options_.from.value_or(kFirstDate);
  const Date before = options_.to ? *options_.to + 1 : kLastDate;
  std::map<int, std::set<std::string>> years;
  FM_ASSIGN(const auto dates, copy_.dates(table, from, before));
  if (dates)
    for (int year = dates->first.year(); year <= dates->second.year(); ++year) years[year];
  std::set<std::string> roots;
  for (const lake::Manifest& manifest : manifests) {
    const lake::PartitionKey key = manifest.key();
    roots.insert(key.root);
    if (quality::partition_end(table, key.date) <= from || key.first_day(table) >= before) continue;
    years[key.date.year()].insert(key.root);
  }
  std::map<std::string, Second> root_final_to;
  for (const std::string& root : roots) {
    FM_ASSIGN(const auto finality, final_to(table, root));
    if (finality) root_final_to[root] = *finality;
  }
  std::vector<Stretch> stretches;
  for (const auto& [year, of_year] : years) {
    Stretch stretch{.scope = {.from = std::max(from, Date(year, 1, 1)),
                              .before = std::min(before, Date(year + 1, 1, 1)),
                              .root_final_to = root_final_to,
                              .final_to = copy_progress_.final_to},
                    .roots = {of_year.begin(), of_year.end()}};
    // No row of an earlier date is of so late a time.
    const Second bounds_nothing = (stretch.scope.before + 1).first_second();
    std::erase_if(stretch.scope.root_final_to,
                  [&](const auto& one) { return one.second >= bounds_nothing; });
    if (stretch.scope.final_to >= bounds_nothing) stretch.scope.final_to.reset();
    stretches.push_back(std::move(stretch));
  }
  return stretches;
}

// How far both sides have come: the smallest of what they say.
Result<std::optional<Second>> Verification::final_to(const Table& table, const std::string& root) {
  if (!table::hypertable_time(table)) return std::nullopt;
  std::optional<Second> smallest = copy_progress_.final_to;
  FM_ASSIGN(const auto newest, lake_.newest(table, root));
  const auto of_root = copy_progress_.root_final_to.find(root);
  for (const std::optional<Second> other :
       {newest ? newest->final_to : std::nullopt, of_root != copy_progress_.root_final_to.end()
                                                      ? std::optional(of_root->second)
                                                      : std::nullopt})
    if (other) smallest = std::min(smallest.value_or(*other), *other);
  if (smallest) verdict_.final_to = std::max(verdict_.final_to.value_or(*smallest), *smallest);
  return smallest;
}

Result<quality::Sums> Verification::lake_sums(const Table& table,
                                              const quality::SumsRange& range) const {
  quality::RowSums sums(table, range.final_to);
  FM_TRY(lake_.scan(table,
                    {.root = range.root,
                     .from = range.from,
                     .before = range.before,
                     .columns = quality::summed_columns(table)},
                    [&](const table::RowBatch& rows) {
                      sums.add(rows);
                      return Status();
                    }));
  return sums.result();
}

// Root after root, by several threads.
Result<quality::SumsByRoot> Verification::lake_sums(const Table& table,
                                                    const Stretch& stretch) const {
  std::vector<quality::Sums> all(stretch.roots.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Status status;
  const auto work = [&] {
    for (std::size_t mine = next++; mine < all.size(); mine = next++) {
      auto sums = lake_sums(table, range_of(stretch, stretch.roots[mine]));
      if (sums) {
        all[mine] = *std::move(sums);
        continue;
      }
      next = all.size();
      const std::scoped_lock lock(mutex);
      status = std::unexpected(std::move(sums).error());
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t threads = std::min(kLakeThreads, all.size());
    for (std::size_t i = 1; i < threads; ++i)
      others.emplace_back([&work] {
        name_thread("fm-verify");
        work();
      });
    work();
  }
  FM_TRY(status);
  quality::SumsByRoot by_root;
  for (std::size_t i = 0; i < all.size(); ++i) by_root[stretch.roots[i]] = std::move(all[i]);
  return by_root;
}

Result<std::unique_ptr<table::RowStream>> Verification::lake_rows(
    const Table& table, const quality::SumsRange& partition) const {
  lake::ReadRange range;
  range.root = partition.root;
  range.from = partition.from;
  range.before = partition.before;
  FM_ASSIGN(lake::RowCursor rows, lake_.read(table, range));
  const auto time = lake::key_time_column(table);
  if (!partition.final_to || !time) return rows;
  return std::make_unique<quality::RowsBefore>(std::move(rows), *time, *partition.final_to);
}

Result<quality::RowDifferences> Verification::compare_rows(const Table& table,
                                                           const quality::SumsRange& partition) {
  FM_ASSIGN(const auto ours, lake_rows(table, partition));
  FM_ASSIGN(const auto theirs, copy_.rows(table, partition));
  return quality::compare_rows(*ours, "the lake", *theirs, copy_.name(), kRowsShown);
}

// All that differs at once: a copy may need one step for many partitions.
Status Verification::repair(const Table& table) {
  FM_TRY(copy_.repair(table, different_, [&](const quality::SumsRange& partition) {
    return lake_rows(table, partition);
  }));
  for (const quality::SumsRange& partition : different_) {
    FM_ASSIGN(const quality::Sums lake, lake_sums(table, partition));
    FM_ASSIGN(auto copy, copy_.sums(table, {.from = partition.from,
                                            .before = partition.before,
                                            .root = partition.root,
                                            .final_to = partition.final_to}));
    if (!quality::compare(table, lake, copy[partition.root]).empty())
      return std::unexpected(
          Error(Code::kCheckFailed, fmt::format("{} {} {}: still differs after the repair",
                                                table.name, partition.root, partition.from.iso()))
              .hint("Is somebody else writing the table?"));
  }
  verdict_.repaired = different_.size();
  for (PartitionDifference& shown : verdict_.differences) shown.repaired = true;
  return {};
}

Status Verification::look_into(const Table& table, const quality::SumsRange& range,
                               const quality::SumsDifference& difference) {
  ++verdict_.different;
  quality::SumsRange partition = range;
  partition.from = std::max(range.from, difference.partition);
  partition.before = std::min(range.before, quality::partition_end(table, difference.partition));
  if (options_.repair) different_.push_back(partition);
  if (verdict_.differences.size() >= kPartitionsShown) return {};
  PartitionDifference shown;
  const bool both_have_rows = difference.left_rows != "0" && difference.right_rows != "0";
  if (both_have_rows && verdict_.differences.size() < kPartitionsRead) {
    FM_ASSIGN(shown.rows, compare_rows(table, partition));
  }
  shown.root = range.root;
  shown.partition = difference.partition;
  shown.lake_rows = difference.left_rows;
  shown.other_rows = difference.right_rows;
  shown.columns.assign(difference.columns.begin(), difference.columns.end());
  verdict_.differences.push_back(std::move(shown));
  return {};
}

// What the copy is still to get; and what a retention has removed from the lake: no copy need agree
// with that.
Result<bool> Verification::is_left_out(const Table& table, const std::string& root,
                                       Date date) const {
  if (expired_.contains({root, date})) return true;
  if (copy_progress_.waiting_partitions.empty()) return false;
  FM_ASSIGN(const std::string name, (lake::PartitionKey{root, date}.directory(table)));
  return copy_progress_.waiting_partitions.contains(name);
}

Status Verification::compare(const Table& table, const quality::SumsRange& range,
                             const quality::Sums& lake, const quality::Sums& copy) {
  std::set<Date> partitions;
  for (const auto& [date, sums] : lake) {
    FM_ASSIGN(const bool left_out, is_left_out(table, range.root, date));
    if (left_out) continue;
    partitions.insert(date);
    verdict_.rows += number(sums.rows);
    rows_done_ += number(sums.rows);
  }
  for (const auto& [date, sums] : copy) {
    FM_ASSIGN(const bool left_out, is_left_out(table, range.root, date));
    if (!left_out) partitions.insert(date);
  }
  verdict_.partitions += partitions.size();
  for (const quality::SumsDifference& one : quality::compare(table, lake, copy))
    if (partitions.contains(one.partition)) FM_TRY(look_into(table, range, one));
  return {};
}

Result<TableVerdict> Verification::verify(const Table& table) {
  verdict_ = {};
  different_.clear();
  verdict_.table = table.name;
  FM_ASSIGN(const std::vector<lake::Manifest> manifests, lake_.partitions(table));
  expired_.clear();
  for (const lake::Manifest& manifest : manifests)
    if (lake::is_expired(manifest))
      expired_.emplace(manifest.key().root, manifest.key().first_day(table));
  FM_ASSIGN(copy_progress_, copy_.progress(table, manifests));
  verdict_.waiting_files = copy_progress_.waiting_files;
  verdict_.waiting_rows = copy_progress_.waiting_rows;
  FM_ASSIGN(const std::vector<Stretch> stretches, stretches_of(table, manifests));
  for (const Stretch& stretch : stretches) {
    // Both sides at once: the copy mostly works elsewhere.
    Result<quality::SumsByRoot> copy, lake;
    {
      const std::jthread asking([&] {
        name_thread("fm-verify-copy");
        copy = copy_.sums(table, stretch.scope);
      });
      lake = lake_sums(table, stretch);
    }
    if (!copy) return std::unexpected(copy.error());
    if (!lake) return std::unexpected(lake.error());
    for (const auto& [root, sums] : *copy) lake->try_emplace(root);
    for (const auto& [root, sums] : *lake) {
      FM_TRY(compare(table, range_of(stretch, root), sums, (*copy)[root]));
      progress_.at({.records = rows_done_, .stage = "comparing"});
    }
  }
  if (!different_.empty()) FM_TRY(repair(table));
  return std::move(verdict_);
}

Result<VerifyReport> verify_all(const VerifyOptions& options, const lake::Lake& lake,
                                VerifyCopy& copy, Progress& progress) {
  VerifyReport report;
  report.copy = copy.name();
  report.place = copy.place();
  Verification verification(options, lake, copy, progress);
  FM_ASSIGN(const auto tables, verification.choose_tables(report.left_out));
  for (const Table* table : tables) {
    FM_ASSIGN(TableVerdict verdict, verification.verify(*table));
    report.tables.push_back(std::move(verdict));
  }
  report.rows_sent = copy.rows_sent();
  report.rows_removed = copy.rows_removed();
  report.bytes_billed = copy.bytes_billed();
  return report;
}

Result<std::unique_ptr<lake::Lake>> view_lake(Env& env, const VerifyOptions& options) {
  if (!env.exists(options.lake))
    return std::unexpected(Error(Code::kNotFound, fmt::format("there is no lake {}", options.lake))
                               .hint("Name it by --lake DIR or the key `lake`."));
  return lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
}

}  // namespace

bool VerifyReport::equal() const {
  return std::ranges::all_of(tables,
                             [](const TableVerdict& one) { return one.different == one.repaired; });
}

Result<VerifyReport> run_verify(Env& env, const VerifyOptions& options, const Secret& uri,
                                Progress& progress) {
  FM_ASSIGN(const auto lake, view_lake(env, options));
  FM_ASSIGN(const auto copy, open_postgres_copy(env, uri));
  return verify_all(options, *lake, *copy, progress);
}

Result<VerifyReport> run_verify(Env& env, const VerifyOptions& options, CloudPlace& place,
                                const MirrorJobOptions& mirror, Progress& progress) {
  FM_ASSIGN(const auto lake, view_lake(env, options));
  FM_ASSIGN(const auto copy, open_bigquery_copy(env, *lake, mirror, place));
  return verify_all(options, *lake, *copy, progress);
}

}  // namespace fm::jobs
