// GET /api/bars: the rows of a table of bars, of every contract or of one. GET /api/parquet: stored
// files as they are.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/json_text.h"
#include "base/json_writer.h"
#include "base/yaml.h"
#include "server/api.h"
#include "server/context.h"
#include "server/json_columns.h"
#include "server/series.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr std::int64_t kRowsDefault = 5'000;
constexpr std::int64_t kRowsMax = 200'000;
constexpr std::array<std::string_view, 2> kFormats{"json", "csv"};
constexpr int kSpanDays = 20;  // read at once

// A table of bars, and where its rows say what they are.
struct BarTable {
  const table::Table* table = nullptr;
  std::size_t time = 0;  // a timestamp or a date: the first column of the key
  std::size_t name = 0;  // symbol, or series
  std::size_t root = 0;

  [[nodiscard]] Second second(const table::RowBatch& rows, std::size_t row) const {
    if (table->columns[time].type == table::Type::kDate)
      return Date::from_days(rows.int32s(time)[row]).first_second();
    return second_at(rows, time, row);
  }
};

bool is_bar_table(const table::Table& table) {
  return table.find_column("open") && table.find_column("close") &&
         (table.find_column("root") || table.find_column("ticker")) &&
         (table.find_column("symbol") || table.find_column("cont_id"));
}

BarTable described(const table::Table& table) {
  BarTable bars{.table = &table};
  std::string_view time;
  for (const std::string_view key : table.key) {
    const auto type = table.columns[table.column_index(key)].type;
    if (time.empty() && (type == table::Type::kTimestamp || type == table::Type::kDate)) time = key;
  }
  bars.time = table.column_index(time);
  bars.name = table.column_index(table.find_column("cont_id") ? "cont_id" : "symbol");
  bars.root = table.column_index(table.find_column("root") ? "root" : "ticker");
  return bars;
}

Result<BarTable> find_bar_table(const Arguments& arguments) {
  FM_ASSIGN(const std::string_view name, arguments.required("table"));
  std::vector<std::string_view> known;
  for (const table::Table& table : table::all_tables()) {
    if (!is_bar_table(table)) continue;
    if (table.name == name) return described(table);
    known.push_back(table.name);
  }
  Error error(Code::kInvalidArgument, fmt::format("there is no table of bars \"{}\"", name));
  const auto close = nearest(name, known);
  return std::unexpected(
      std::move(error).hint(close ? fmt::format("Did you mean \"{}\"?", *close)
                                  : fmt::format("There are {}.", fmt::join(known, ", "))));
}

// Where a page goes on: behind the row of this time and name.
struct After {
  Second second = 0;
  std::string name;
};
Result<std::optional<After>> find_after(const Arguments& arguments) {
  const auto text = arguments.text("after");
  if (!text) return std::nullopt;
  After after;
  const std::size_t colon = std::min(text->find(':'), text->size());
  const auto [stop, error] = std::from_chars(text->data(), text->data() + colon, after.second);
  if (colon == text->size() || error != std::errc() || stop != text->data() + colon)
    return fail(Code::kInvalidArgument, "after={}: expected what \"next\" of a page said", *text);
  after.name = text->substr(colon + 1);
  return after;
}

struct BarRequest {
  std::string root;
  BarTable bars;
  std::optional<std::string_view> symbol;
  std::optional<After> after;
  Stretch stretch;
  std::string_view format;
};

Result<BarRequest> parse(const Arguments& arguments) {
  BarRequest request;
  FM_ASSIGN(request.root, arguments.root());
  FM_ASSIGN(request.bars, find_bar_table(arguments));
  request.symbol = arguments.text("symbol");
  FM_ASSIGN(request.after, find_after(arguments));
  FM_ASSIGN(request.format, arguments.word("format", kFormats));
  FM_ASSIGN(const auto limit, arguments.integer("limit", 1, kRowsMax));
  request.stretch.limit = static_cast<std::size_t>(limit.value_or(kRowsDefault));
  FM_ASSIGN(request.stretch.from, arguments.moment("from"));
  FM_ASSIGN(request.stretch.before, arguments.moment("to"));
  if (request.after)
    request.stretch.from = std::max(request.after->second, request.stretch.from.value_or(0));
  return request;
}

bool takes(const BarRequest& request, const table::RowBatch& rows, std::size_t row) {
  const Second second = request.bars.second(rows, row);
  if (!request.stretch.takes(second)) return false;
  const auto name = rows.text(request.bars.name, row);
  if (request.symbol && name != *request.symbol) return false;
  if (request.after && second == request.after->second && name <= request.after->name) return false;
  return rows.text(request.bars.root, row) == request.root;
}

// Spans of the partition column that may hold rows of the stretch.
std::vector<Days> spans_of(const RootIndex* index, const Stretch& stretch) {
  std::vector<Days> spans;
  if (index == nullptr) return spans;
  for (const PartitionInfo& partition : index->partitions) {
    if (partition.rows == 0) continue;
    Date first = partition.first, end = partition.end;
    if (partition.first_second) first = std::max(first, Date::of_second(*partition.first_second));
    if (partition.last_second) end = std::min(end, Date::of_second(*partition.last_second) + 5);
    // A trade date begins up to four days before it.
    if (stretch.from) first = std::max(first, Date::of_second(*stretch.from));
    if (stretch.before) end = std::min(end, Date::of_second(*stretch.before) + 5);
    for (Date day = first; day < end; day = day + kSpanDays)
      spans.push_back({day, std::min(day + kSpanDays, end)});
  }
  return spans;
}

Result<Series> read_bars(Context& context, const BarRequest& request) {
  const table::Table& table = *request.bars.table;
  FM_TRY(context.index.look(table));
  const std::string root = table.root_column.empty() ? "" : request.root;
  const auto index = context.index.find(table, root);
  Series series(table);
  series.source = table.name;
  const auto read = [&](const Days& days) -> Result<Frame> {
    FM_ASSIGN(const auto rows,
              context.lake->read(table,
                                 {.root = request.root, .from = days.from, .before = days.before}));
    Frame frame(table);
    FM_TRY(frame.read(*rows, [&](const table::RowBatch& batch, std::size_t row) {
      return takes(request, batch, row);
    }));
    return frame;
  };
  const Status gathered =
      gather(request.stretch, spans_of(index.get(), request.stretch), read, series);
  FM_TRY(gathered);
  series.made_from = {depends_on(table, root, request.stretch, series)};
  return series;
}

// "1750080600:ESM5" of the last row, where there are more.
std::optional<std::string> next_of(const BarRequest& request, const Series& series) {
  if (!series.has_later) return std::nullopt;
  const Frame::Run& last = series.frame.runs().back();
  const table::RowBatch& batch = series.frame.batch(last.batch);
  const std::size_t row = last.first + last.count - 1;
  return fmt::format("{}:{}", request.bars.second(batch, row), batch.text(request.bars.name, row));
}

Result<Answer> bars(Context& context, const Arguments& arguments) {
  FM_ASSIGN(const BarRequest request, parse(arguments));
  FM_ASSIGN(const Series series, read_bars(context, request));
  const auto columns = every_column(*request.bars.table);
  Answer answer{.response = net::ServerResponse::json(""), .made_from = series.made_from};
  if (request.format == "csv") {
    answer.response.content_type = "text/csv; charset=utf-8";
    answer.response.body = csv_rows(series.frame, columns);
    return answer;
  }
  const auto next = next_of(request, series);
  answer.response.body =
      fmt::format(R"({{"root":{},"source":"{}",{},"next":{},"earlier":{}}})",
                  json_quoted(request.root), series.source, json_columns(series.frame, columns),
                  next ? json_quoted(*next) : "null", series.has_earlier);
  return answer;
}

Result<const table::Table*> table_of_path(const Call& call) {
  const table::Table* const table = table::find_table(call.request.parts[0]);
  if (table == nullptr || table->root_column.empty() || !is_root_name(call.request.parts[1]))
    return std::unexpected(Error(Code::kNotFound, "there are no stored files of this name")
                               .hint("GET /api/roots lists tables and roots."));
  return table;
}

// The day, month or year of "p_root=ES/p_day=2025-06-16".
std::string_view value_of(std::string_view partition) {
  return partition.substr(partition.rfind('=') + 1);
}

Result<Answer> partitions(Context& context, const Call& call) {
  FM_ASSIGN(const table::Table* const table, table_of_path(call));
  const std::string& root = call.request.parts[1];
  FM_ASSIGN(const auto manifests, context.lake->partitions(*table, root));
  JsonWriter json;
  json.object([&] {
    json.array_field("partitions", [&] {
      for (const lake::Manifest& manifest : manifests) {
        if (manifest.rows == 0) continue;
        json.object([&] {
          const auto value = value_of(manifest.partition);
          json.field("partition", value);
          json.array_field("parts", [&] {
            for (std::size_t part = 0; part < manifest.files.size(); ++part)
              json.object([&] {
                json.field("rows", manifest.files[part].rows);
                json.field("bytes", manifest.files[part].bytes);
                json.field("href", fmt::format("/api/parquet/{}/{}/{}?part={}", table->name, root,
                                               value, part));
              });
          });
        });
      }
    });
  });
  return Answer{.response = net::ServerResponse::json(json.take())};
}

// A part of a partition, never the same name with other content.
Result<Answer> parquet(Context& context, const Call& call) {
  FM_ASSIGN(const table::Table* const table, table_of_path(call));
  const std::string& root = call.request.parts[1];
  const std::string& value = call.request.parts[2];
  std::string day = value;
  while (day.size() < std::string_view("2025-06-16").size()) day += "-01";
  const auto date = Date::parse(day);
  if (!date) return fail(Code::kNotFound, "there is no partition \"{}\"", value);
  FM_ASSIGN(const auto manifest, context.lake->find(*table, {.root = root, .date = *date}));
  if (!manifest || manifest->files.empty())
    return fail(Code::kNotFound, "{} has no partition {} of {}", table->name, value, root);
  FM_ASSIGN(const auto part, call.arguments.integer(
                                 "part", 0, static_cast<std::int64_t>(manifest->files.size()) - 1));
  if (!part && manifest->files.size() > 1)
    return std::unexpected(
        Error(Code::kConflict, fmt::format("the partition has {} parts", manifest->files.size()))
            .hint(fmt::format("?part=0 … ?part={} gives one.", manifest->files.size() - 1)));
  const lake::DataFile& file = manifest->files[static_cast<std::size_t>(part.value_or(0))];
  Answer answer{.response = net::file_response(context.env, context.lake->store_path(file),
                                               call.request, "application/vnd.apache.parquet"),
                .etag = fmt::format("\"{}\"", file.name)};
  answer.response.headers.emplace_back(
      "Content-Disposition",
      fmt::format("attachment; filename=\"{}-{}-{}.parquet\"", table->name, root, value));
  return answer;
}

}  // namespace

void add_bar_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET",
       .path = "/api/bars",
       .parameters = {"root", "table", "symbol", "from", "to", "limit", "after", "format"},
       .handler = [&context](const Call& call) { return bars(context, call.arguments); }});
  routes.push_back({.method = "GET",
                    .path = "/api/parquet/{table}/{root}",
                    .handler = [&context](const Call& call) { return partitions(context, call); }});
  routes.push_back({.method = "GET",
                    .path = "/api/parquet/{table}/{root}/{partition}",
                    .parameters = {"part"},
                    .handler = [&context](const Call& call) { return parquet(context, call); }});
}

}  // namespace fm::server
