#include "google/schema_apply.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/assert.h"
#include "base/json_text.h"
#include "google/table_resource.h"
#include "table/ddl.h"
#include "table/views.h"

namespace fm::google {
namespace {

using table::Table;
using table::View;

constexpr std::array<std::string_view, 6> kDatasets{"market_data", "features", "training",
                                                    "predictions", "ops",      "signals"};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Looks at the catalogue's things one by one, and hands out what differs together with the call
// that mends it.
class Comparison {
 public:
  using Mend = std::function<Status()>;
  using Take = std::function<Status(SchemaChange, const Mend&)>;

  Comparison(BigQuery& bigquery, const Destination& destination, const SchemaApplyOptions& options,
             Take take)
      : bigquery_(bigquery), destination_(destination), options_(options), take_(std::move(take)) {}

  Status run() {
    for (const std::string& name : datasets(destination_)) FM_TRY(look_at_dataset(name));
    for (const Table& table : table::all_tables())
      if (is_wanted(table)) FM_TRY(look_at(table));
    if (!options_.tables.empty()) return {};
    for (const View& view : table::all_views()) FM_TRY(look_at(view));
    return {};
  }

 private:
  bool is_wanted(const Table& table) const {
    return options_.tables.empty() ||
           std::ranges::find(options_.tables, &table) != options_.tables.end();
  }

  int expire_days(const Table& table) const {
    const bool is_live = table.name.starts_with("futures_ohlcv_") && table.name.ends_with("_live");
    return is_live ? options_.expire_live_days : 0;
  }

  Status look_at_dataset(const std::string& name) {
    FM_ASSIGN(const auto there, bigquery_.dataset(name));
    if (there) return {};
    missing_.insert(name);
    return take_({ChangeKind::kMakeDataset, fmt::format("{}.{}", destination_.project, name),
                  fmt::format("in {}", options_.location)},
                 [&] {
                   return bigquery_.create_dataset(
                       name, dataset_json(destination_.project, name, options_.location));
                 });
  }

  Status look_at(const Table& table) {
    const TableName name = destination_.table_of(table);
    std::optional<Json> there;
    if (!missing_.contains(name.dataset)) {
      FM_ASSIGN(there, bigquery_.table(name));
    }
    if (!there)
      return take_({ChangeKind::kMakeTable, name.text(), std::string(table.description)}, [&] {
        return bigquery_.create_table(name,
                                      table_json(table, name, {.expire_days = expire_days(table)}));
      });
    const TableDifference difference = difference_of(table, *there);
    for (const std::string& other : difference.other)
      FM_TRY(take_({ChangeKind::kIncompatible, name.text(), other}, {}));
    if (!difference.other.empty()) return {};
    if (!difference.missing_columns.empty() || !difference.required_columns.empty()) {
      std::string what;
      if (!difference.missing_columns.empty()) what = "add " + joined(difference.missing_columns);
      if (!difference.required_columns.empty())
        what += (what.empty() ? "" : "; ") + std::string("relax ") +
                joined(difference.required_columns);
      FM_TRY(take_({ChangeKind::kAddColumns, name.text(), what}, [&] {
        return bigquery_.patch_table(
            name, fmt::format(R"({{"schema":{}}})", merged_schema_json(table, *there)));
      }));
    }
    return look_at_description(table, name, *there);
  }

  Status look_at_description(const Table& table, const TableName& name, const Json& there) {
    std::vector<std::string> what;
    if (there.text("/description").value_or("") != table.description) what.push_back("description");
    if (cluster_of(there) != cluster_of(table)) what.push_back("cluster");
    if (there.boolean("/requirePartitionFilter").value_or(false) != table.require_partition_filter)
      what.push_back("partition filter");
    const std::int64_t expires = std::int64_t{expire_days(table)} * 86'400'000;
    if (there.integer("/timePartitioning/expirationMs").value_or(0) != expires)
      what.push_back("expiration");
    if (what.empty()) return {};
    return take_({ChangeKind::kDescribe, name.text(), joined(what)}, [&] {
      return bigquery_.patch_table(name,
                                   description_json(table, {.expire_days = expire_days(table)}));
    });
  }

  static std::string cluster_of(const Table& table) {
    std::string text;
    for (const std::string_view column : table.cluster)
      text += fmt::format("{}{}", text.empty() ? "" : ",", column);
    return text;
  }
  static std::string cluster_of(const Json& there) {
    std::string text;
    for (const Json& column : there.list("/clustering/fields"))
      text += fmt::format("{}{}", text.empty() ? "" : ",", column.text("").value_or(""));
    return text;
  }

  // The select names its tables by the catalogue's dataset.
  std::string select_of(const View& view) const {
    std::string text(view.select);
    const auto found = destination_.datasets.find(view.dataset);
    if (found == destination_.datasets.end()) return text;
    for (const std::string_view table : view.tables) {
      const std::string from = fmt::format("{}.{}", view.dataset, table);
      const std::string to = fmt::format("{}.{}", found->second, table);
      for (std::size_t at = text.find(from); at != std::string::npos;
           at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    }
    return text;
  }

  Status look_at(const View& view) {
    const auto found = destination_.datasets.find(view.dataset);
    const TableName name{
        destination_.project,
        found == destination_.datasets.end() ? std::string(view.dataset) : found->second,
        std::string(view.name)};
    const std::string select = select_of(view);
    const std::string body = fmt::format(
        R"({{"tableReference":{},"description":{},"view":{{"query":{},"useLegacySql":false}}}})",
        name.json(), json_quoted(view.description), json_quoted(select));
    std::optional<Json> there;
    if (!missing_.contains(name.dataset)) {
      FM_ASSIGN(there, bigquery_.table(name));
    }
    if (!there)
      return take_({ChangeKind::kMakeView, name.text(), std::string(view.description)},
                   [&] { return bigquery_.create_table(name, body); });
    if (there->text("/view/query") == select) return {};
    return take_({ChangeKind::kReplaceView, name.text(), "another statement"},
                 [&] { return bigquery_.patch_table(name, body); });
  }

  BigQuery& bigquery_;
  const Destination& destination_;
  const SchemaApplyOptions& options_;
  Take take_;
  std::set<std::string> missing_;  // datasets
};

}  // namespace

std::vector<std::string> datasets(const Destination& destination) {
  std::vector<std::string> names;
  for (const std::string_view name : kDatasets) {
    const auto found = destination.datasets.find(name);
    names.push_back(found == destination.datasets.end() ? std::string(name) : found->second);
  }
  return names;
}

std::string_view name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kMakeDataset:
      return "make dataset";
    case ChangeKind::kMakeTable:
      return "make table";
    case ChangeKind::kMakeView:
      return "make view";
    case ChangeKind::kAddColumns:
      return "change columns";
    case ChangeKind::kReplaceView:
      return "replace view";
    case ChangeKind::kDescribe:
      return "describe";
    case ChangeKind::kIncompatible:
      return "cannot change";
  }
  FM_ASSERT(false);
}

Result<std::vector<SchemaChange>> schema_difference(BigQuery& bigquery,
                                                    const Destination& destination,
                                                    const SchemaApplyOptions& options) {
  std::vector<SchemaChange> changes;
  Comparison comparison(bigquery, destination, options,
                        [&](SchemaChange change, const Comparison::Mend&) -> Status {
                          changes.push_back(std::move(change));
                          return {};
                        });
  FM_TRY(comparison.run());
  return changes;
}

Result<std::vector<SchemaChange>> apply_schema(BigQuery& bigquery, const Destination& destination,
                                               const SchemaApplyOptions& options, bool force) {
  std::vector<SchemaChange> changes;
  std::optional<SchemaChange> refused;
  Comparison comparison(bigquery, destination, options,
                        [&](SchemaChange change, const Comparison::Mend& mend) -> Status {
                          const bool may = change.is_additive() ||
                                           (force && change.kind == ChangeKind::kReplaceView);
                          if (!may) {
                            if (!refused) refused = std::move(change);
                            return {};
                          }
                          FM_TRY_IN(mend(), change.place);
                          changes.push_back(std::move(change));
                          return {};
                        });
  FM_TRY(comparison.run());
  if (!refused) return changes;
  auto error = Error(Code::kConflict,
                     fmt::format("{}: {}: {}", refused->place, name(refused->kind), refused->what));
  return std::unexpected(
      refused->kind == ChangeKind::kReplaceView
          ? std::move(error).hint("--force replaces it; no data is lost.")
          : std::move(error).hint("Rename or drop the table in the console; `frontmonth mirror "
                                  "--forget` then brings its rows again."));
}

}  // namespace fm::google
