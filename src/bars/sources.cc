#include "bars/sources.h"

#include <utility>

#include "base/assert.h"

namespace fm::bars {
namespace {

// Opens a year when its turn comes.
class YearByYear final : public table::RowStream {
 public:
  YearByYear(const lake::Lake& lake, const table::Table& table, std::string_view root, Date from,
             Date before, std::vector<std::string_view> columns)
      : lake_(&lake),
        table_(&table),
        root_(table.root_column.empty() ? "" : root),
        from_(from),
        before_(before),
        columns_(std::move(columns)) {}

  const table::Table& table() const override { return *table_; }

  Result<bool> next(table::RowBatch& batch) override {
    for (;;) {
      if (cursor_ != nullptr) {
        FM_ASSIGN(const bool more, cursor_->next(batch));
        if (more) return true;
        cursor_.reset();
      }
      if (from_ >= before_) {
        batch.clear();
        return false;
      }
      const Date end = std::min(before_, Date(from_.year() + 1, 1, 1));
      lake::ReadRange range;
      range.root = root_;
      range.from = from_;
      range.before = end;
      range.columns = columns_;
      FM_ASSIGN(cursor_, lake_->read(*table_, range));
      from_ = end;
    }
  }

 private:
  const lake::Lake* lake_;
  const table::Table* table_;
  std::string root_;
  Date from_;
  Date before_;
  std::vector<std::string_view> columns_;
  lake::RowCursor cursor_;
};

}  // namespace

void Sources::add(std::string_view table, std::string_view partition, std::string_view hash) {
  if (!json_.empty()) json_ += ',';
  json_ += fmt::format(R"({{"table":"{}","partition":"{}","hash":"{}"}})", table, partition, hash);
}

bool is_current(const std::optional<lake::Manifest>& stored, const lake::CommitInfo& info) {
  return stored && stored->sources == info.sources && stored->parameters == info.parameters &&
         stored->engine_version == info.engine_version;
}

std::unique_ptr<table::RowStream> read_years(const lake::Lake& lake, const table::Table& table,
                                             std::string_view root, Date from, Date before,
                                             std::vector<std::string_view> columns) {
  FM_ASSERT(table.layout == table::LakeLayout::kRootYear ||
            table.layout == table::LakeLayout::kYear);
  return std::make_unique<YearByYear>(lake, table, root, from, before, std::move(columns));
}

Date date_of(const lake::Manifest& manifest) { return manifest.key().date; }
std::string root_of(const lake::Manifest& manifest) { return manifest.key().root; }

}  // namespace fm::bars
