#include "lake/query_guard.h"

#include <duckdb.h>
#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "table/ddl.h"

namespace fm::lake {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// They change the engine, run text that nobody has looked at, or tell of the machine and of paths.
constexpr std::array<std::string_view, 28> kRefused{"enable_logging",
                                                    "disable_logging",
                                                    "truncate_duckdb_logs",
                                                    "write_log",
                                                    "duckdb_logs",
                                                    "duckdb_logs_parsed",
                                                    "duckdb_log_contexts",
                                                    "enable_profiling",
                                                    "disable_profiling",
                                                    "checkpoint",
                                                    "force_checkpoint",
                                                    "query",
                                                    "query_table",
                                                    "json_execute_serialized_sql",
                                                    "json_serialize_plan",
                                                    "duckdb_settings",
                                                    "duckdb_secrets",
                                                    "which_secret",
                                                    "duckdb_secret_types",
                                                    "duckdb_extensions",
                                                    "duckdb_views",
                                                    "duckdb_temporary_files",
                                                    "duckdb_external_file_cache",
                                                    "current_setting",
                                                    "getenv",
                                                    "pragma_user_agent",
                                                    "fm_rows",
                                                    "fm_take"};
// Of the engine, as tables.
constexpr std::array<std::string_view, 6> kRefusedTables{
    "duckdb_views", "sqlite_master", "sqlite_schema", "pg_views", "pg_settings", "duckdb_settings"};
// Values whose size is a number: which of the arguments says it.
struct Sized {
  std::string_view name;
  std::size_t size_argument;
};
constexpr std::size_t kAll = ~std::size_t{0};  // their span
constexpr std::array kSized{
    Sized{"repeat", 1},      Sized{"lpad", 1},         Sized{"rpad", 1},
    Sized{"list_resize", 1}, Sized{"array_resize", 1}, Sized{"bitstring", 1},
    Sized{"bar", 3},         Sized{"range", kAll},     Sized{"generate_series", kAll}};
// Texts whose widths stand in the text that they are given.
constexpr std::array<std::string_view, 2> kFormatting{"format", "printf"};

constexpr std::size_t kDepthMax = 32'768;  // of the parsed statement as JSON

template <std::size_t N>
bool is_among(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

Error refused(std::string_view name, std::string_view why) {
  return Error(Code::kInvalidArgument, fmt::format("{}: {}", name, why))
      .hint("A statement reads the lake's tables, and has limits on memory, time and rows.");
}

std::string_view text_of(const object& node, std::string_view member) {
  std::string_view text;
  return node[member].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// A whole number that stands in the statement.
std::optional<std::int64_t> whole_number(const object& node) {
  object value;
  std::int64_t number = 0;
  if (text_of(node, "class") == "CONSTANT") {
    if (node["value"].get(value) != simdjson::SUCCESS ||
        value["value"].get(number) != simdjson::SUCCESS)
      return std::nullopt;
    return number;
  }
  array children;
  object child;
  if (text_of(node, "function_name") != "-" ||
      node["children"].get(children) != simdjson::SUCCESS || children.size() != 1 ||
      children.at(0).get(child) != simdjson::SUCCESS)
    return std::nullopt;
  const auto inner = whole_number(child);
  return inner ? std::optional(-*inner) : std::nullopt;
}

// Whether a format asks for a width of five digits or more, or for one that is given beside it.
bool is_wide(std::string_view format) {
  std::size_t digits = 0;
  for (const char c : format) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 4) return true;
  }
  return format.contains('*') || format.contains(":{");
}

Result<std::string> only_cell(Rows& rows) {
  FM_ASSIGN(const Chunk chunk, rows.next());
  if (chunk == nullptr) return fail(Code::kQuery, "the statement cannot be looked into");
  auto* const cells = static_cast<duckdb_string_t*>(
      duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0)));
  return std::string(duckdb_string_t_data(cells), duckdb_string_t_length(*cells));
}

class Walk {
 public:
  Status over(const element& root) {
    std::vector<std::pair<element, bool>> open{{root, false}};  // whether it is a table's function
    while (!open.empty()) {
      const auto [node, of_table] = open.back();
      open.pop_back();
      if (array items; node.get(items) == simdjson::SUCCESS) {
        for (const element item : items) open.emplace_back(item, false);
        continue;
      }
      object members;
      if (node.get(members) != simdjson::SUCCESS) continue;
      FM_TRY(look_at(members, of_table));
      const bool is_table_function = text_of(members, "type") == "TABLE_FUNCTION";
      for (const auto member : members)
        open.emplace_back(member.value, is_table_function && member.key == "function");
    }
    return {};
  }

 private:
  Status look_at(const object& node, bool of_table) {
    const std::string_view table = text_of(node, "table_name");
    if (is_among(table, kRefusedTables))
      return std::unexpected(refused(table, "tells of more than the lake's rows"));
    const std::string_view name = text_of(node, "function_name");
    if (name.empty()) return {};
    if (is_among(name, kRefused))
      return std::unexpected(
          refused(name, "changes the engine, runs text or tells of the machine"));
    array arguments;
    if (node["children"].get(arguments) != simdjson::SUCCESS) return {};
    // As a table it is made row by row.
    const auto sized = std::ranges::find(kSized, name, &Sized::name);
    if (!of_table && sized != kSized.end()) return multiply(*sized, arguments);
    if (is_among(name, kFormatting)) return check_format(name, arguments);
    return {};
  }

  Status multiply(const Sized& sized, const array& arguments) {
    std::int64_t largest = 1;
    bool are_written = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (sized.size_argument != kAll && sized.size_argument != i) continue;
      object node;
      const auto number =
          arguments.at(i).get(node) == simdjson::SUCCESS ? whole_number(node) : std::nullopt;
      are_written = are_written && number && *number > -kValueSizeMax && *number < kValueSizeMax;
      if (are_written) largest = std::max(largest, *number < 0 ? -*number : *number);
    }
    if (!are_written || largest > kValueSizeMax / product_)
      return std::unexpected(
          refused(sized.name, fmt::format("makes a value of any size; sizes must be written as "
                                          "numbers whose product is {} at most",
                                          kValueSizeMax)));
    product_ *= largest;
    return {};
  }

  static Status check_format(std::string_view name, const array& arguments) {
    object format;
    object value;
    std::string_view text;
    const bool is_plain =
        arguments.size() > 0 && arguments.at(0).get(format) == simdjson::SUCCESS &&
        text_of(format, "class") == "CONSTANT" && format["value"].get(value) == simdjson::SUCCESS &&
        value["value"].get(text) == simdjson::SUCCESS && !is_wide(text);
    if (is_plain) return {};
    return std::unexpected(refused(
        name, "its format must be written in the statement, with widths of at most four digits"));
  }

  std::int64_t product_ = 1;
};

}  // namespace

Status check_text(const std::string& sql) {
  if (sql.size() > kStatementBytesMax)
    return fail(Code::kInvalidArgument, "a statement of {} bytes; at most {}", sql.size(),
                kStatementBytesMax);
  if (sql.contains('\0'))
    return fail(Code::kInvalidArgument, "a zero byte stands in the statement");
  return {};
}

Status check_functions(Database& database, const std::string& sql) {
  FM_ASSIGN(Rows rows, database.query(fmt::format("SELECT json_serialize_sql({})",
                                                  table::quote_text(sql, table::Engine::kDuckdb))));
  FM_ASSIGN(const std::string parsed, only_cell(rows));
  simdjson::dom::parser parser;
  element root;
  if (parser.allocate(parsed.size() + 1, kDepthMax) != simdjson::SUCCESS ||
      parser.parse(parsed).get(root) != simdjson::SUCCESS)
    return fail(Code::kInvalidArgument, "the statement is nested too deeply");
  bool failed = true;
  if (root["error"].get(failed) != simdjson::SUCCESS || failed) {
    std::string_view message;
    if (root["error_message"].get(message) != simdjson::SUCCESS)
      message = "the statement cannot be looked into";
    return fail(Code::kInvalidArgument, "{}", message);
  }
  return Walk().over(root);
}

}  // namespace fm::lake
