// GET /api/roots: every root, those with rows first.
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/json_writer.h"
#include "server/api.h"
#include "server/context.h"
#include "server/roots.h"

namespace fm::server {
namespace {

constexpr Nanos kRootsHold = 5 * kNanosPerSecond;

std::optional<double> number(const std::optional<Price>& price) {
  return price ? std::optional(to_double(*price)) : std::nullopt;
}

void write_price_format(JsonWriter& json, const PriceFormat& format) {
  json.object_field("price_format", [&] {
    if (format.is_fraction) {
      json.field("kind", "fraction");
      json.field("denominator", format.denominator);
      json.field("sub", format.sub);
    } else {
      json.field("kind", "decimal");
      json.field("places", format.places);
    }
  });
}

void write_table(JsonWriter& json, const RootTable& table) {
  json.object([&] {
    json.field("table", table.table->name);
    json.field("first_date", table.first ? std::optional(table.first->iso()) : std::nullopt);
    json.field("last_date", table.last ? std::optional(table.last->iso()) : std::nullopt);
    json.field("rows", table.rows);
  });
}

struct RootRows {
  std::vector<RootTable> tables;
  std::optional<std::string> front_month;
  std::vector<std::string> contracts;
};

// What the rows of each root say, asked again only when there are others. For any threads.
class RootBook {
 public:
  Result<RootRows> rows_of(Context& context, const std::string& root) {
    RootRows rows;
    FM_ASSIGN(rows.tables, tables_of(context, root));
    if (rows.tables.empty()) return rows;
    const std::uint64_t stamp = stamp_of_rows(context, root, rows.tables);
    const std::lock_guard lock(mutex_);
    auto& known = known_[root];
    if (known.first != stamp) {
      FM_ASSIGN(known.second.front_month, front_month(context, root));
      FM_ASSIGN(known.second.contracts, contracts_of(context, root));
      known.first = stamp;
    }
    rows.contracts = known.second.contracts;
    rows.front_month = known.second.front_month;
    // The feed of this process knows first.
    if (std::string live = context.rows->front_month(root); !live.empty())
      rows.front_month = std::move(live);
    return rows;
  }

 private:
  static std::uint64_t stamp_of_rows(Context& context, const std::string& root,
                                     const std::vector<RootTable>& tables) {
    static const Date kEver(9999, 12, 31);
    std::uint64_t stamp = 1;
    for (const RootTable& table : tables)
      stamp = stamp * 31 +
              stamp_of(context.index,
                       {.table = table.table, .root = root, .from = Date(), .before = kEver});
    return stamp;
  }

  std::mutex mutex_;
  std::map<std::string, std::pair<std::uint64_t, RootRows>, std::less<>> known_;
};

void write_root(JsonWriter& json, const std::string& name, const market::Root* root, Date today,
                const RootRows& rows) {
  const auto tick = root != nullptr ? root->tick_size(today) : std::nullopt;
  json.object([&] {
    json.field("root", name);
    json.field("name", root != nullptr ? root->description : name);
    json.field("exchange", root != nullptr ? std::optional(root->exchange) : std::nullopt);
    json.field("currency", root != nullptr ? std::optional(root->currency) : std::nullopt);
    json.field("tick", number(tick));
    json.field("point_value", number(root != nullptr ? root->point_value(today) : std::nullopt));
    write_price_format(json, price_format(tick));
    json.field("timezone", "America/Chicago");
    json.field("front_month", rows.front_month);
    json.array_field("tables", [&] {
      for (const RootTable& table : rows.tables) write_table(json, table);
    });
    json.field("contracts", rows.contracts);
    json.field("has_rows", !rows.tables.empty());
  });
}

// Every root of the registry, and those that only the lake knows.
Result<std::set<std::string>> roots_of_lake(Context& context) {
  std::set<std::string> roots;
  for (const table::Table& table : table::all_tables()) {
    if (table.root_column.empty()) continue;
    FM_TRY(context.index.look(table));
    for (std::string& root : context.index.roots(table))
      if (!root.empty()) roots.insert(std::move(root));
  }
  return roots;
}

Result<Answer> roots(Context& context, RootBook& book) {
  FM_ASSIGN(auto others, roots_of_lake(context));
  const Date today = Date::of_second(second_of(context.env.now()));
  const market::Universe& universe = context.registry.universe();
  std::vector<std::string> with_rows, without;
  for (const market::Root& root : universe.roots())
    (others.erase(root.name) > 0 ? with_rows : without).push_back(root.name);
  with_rows.insert(with_rows.end(), others.begin(), others.end());
  with_rows.insert(with_rows.end(), without.begin(), without.end());

  JsonWriter json;
  Status status;
  json.object([&] {
    json.array_field("roots", [&] {
      for (const std::string& name : with_rows) {
        auto rows = book.rows_of(context, name);
        if (!rows) {
          status = std::unexpected(std::move(rows).error());
          return;
        }
        write_root(json, name, universe.find(name), today, *rows);
      }
    });
  });
  FM_TRY(std::move(status));
  return Answer{.response = net::ServerResponse::json(json.take()), .valid_for = kRootsHold};
}

}  // namespace

void add_root_routes(Context& context, Routes& routes) {
  const auto book = std::make_shared<RootBook>();
  routes.push_back({.method = "GET",
                    .path = "/api/roots",
                    .handler = [&context, book](const Call&) { return roots(context, *book); }});
}

}  // namespace fm::server
