#include "google/destination.h"

#include <algorithm>

namespace fm::google {
namespace {

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || others.contains(c);
  });
}

constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

}  // namespace

std::string Destination::name() const {
  std::string text = fmt::format("gs://{}/{} {}", bucket, prefix, project);
  for (const auto& [from, to] : datasets)
    if (from != to) text += fmt::format(" {}={}", from, to);
  return text;
}

std::string Destination::dataset_of(const table::Table& table) const {
  const auto found = datasets.find(table.dataset);
  return found == datasets.end() ? std::string(table.dataset) : found->second;
}

TableName Destination::table_of(const table::Table& table) const {
  return {.project = project, .dataset = dataset_of(table), .table = std::string(table.name)};
}

std::string Destination::folder_of(const table::Table& table) const {
  std::string folder = prefix.empty() ? "" : prefix + "/";
  if (!prefix_is_table) folder += fmt::format("{}/", table.name);
  return folder;
}

std::string Destination::object_of(const table::Table& table, const lake::PartitionKey& partition,
                                   std::string_view part) const {
  const std::string root = partition.root.empty() ? "" : fmt::format("root={}/", partition.root);
  return fmt::format("{}{}date={}/part-{}.parquet", folder_of(table), root,
                     partition.first_day(table).iso(), part);
}

std::optional<lake::PartitionKey> Destination::partition_of(const table::Table& table,
                                                            std::string_view object) const {
  const std::string folder = folder_of(table);
  constexpr std::string_view kRoot = "root=", kDate = "date=", kDay = "YYYY-MM-DD";
  if (!object.starts_with(folder)) return std::nullopt;
  std::string_view rest = object.substr(folder.size());
  lake::PartitionKey key;
  if (rest.starts_with(kRoot)) {
    const std::size_t end = rest.find('/');
    if (end == std::string_view::npos) return std::nullopt;
    key.root = rest.substr(kRoot.size(), end - kRoot.size());
    rest.remove_prefix(end + 1);
  }
  if (!rest.starts_with(kDate)) return std::nullopt;
  const auto date = Date::parse(rest.substr(kDate.size(), kDay.size()));
  if (!date) return std::nullopt;
  key.date = *date;
  constexpr std::string_view kPart = "part-", kEnding = ".parquet";
  const std::size_t name_at = rest.rfind('/') + 1;
  if (!rest.ends_with(kEnding) || rest.size() < name_at + kPart.size() + kEnding.size())
    return std::nullopt;
  const std::string_view part =
      rest.substr(name_at + kPart.size(), rest.size() - name_at - kPart.size() - kEnding.size());
  // The same rules backwards: whatever differs was made by nobody here.
  if (object_of(table, key, part) != object) return std::nullopt;
  return key;
}

std::string Destination::owner_object() const {
  return (prefix.empty() ? "" : prefix + "/") + std::string("_frontmonth_lake.json");
}

Status check(const Destination& destination) {
  const auto& [project, bucket, prefix, is_table, datasets] = destination;
  static_cast<void>(is_table);
  if (project.empty() || !consists_of(project, "-:."))
    return fail(Code::kInvalidArgument,
                "project \"{}\": expected a project's id, such as market-data-4711", project);
  if (bucket.size() < 3 || !consists_of(bucket, "-_."))
    return fail(Code::kInvalidArgument,
                "bucket \"{}\": expected a bucket's name alone, without gs://", bucket);
  if (prefix.starts_with('/') || prefix.ends_with('/') ||
      !consists_of(prefix, std::string("-_./=") + std::string(kCapitals)))
    return fail(Code::kInvalidArgument,
                "prefix \"{}\": expected letters, digits and -_./= without slashes at its ends",
                prefix);
  for (const auto& [from, to] : datasets)
    if (to.empty() || !consists_of(to, std::string("_") + std::string(kCapitals)))
      return fail(Code::kInvalidArgument,
                  "dataset \"{}\": expected letters, digits and underscores", to);
  return {};
}

}  // namespace fm::google
