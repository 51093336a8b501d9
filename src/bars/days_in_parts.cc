#include "bars/days_in_parts.h"

#include <simdjson.h>

#include <memory>
#include <utility>

namespace fm::bars {
namespace {

// A row of a stream, seen before it is taken.
struct Head {
  explicit Head(table::RowStream& from) : rows(&from), batch(from.table()) {}
  // False at the end.
  Result<bool> fill() {
    if (row < batch.size()) return true;
    row = 0;
    return rows->next(batch);
  }
  [[nodiscard]] Date date(std::size_t column) const {
    return Date::from_days(std::as_const(batch).int32s(column)[row]);
  }
  table::RowStream* rows;
  table::RowBatch batch;
  std::size_t row = 0;
};

class ChangedRows final : public table::RowStream {
 public:
  ChangedRows(table::RowStream& stored, table::RowStream& fresh, const std::set<Date>& changed)
      : stored_(stored),
        fresh_(fresh),
        changed_(&changed),
        date_(fresh.table().column_index(fresh.table().partition_column)) {}

  const table::Table& table() const override { return fresh_.rows->table(); }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full()) {
      FM_ASSIGN(const bool has_stored, stored_.fill());
      FM_ASSIGN(const bool has_fresh, fresh_.fill());
      if (has_stored && changed_->contains(stored_.date(date_))) {
        ++stored_.row;
        continue;
      }
      if (!has_stored && !has_fresh) break;
      Head& head =
          has_stored && (!has_fresh || stored_.date(date_) < fresh_.date(date_)) ? stored_ : fresh_;
      batch.append(head.batch, head.row++, 1);
    }
    return batch.size() > 0;
  }

 private:
  Head stored_;
  Head fresh_;
  const std::set<Date>* changed_;
  std::size_t date_;
};

}  // namespace

std::string encode_days(const std::vector<DaySource>& days) {
  std::string json = "[";
  for (const DaySource& day : days)
    json += fmt::format(R"({}{{"day":"{}","hash":"{}"}})", json.size() > 1 ? "," : "",
                        day.day.iso(), day.hash);
  return json + "]";
}

Result<std::vector<DaySource>> decode_days(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json).get(array) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "sources of a partition: found {}, expected a JSON array", json);
  std::vector<DaySource> days;
  for (const auto element : array) {
    std::string_view day, hash;
    if (element["day"].get(day) != simdjson::SUCCESS ||
        element["hash"].get(hash) != simdjson::SUCCESS)
      return fail(Code::kCorrupt, "sources of a partition: a day without \"day\" and \"hash\"");
    FM_ASSIGN(const Date date, Date::parse(day));
    days.push_back({date, std::string(hash)});
  }
  return days;
}

std::set<Date> changed_days(const std::vector<DaySource>& stored,
                            const std::vector<DaySource>& now) {
  std::map<Date, std::string> before;
  for (const DaySource& day : stored) before[day.day] = day.hash;
  std::set<Date> changed;
  for (const DaySource& day : now) {
    const auto found = before.find(day.day);
    if (found == before.end() || found->second != day.hash) changed.insert(day.day);
    if (found != before.end()) before.erase(found);
  }
  for (const auto& [day, hash] : before) changed.insert(day);
  return changed;
}

Result<lake::CommitReport> replace_changed(lake::Lake& lake, const table::Table& table,
                                           const lake::PartitionKey& partition,
                                           table::RowStream& fresh, const std::set<Date>& changed,
                                           const lake::CommitInfo& info) {
  lake::ReadRange range;
  range.root = partition.root;
  range.from = partition.first_day(table);
  range.before = partition.end_day(table);
  FM_ASSIGN(const auto stored, lake.read(table, range));
  ChangedRows rows(*stored, fresh, changed);
  return lake.replace(table, partition, rows, info);
}

}  // namespace fm::bars
