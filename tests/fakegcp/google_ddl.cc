#include "google_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fm::fakegcp {
namespace {

using Options = std::vector<std::pair<std::string, Words>>;

// One statement, read from its first word on.
class Ddl {
 public:
  Ddl(const DdlContext& context, Words tokens) : context_(context), tokens_(tokens) {}

  Answer<std::string> run() {
    const Word& verb = tokens_[0];
    ++at_;
    if (verb.is("CREATE")) return create();
    if (verb.is("DROP")) return drop();
    return alter();
  }

 private:
  [[nodiscard]] bool next_is(std::string_view word) const {
    return at_ < tokens_.size() && tokens_[at_].is(word);
  }
  bool take(std::string_view word) {
    if (!next_is(word)) return false;
    ++at_;
    return true;
  }
  bool take(std::initializer_list<std::string_view> words) {
    for (std::size_t i = 0; const std::string_view word : words) {
      if (at_ + i >= tokens_.size() || !tokens_[at_ + i].is(word)) return false;
      ++i;
    }
    at_ += words.size();
    return true;
  }
  std::unexpected<Refusal> unexpected() const {
    return invalid_query(
        fmt::format("Syntax error: Unexpected {}",
                    at_ < tokens_.size() ? "\"" + tokens_[at_].text + "\"" : "end of statement"));
  }
  Answer<void> end() const {
    if (at_ < tokens_.size()) return unexpected();
    return {};
  }
  Answer<Words> brackets() {
    if (!next_is("(")) return unexpected();
    FM_ASSIGN(const std::size_t close, closing(tokens_, at_));
    const Words inner = tokens_.subspan(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    return inner;
  }

  Answer<TableName> table_name() {
    FM_ASSIGN(std::vector<std::string> path, read_path(tokens_, at_));
    if (path.size() == 1 && !context_.default_dataset.empty())
      path.insert(path.begin(), context_.default_dataset);
    if (path.size() == 2) path.insert(path.begin(), context_.project);
    if (path.size() != 3)
      return invalid_query(
          fmt::format("Table \"{}\" must be qualified with a dataset (e.g. "
                      "dataset.table).",
                      path.back()));
    FM_ASSIGN(const Dataset* in, context_.catalog.dataset(path[0], path[1]));
    std::string location = in->location;
    std::ranges::transform(location, location.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    if (!context_.location.empty() && location != context_.location)
      return refuse(404, "notFound",
                    fmt::format("Not found: Dataset {}:{} was not found in location {}", path[0],
                                path[1], context_.location));
    return TableName{path[0], path[1], path[2]};
  }

  Answer<Options> options() {
    Options out;
    if (!take("OPTIONS")) return out;
    FM_ASSIGN(const Words inner, brackets());
    for (const Words& one : split_commas(inner)) {
      if (one.size() < 3 || !one[0].is_any_name() || !one[1].is("="))
        return invalid_query("Syntax error: Expected OPTIONS(name = value, …)");
      out.emplace_back(one[0].text, one.subspan(2));
    }
    return out;
  }

  static Answer<std::string> text_of(const Words& value, std::string_view name) {
    if (value.size() == 1 && value[0].kind == WordKind::kText) return value[0].text;
    return invalid_query(fmt::format("Option {} is a text", name));
  }
  static Answer<bool> bool_of(const Words& value, std::string_view name) {
    if (value.size() == 1 && value[0].is("TRUE")) return true;
    if (value.size() == 1 && value[0].is("FALSE")) return false;
    return invalid_query(fmt::format("Option {} is true or false", name));
  }
  static Answer<std::int64_t> days_ms(const Words& value, std::string_view name) {
    double days = 0;
    if (value.size() == 1 && value[0].kind == WordKind::kNumber)
      std::from_chars(value[0].text.data(), value[0].text.data() + value[0].text.size(), days);
    if (days <= 0) return invalid_query(fmt::format("Option {} is a number of days", name));
    return static_cast<std::int64_t>(days * 86'400'000);
  }
  // [("key", "value"), …]
  static Answer<Json> labels_of(const Words& value) {
    Json out = Json::object();
    if (value.size() < 2 || !value.front().is("[") || !value.back().is("]"))
      return invalid_query("Option labels is a list of pairs");
    for (const Words& one : split_commas(value.subspan(1, value.size() - 2))) {
      if (one.size() != 5 || one[1].kind != WordKind::kText || one[3].kind != WordKind::kText)
        return invalid_query("Option labels is a list of pairs");
      out[one[1].text] = one[3].text;
    }
    return out;
  }

  Answer<void> apply(const Options& list, Table& table) {
    for (const auto& [name, value] : list) {
      if (name == "description" || name == "friendly_name") {
        FM_ASSIGN(table.settings[name == "description" ? "description" : "friendlyName"],
                  text_of(value, name));
      } else if (name == "labels") {
        FM_ASSIGN(table.settings["labels"], labels_of(value));
      } else if (name == "require_partition_filter") {
        FM_ASSIGN(table.require_partition_filter, bool_of(value, name));
        if (table.require_partition_filter && !table.shape.partitioning)
          return invalid_query("require_partition_filter is for partitioned tables");
      } else if (name == "partition_expiration_days" && table.shape.partitioning) {
        FM_ASSIGN(table.shape.partitioning->expiration_ms, days_ms(value, name));
      } else {
        return invalid_query(fmt::format("Unknown option: {}", name));
      }
    }
    return {};
  }

  Answer<std::string> create() {
    const bool replace = take({"OR", "REPLACE"});
    if (take("SCHEMA")) return create_schema();
    const bool is_view = take("VIEW");
    if (!is_view && !take("TABLE")) return unexpected();
    const bool if_missing = take({"IF", "NOT", "EXISTS"});
    FM_ASSIGN(const TableName name, table_name());
    std::string type = is_view ? "CREATE_VIEW" : "CREATE_TABLE";
    if (context_.catalog.find(name) != nullptr) {
      if (if_missing) return type;
      if (!replace)
        return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", name.text()));
      if (!is_view) FM_TRY(context_.catalog.drop(name));
    }
    if (is_view) {
      FM_TRY(create_view(name, replace));
    } else {
      FM_TRY(create_table(name));
    }
    return type;
  }

  Answer<std::string> create_schema() {
    const bool if_missing = take({"IF", "NOT", "EXISTS"});
    FM_ASSIGN(std::vector<std::string> path, read_path(tokens_, at_));
    if (path.size() == 1) path.insert(path.begin(), context_.project);
    if (path.size() != 2) return unexpected();
    Dataset made{.project = path[0],
                 .name = path[1],
                 .location = context_.location.empty() ? "US" : context_.location};
    FM_ASSIGN(const Options list, options());
    FM_TRY(end());
    for (const auto& [name, value] : list) {
      if (name == "location") {
        FM_ASSIGN(made.location, text_of(value, name));
      } else if (name == "description" || name == "friendly_name") {
        FM_ASSIGN(made.settings[name == "description" ? "description" : "friendlyName"],
                  text_of(value, name));
      } else if (name == "labels") {
        FM_ASSIGN(made.settings["labels"], labels_of(value));
      } else if (name == "default_table_expiration_days") {
        FM_ASSIGN(made.default_expiration_ms, days_ms(value, name));
      } else {
        return invalid_query(fmt::format("Unknown option: {}", name));
      }
    }
    if (if_missing && context_.catalog.dataset(made.project, made.name).has_value())
      return "CREATE_SCHEMA";
    FM_TRY(context_.catalog.create_dataset(std::move(made)));
    return "CREATE_SCHEMA";
  }

  // a INT64 NOT NULL OPTIONS(description='…')
  Answer<Column> column(Words tokens) {
    Ddl part(context_, tokens);
    Column out;
    if (tokens.size() < 2 || !tokens[0].is_any_name() || tokens[0].text.contains('.'))
      return invalid_query("Syntax error: Expected a column's name and type");
    out.name = tokens[0].text;
    FM_TRY(translate_type(tokens.subspan(1, 1)));
    out.type = column_type(tokens[1].text);
    part.at_ = 2;
    out.is_required = part.take({"NOT", "NULL"});
    FM_ASSIGN(const Options list, part.options());
    for (const auto& [name, value] : list) {
      if (name != "description") return invalid_query(fmt::format("Unknown option: {}", name));
      FM_ASSIGN(out.description, text_of(value, name));
    }
    FM_TRY(part.end());
    return out;
  }

  Answer<void> columns(Table& table) {
    FM_ASSIGN(const Words inner, brackets());
    for (const Words& one : split_commas(inner)) {
      if (one.size() > 1 && one[0].is("PRIMARY") && one[1].is("KEY")) {
        Ddl part(context_, one);
        part.at_ = 2;
        FM_ASSIGN(const Words key, part.brackets());
        if (!part.take({"NOT", "ENFORCED"}))
          return invalid_query("A primary key must be NOT ENFORCED");
        FM_TRY(part.end());
        for (const Words& by : split_commas(key))
          table.settings["tableConstraints"]["primaryKey"]["columns"].push(by[0].text);
        continue;
      }
      FM_ASSIGN(Column made, column(one));
      table.shape.columns.push_back(std::move(made));
    }
    for (const Json& key : table.settings.at("tableConstraints", "primaryKey", "columns").items())
      if (table.shape.find(key.text()) == nullptr)
        return invalid_query(fmt::format("Primary key column not found: {}", key.text()));
    return {};
  }

  // day, DATE(ts), DATE_TRUNC(day, MONTH), TIMESTAMP_TRUNC(ts, DAY)
  Answer<Partitioning> partition_by() {
    Partitioning out;
    if (at_ >= tokens_.size() || !tokens_[at_].is_any_name()) return unexpected();
    const Word first = tokens_[at_++];
    if (!next_is("(")) {
      out.column = first.text;
      return out;
    }
    FM_ASSIGN(const Words inner, brackets());
    const std::vector<Words> arguments = split_commas(inner);
    if (arguments.empty() || arguments[0].size() != 1 || !arguments[0][0].is_any_name())
      return invalid_query("PARTITION BY expression must be a column or a truncation of one");
    out.column = arguments[0][0].text;
    if (first.is("DATE") && arguments.size() == 1) return out;
    const bool truncates =
        first.is("DATE_TRUNC") || first.is("TIMESTAMP_TRUNC") || first.is("DATETIME_TRUNC");
    if (truncates && arguments.size() == 2 && arguments[1].size() == 1)
      for (const PartitionUnit unit :
           {PartitionUnit::kDay, PartitionUnit::kMonth, PartitionUnit::kYear}) {
        out.unit = unit;
        if (arguments[1][0].is(fakegcp::name(unit))) return out;
      }
    return invalid_query("PARTITION BY expression must be a column or a truncation of one");
  }

  Answer<void> create_table(const TableName& name) {
    Table made{.name = name};
    const bool has_columns = next_is("(");
    if (has_columns) FM_TRY(columns(made));
    if (take({"PARTITION", "BY"})) {
      FM_ASSIGN(made.shape.partitioning, partition_by());
    }
    if (take({"CLUSTER", "BY"})) {
      do {
        FM_ASSIGN(const auto path, read_path(tokens_, at_));
        made.shape.clustering.push_back(path.back());
      } while (take(","));
    }
    FM_ASSIGN(const Options list, options());
    Words query;
    if (take("AS")) {
      query = tokens_.subspan(at_);
      at_ = tokens_.size();
      std::vector<Column> found;
      FM_TRY(context_.look(query, found));
      if (!has_columns) made.shape.columns = std::move(found);
    }
    FM_TRY(end());
    FM_TRY(apply(list, made));
    FM_TRY(context_.catalog.create_table(std::move(made)));
    if (!query.empty()) FM_TRY(context_.fill(name, query));
    return {};
  }

  Answer<void> create_view(const TableName& name, bool replace) {
    Table made{.name = name};
    FM_ASSIGN(const Options list, options());
    FM_TRY(apply(list, made));
    if (!take("AS")) return unexpected();
    const Words query = tokens_.subspan(at_);
    FM_ASSIGN(const std::string select, context_.look(query, made.shape.columns));
    made.view_query = written(query);
    FM_TRY(context_.catalog.create_view(std::move(made), select, replace));
    return {};
  }

  // The query's words again, as GoogleSQL.
  static std::string written(Words query) {
    std::string out;
    for (const Word& token : query) {
      if (!out.empty()) out += ' ';
      if (token.kind == WordKind::kQuotedName) {
        out += '`' + token.text + '`';
      } else if (token.kind == WordKind::kText) {
        out += '\'';
        for (const char c : token.text) {
          if (c == '\'' || c == '\\') out += '\\';
          if (c == '\n')
            out += "\\n";
          else
            out += c;
        }
        out += '\'';
      } else {
        out += token.kind == WordKind::kParameter ? "@" + token.text : token.text;
      }
    }
    return out;
  }

  Answer<std::string> drop() {
    if (take("SCHEMA")) return invalid_query("DROP SCHEMA is not modelled");
    const bool is_view = take("VIEW");
    if (!is_view && !take("TABLE")) return unexpected();
    const bool if_there = take({"IF", "EXISTS"});
    FM_ASSIGN(const TableName name, table_name());
    FM_TRY(end());
    const Table* found = context_.catalog.find(name);
    std::string type = is_view ? "DROP_VIEW" : "DROP_TABLE";
    if (found == nullptr && if_there) return type;
    if (found != nullptr && found->is_view() != is_view)
      return invalid_query(fmt::format("{} is not of this kind", name.text()));
    FM_TRY(context_.catalog.drop(name));
    return type;
  }

  Answer<std::string> alter() {
    if (!take("TABLE")) return unexpected();
    const bool if_there = take({"IF", "EXISTS"});
    FM_ASSIGN(const TableName name, table_name());
    Table* found = context_.catalog.find(name);
    if (found == nullptr && if_there) return "ALTER_TABLE";
    FM_ASSIGN(found, context_.catalog.table(name));
    if (take("SET")) {
      FM_ASSIGN(const Options list, options());
      FM_TRY(end());
      FM_TRY(apply(list, *found));
    } else {
      std::vector<Column> all = found->shape.columns;
      do {
        if (!take({"ADD", "COLUMN"})) return unexpected();
        const bool if_missing = take({"IF", "NOT", "EXISTS"});
        const std::size_t stop = find_word(tokens_, ",", at_);
        FM_ASSIGN(Column made, column(tokens_.subspan(at_, stop - at_)));
        at_ = stop;
        if (found->shape.find(made.name) == nullptr)
          all.push_back(std::move(made));
        else if (!if_missing)
          return invalid_query(fmt::format("Column already exists: {}", made.name));
      } while (take(","));
      FM_TRY(context_.catalog.change_columns(*found, all));
    }
    context_.catalog.touch(*found);
    return "ALTER_TABLE";
  }

  const DdlContext& context_;
  Words tokens_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_ddl(Words statement) {
  return !statement.empty() &&
         (statement[0].is("CREATE") || statement[0].is("DROP") || statement[0].is("ALTER"));
}

Answer<std::string> run_ddl(const DdlContext& context, Words statement) {
  return Ddl(context, statement).run();
}

}  // namespace fm::fakegcp
