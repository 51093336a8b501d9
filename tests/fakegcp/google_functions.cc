// The functions of GoogleSQL that are known, each with what DuckDB runs for it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bigquery_schema.h"
#include "duck.h"
#include "google_sql.h"

namespace fm::fakegcp {
namespace {

struct Function {
  std::string_view name;
  std::size_t arguments_min, arguments_max;
  std::string_view sql;  // "$1" is an argument, "$*" all of them
};

constexpr std::size_t kAny = 1'000;
constexpr Function kFunctions[] = {
    {"COUNT", 1, 1, "count($*)"},
    {"SUM", 1, 1, "sum($1)"},
    {"AVG", 1, 1, "avg($1)"},
    {"MIN", 1, 1, "min($1)"},
    {"MAX", 1, 1, "max($1)"},
    {"COUNTIF", 1, 1, "count_if($1)"},
    {"LOGICAL_AND", 1, 1, "bool_and($1)"},
    {"LOGICAL_OR", 1, 1, "bool_or($1)"},
    {"STDDEV", 1, 1, "stddev_samp($1)"},
    {"STDDEV_SAMP", 1, 1, "stddev_samp($1)"},
    {"STDDEV_POP", 1, 1, "stddev_pop($1)"},
    {"VARIANCE", 1, 1, "var_samp($1)"},
    {"CORR", 2, 2, "corr($1, $2)"},
    {"MAX_BY", 2, 2, "arg_max_null($1, $2)"},
    {"MIN_BY", 2, 2, "arg_min_null($1, $2)"},
    {"APPROX_COUNT_DISTINCT", 1, 1, "count(DISTINCT $1)"},
    {"ROW_NUMBER", 0, 0, "row_number()"},
    {"RANK", 0, 0, "rank()"},
    {"DENSE_RANK", 0, 0, "dense_rank()"},
    {"LAG", 1, 3, "lag($*)"},
    {"LEAD", 1, 3, "lead($*)"},
    {"FIRST_VALUE", 1, 1, "first_value($1)"},
    {"LAST_VALUE", 1, 1, "last_value($1)"},
    {"COALESCE", 1, kAny, "coalesce($*)"},
    {"IFNULL", 2, 2, "coalesce($1, $2)"},
    {"NULLIF", 2, 2, "nullif($1, $2)"},
    {"IF", 3, 3, "(CASE WHEN $1 THEN $2 ELSE $3 END)"},
    {"ABS", 1, 1, "abs($1)"},
    {"SIGN", 1, 1, "sign($1)"},
    {"ROUND", 1, 2, "round($*)"},
    {"TRUNC", 1, 1, "trunc($1)"},
    {"FLOOR", 1, 1, "floor($1)"},
    {"CEIL", 1, 1, "ceil($1)"},
    {"CEILING", 1, 1, "ceil($1)"},
    {"SQRT", 1, 1, "sqrt($1)"},
    {"EXP", 1, 1, "exp($1)"},
    {"LN", 1, 1, "ln($1)"},
    {"POW", 2, 2, "pow($1, $2)"},
    {"POWER", 2, 2, "pow($1, $2)"},
    {"MOD", 2, 2, "mod($1, $2)"},
    {"DIV", 2, 2, "($1 // $2)"},
    // A product that is too large is DuckDB's infinity.
    {"SAFE_MULTIPLY", 2, 2, "(CASE WHEN isinf(($1) * ($2)) THEN NULL ELSE ($1) * ($2) END)"},
    {"SAFE_DIVIDE", 2, 2, "(CASE WHEN ($2) = 0 THEN NULL ELSE ($1) / ($2) END)"},
    {"IS_NAN", 1, 1, "isnan($1)"},
    {"IS_INF", 1, 1, "isinf($1)"},
    {"LENGTH", 1, 1, "length($1)"},
    {"CHAR_LENGTH", 1, 1, "length($1)"},
    {"BYTE_LENGTH", 1, 1, "strlen($1)"},
    {"LOWER", 1, 1, "lower($1)"},
    {"UPPER", 1, 1, "upper($1)"},
    {"TRIM", 1, 2, "trim($*)"},
    {"SUBSTR", 2, 3, "substr($*)"},
    {"SUBSTRING", 2, 3, "substr($*)"},
    {"LEFT", 2, 2, "left($1, $2)"},
    {"RIGHT", 2, 2, "right($1, $2)"},
    {"REPLACE", 3, 3, "replace($1, $2, $3)"},
    {"STARTS_WITH", 2, 2, "starts_with($1, $2)"},
    {"ENDS_WITH", 2, 2, "ends_with($1, $2)"},
    {"STRPOS", 2, 2, "strpos($1, $2)"},
    {"REGEXP_CONTAINS", 2, 2, "regexp_matches($1, $2)"},
    {"SPLIT", 2, 2, "str_split($1, $2)"},
    {"ARRAY_LENGTH", 1, 1, "len($1)"},
    {"UNIX_MICROS", 1, 1, "epoch_us($1)"},
    {"UNIX_MILLIS", 1, 1, "CAST(floor(epoch_us($1) / 1000) AS BIGINT)"},
    {"UNIX_SECONDS", 1, 1, "CAST(floor(epoch_us($1) / 1000000) AS BIGINT)"},
    {"UNIX_DATE", 1, 1, "CAST(($1) - DATE '1970-01-01' AS BIGINT)"},
    {"TIMESTAMP_MICROS", 1, 1, "make_timestamptz(CAST($1 AS BIGINT))"},
    {"TIMESTAMP_MILLIS", 1, 1, "make_timestamptz(CAST($1 AS BIGINT) * 1000)"},
    {"TIMESTAMP_SECONDS", 1, 1, "make_timestamptz(CAST($1 AS BIGINT) * 1000000)"},
    {"DATE_FROM_UNIX_DATE", 1, 1, "(DATE '1970-01-01' + CAST($1 AS INTEGER))"},
    {"FORMAT", 2, 2, "printf($1, $2)"},
    {"FORMAT_DATE", 2, 2, "strftime(CAST($2 AS DATE), $1)"},
    {"FORMAT_TIMESTAMP", 2, 2, "strftime(timezone('UTC', $2), $1)"},
    {"FORMAT_TIMESTAMP", 3, 3, "strftime(timezone($3, $2), $1)"},
    {"PARSE_DATE", 2, 2, "CAST(strptime($2, $1) AS DATE)"},
    {"DATE", 1, 1, "CAST($1 AS DATE)"},
    {"DATE", 2, 2, "CAST(timezone($2, CAST($1 AS TIMESTAMPTZ)) AS DATE)"},
    {"DATE", 3, 3, "make_date($1, $2, $3)"},
    {"DATETIME", 1, 1, "timezone('UTC', CAST($1 AS TIMESTAMPTZ))"},
    {"DATETIME", 2, 2, "timezone($2, CAST($1 AS TIMESTAMPTZ))"},
    {"TIMESTAMP", 1, 1, "CAST($1 AS TIMESTAMPTZ)"},
    {"TIMESTAMP", 2, 2, "timezone($2, CAST($1 AS TIMESTAMP))"},
    {"GENERATE_ARRAY", 2, 3, "generate_series($*)"},
    {"GENERATE_DATE_ARRAY", 2, 2,
     "CAST(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), INTERVAL 1 DAY) AS "
     "DATE[])"},
    {"GENERATE_DATE_ARRAY", 3, 3,
     "CAST(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), $3) AS DATE[])"},
};

struct Arguments {
  Translator& translator;
  std::vector<Words> list;
  [[nodiscard]] Answer<std::string> at(std::size_t index) const {
    return translator.translate(list[index]);
  }
};

// The unit of a truncation or a difference, as DuckDB writes it.
Answer<std::string> unit_of(Words tokens, std::initializer_list<std::string_view> known) {
  if (tokens.size() == 1)
    for (const std::string_view one : known)
      if (tokens[0].is(one)) {
        std::string unit(one == "ISOWEEK" ? "week" : one);
        std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::tolower(c); });
        return unit;
      }
  return invalid_query(fmt::format("A unit that is not valid or not modelled: {}",
                                   tokens.empty() ? "" : tokens[0].text));
}

Answer<std::string> cast(const Arguments& arguments, std::string_view verb) {
  const Words all = arguments.list[0];
  const std::size_t as = find_word(all, "AS");
  if (arguments.list.size() != 1 || as == all.size())
    return invalid_query("Syntax error: Expected CAST(expression AS type)");
  FM_ASSIGN(const std::string value, arguments.translator.translate(all.first(as)));
  FM_ASSIGN(const std::string type, translate_type(all.subspan(as + 1)));
  return fmt::format("{}({} AS {})", verb, value, type);
}

// MD5 and SHA256 give bytes, and DuckDB digits: only together with TO_HEX.
Answer<std::string> to_hex(const Arguments& arguments) {
  const Words inner = arguments.list[0];
  if (arguments.list.size() == 1 && inner.size() > 3 &&
      (inner[0].is("MD5") || inner[0].is("SHA256")) && inner[1].is("(") &&
      closing(inner, 1) == inner.size() - 1) {
    FM_ASSIGN(const std::string text,
              arguments.translator.translate(inner.subspan(2, inner.size() - 3)));
    return fmt::format("{}({})", inner[0].is("MD5") ? "md5" : "sha256", text);
  }
  return invalid_query("TO_HEX is modelled of MD5(text) and SHA256(text)");
}

Answer<std::string> date_trunc(const Arguments& arguments) {
  FM_ASSIGN(const std::string date, arguments.at(0));
  FM_ASSIGN(const std::string unit,
            unit_of(arguments.list[1], {"DAY", "ISOWEEK", "MONTH", "QUARTER", "YEAR"}));
  return fmt::format("CAST(date_trunc('{}', {}) AS DATE)", unit, date);
}

Answer<std::string> timestamp_trunc(const Arguments& arguments) {
  FM_ASSIGN(const std::string time, arguments.at(0));
  FM_ASSIGN(const std::string unit,
            unit_of(arguments.list[1],
                    {"SECOND", "MINUTE", "HOUR", "DAY", "ISOWEEK", "MONTH", "QUARTER", "YEAR"}));
  if (arguments.list.size() == 2) return fmt::format("date_trunc('{}', {})", unit, time);
  FM_ASSIGN(const std::string zone, arguments.at(2));
  return fmt::format("timezone({0}, date_trunc('{1}', timezone({0}, {2})))", zone, unit, time);
}

// DATE_ADD, TIMESTAMP_SUB and their like.
Answer<std::string> shift(const Arguments& arguments, std::string_view kind, char sign) {
  const Words by = arguments.list[1];
  if (by.empty() || !by[0].is("INTERVAL"))
    return invalid_query(
        fmt::format("{}_{}: expected INTERVAL n unit", kind, sign == '+' ? "ADD" : "SUB"));
  const Word& unit = by.back();
  const bool is_long = unit.is("MONTH") || unit.is("QUARTER") || unit.is("YEAR");
  const bool is_date_unit = is_long || unit.is("DAY") || unit.is("WEEK");
  if (kind == "TIMESTAMP" && (is_long || unit.is("WEEK")))
    return invalid_query(fmt::format("TIMESTAMP_{} does not support the {} date part",
                                     sign == '+' ? "ADD" : "SUB", unit.text));
  if (kind == "DATE" && !is_date_unit)
    return invalid_query(fmt::format("DATE_{} does not support the {} date part",
                                     sign == '+' ? "ADD" : "SUB", unit.text));
  FM_ASSIGN(const std::string value, arguments.at(0));
  FM_ASSIGN(const std::string interval, arguments.at(1));
  return kind == "DATE" ? fmt::format("CAST({} {} {} AS DATE)", value, sign, interval)
                        : fmt::format("({} {} {})", value, sign, interval);
}

// DATE counts boundaries, TIMESTAMP whole units that have passed.
Answer<std::string> difference(const Arguments& arguments, std::string_view function) {
  FM_ASSIGN(const std::string later, arguments.at(0));
  FM_ASSIGN(const std::string earlier, arguments.at(1));
  FM_ASSIGN(const std::string unit,
            unit_of(arguments.list[2], {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR",
                                        "DAY", "ISOWEEK", "MONTH", "QUARTER", "YEAR"}));
  return fmt::format("{}('{}', {}, {})", function, unit, earlier, later);
}

Answer<std::string> extract(const Arguments& arguments) {
  const Words all = arguments.list[0];
  if (arguments.list.size() != 1 || all.size() < 3 || !all[1].is("FROM"))
    return invalid_query("Syntax error: Expected EXTRACT(part FROM value)");
  const std::size_t zone_at = find_word(all, "AT");
  FM_ASSIGN(std::string value, arguments.translator.translate(all.subspan(2, zone_at - 2)));
  if (zone_at != all.size()) {
    if (zone_at + 3 >= all.size() || !all[zone_at + 1].is("TIME") || !all[zone_at + 2].is("ZONE"))
      return invalid_query("Syntax error: Expected AT TIME ZONE");
    FM_ASSIGN(const std::string zone, arguments.translator.translate(all.subspan(zone_at + 3)));
    value = fmt::format("timezone({}, CAST({} AS TIMESTAMPTZ))", zone, value);
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kParts{
      {{"YEAR", "year($)"},
       {"MONTH", "month($)"},
       {"DAY", "day($)"},
       {"HOUR", "hour($)"},
       {"MINUTE", "minute($)"},
       {"SECOND", "second($)"},
       {"QUARTER", "quarter($)"},
       {"DAYOFWEEK", "(dayofweek($) + 1)"},
       {"DAYOFYEAR", "dayofyear($)"},
       {"ISOWEEK", "weekofyear($)"},
       {"ISOYEAR", "isoyear($)"},
       {"DATE", "CAST($ AS DATE)"},
       {"MICROSECOND", "(microsecond($) % 1000000)"}}};
  for (const auto& [part, sql] : kParts)
    if (all[0].is(part)) {
      std::string out(sql);
      return out.replace(out.find('$'), 1, value);
    }
  return invalid_query(fmt::format("A part that is not valid or not modelled: {}", all[0].text));
}

// ARRAY_AGG(x [IGNORE NULLS] [ORDER BY …] [LIMIT n]): a limit only takes from the end.
Answer<std::string> array_agg(const Arguments& arguments) {
  std::vector<Word> all;
  for (std::size_t i = 0; i < arguments.list.size(); ++i) {
    if (i > 0) all.push_back({WordKind::kSymbol, ",", ","});
    all.insert(all.end(), arguments.list[i].begin(), arguments.list[i].end());
  }
  const Words tokens(all);
  const std::size_t limit = find_word(tokens, "LIMIT");
  const std::size_t order = find_word(tokens, "ORDER");
  const std::size_t ignore = find_word(tokens, "IGNORE");
  const std::size_t value_end = std::min({limit, order, ignore});
  FM_ASSIGN(const std::string value, arguments.translator.translate(tokens.first(value_end)));
  std::string by;
  if (order < tokens.size()) {
    FM_ASSIGN(by, arguments.translator.translate(tokens.subspan(order, limit - order)));
    by.insert(0, " ");
  }
  const std::string filter =
      ignore < tokens.size() ? fmt::format(" FILTER (WHERE {} IS NOT NULL)", value) : "";
  std::string list = fmt::format("array_agg({}{}){}", value, by, filter);
  if (limit + 1 < tokens.size()) {
    FM_ASSIGN(const std::string count, arguments.translator.translate(tokens.subspan(limit + 1)));
    list = fmt::format("({})[1:{}]", list, count);
  }
  return fmt::format("({})", list);
}

Answer<std::string> string_agg(const Arguments& arguments) {
  const Words last = arguments.list.back();
  const std::size_t order = find_word(last, "ORDER");
  FM_ASSIGN(const std::string value,
            arguments.translator.translate(arguments.list.size() == 1 ? last.first(order)
                                                                      : arguments.list[0]));
  std::string separator = "','";
  if (arguments.list.size() > 1) {
    FM_ASSIGN(separator, arguments.translator.translate(last.first(order)));
  }
  FM_ASSIGN(const std::string by, arguments.translator.translate(last.subspan(order)));
  return fmt::format("string_agg({}, {} {})", value, separator, by);
}

Answer<std::string> any_value(const Arguments& arguments) {
  const Words all = arguments.list[0];
  const std::size_t having = find_word(all, "HAVING");
  FM_ASSIGN(const std::string value, arguments.translator.translate(all.first(having)));
  if (having == all.size()) return fmt::format("any_value({})", value);
  if (having + 2 >= all.size() || (!all[having + 1].is("MIN") && !all[having + 1].is("MAX")))
    return invalid_query("Syntax error: Expected HAVING MIN or HAVING MAX");
  FM_ASSIGN(const std::string by, arguments.translator.translate(all.subspan(having + 2)));
  return fmt::format("{}({}, {})", all[having + 1].is("MIN") ? "arg_min_null" : "arg_max_null",
                     value, by);
}

// NULL where any argument is; DuckDB leaves NULLs out.
Answer<std::string> extreme(const Arguments& arguments, std::string_view function) {
  std::string list, nulls;
  for (std::size_t i = 0; i < arguments.list.size(); ++i) {
    FM_ASSIGN(const std::string one, arguments.at(i));
    list += (list.empty() ? "" : ", ") + one;
    nulls += fmt::format("{}({}) IS NULL", nulls.empty() ? "" : " OR ", one);
  }
  return fmt::format("(CASE WHEN {} THEN NULL ELSE {}({}) END)", nulls, function, list);
}

Answer<std::string> concat(const Arguments& arguments) {
  std::string out;
  for (std::size_t i = 0; i < arguments.list.size(); ++i) {
    FM_ASSIGN(const std::string one, arguments.at(i));
    out += (out.empty() ? "" : " || ") + one;
  }
  return "(" + out + ")";
}

Answer<std::string> now(const Arguments& arguments, std::string_view name) {
  std::string micros =
      fmt::format("make_timestamptz({})", arguments.translator.scope().now / 1'000);
  if (name == "CURRENT_TIMESTAMP") return micros;
  if (arguments.list.empty()) return fmt::format("CAST({} AS DATE)", micros);
  FM_ASSIGN(const std::string zone, arguments.at(0));
  return fmt::format("CAST(timezone({}, {}) AS DATE)", zone, micros);
}

struct Special {
  std::string_view name;
  std::size_t arguments_min, arguments_max;
  Answer<std::string> (*translate)(const Arguments&);
};

const Special kSpecials[] = {
    {"CAST", 1, 1, [](const Arguments& a) { return cast(a, "CAST"); }},
    {"SAFE_CAST", 1, 1, [](const Arguments& a) { return cast(a, "TRY_CAST"); }},
    {"TO_HEX", 1, 1, to_hex},
    {"CONCAT", 1, kAny, concat},
    {"GREATEST", 1, kAny, [](const Arguments& a) { return extreme(a, "greatest"); }},
    {"LEAST", 1, kAny, [](const Arguments& a) { return extreme(a, "least"); }},
    {"DATE_TRUNC", 2, 2, date_trunc},
    {"TIMESTAMP_TRUNC", 2, 3, timestamp_trunc},
    {"DATETIME_TRUNC", 2, 2, timestamp_trunc},
    {"DATE_ADD", 2, 2, [](const Arguments& a) { return shift(a, "DATE", '+'); }},
    {"DATE_SUB", 2, 2, [](const Arguments& a) { return shift(a, "DATE", '-'); }},
    {"TIMESTAMP_ADD", 2, 2, [](const Arguments& a) { return shift(a, "TIMESTAMP", '+'); }},
    {"TIMESTAMP_SUB", 2, 2, [](const Arguments& a) { return shift(a, "TIMESTAMP", '-'); }},
    {"DATETIME_ADD", 2, 2, [](const Arguments& a) { return shift(a, "DATETIME", '+'); }},
    {"DATETIME_SUB", 2, 2, [](const Arguments& a) { return shift(a, "DATETIME", '-'); }},
    {"DATE_DIFF", 3, 3, [](const Arguments& a) { return difference(a, "date_diff"); }},
    {"DATETIME_DIFF", 3, 3, [](const Arguments& a) { return difference(a, "date_diff"); }},
    {"TIMESTAMP_DIFF", 3, 3, [](const Arguments& a) { return difference(a, "date_sub"); }},
    {"EXTRACT", 1, 1, extract},
    {"ARRAY_AGG", 1, kAny, array_agg},
    {"STRING_AGG", 1, 2, string_agg},
    {"ANY_VALUE", 1, 1, any_value},
    {"CURRENT_TIMESTAMP", 0, 0, [](const Arguments& a) { return now(a, "CURRENT_TIMESTAMP"); }},
    {"CURRENT_DATE", 0, 1, [](const Arguments& a) { return now(a, "CURRENT_DATE"); }},
};

Answer<std::string> fill(std::string_view sql, const std::vector<std::string>& arguments) {
  std::string out;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] != '$') {
      out += sql[i];
      continue;
    }
    ++i;
    if (sql[i] == '*') {
      for (std::size_t k = 0; k < arguments.size(); ++k) out += (k > 0 ? ", " : "") + arguments[k];
    } else {
      out += arguments[static_cast<std::size_t>(sql[i] - '1')];
    }
  }
  return out;
}

}  // namespace

Answer<std::string> translate_type(Words type) {
  // FLOAT is a name of the REST API alone.
  if (type.size() == 1)
    if (const ColumnType* known = column_type(type[0].text);
        known != nullptr &&
        (type[0].is(known->name) || type[0].is("INTEGER") || type[0].is("BOOLEAN")))
      return std::string(known->duckdb);
  return invalid_query(
      fmt::format("Type not found or not modelled: {}", type.empty() ? "" : type[0].text));
}

Answer<std::string> translate_call(Translator& translator, const std::string& name,
                                   Words arguments) {
  const std::vector<Words> list = split_commas(arguments);
  bool is_known = false;
  for (const Special& one : kSpecials) {
    if (one.name != name) continue;
    is_known = true;
    const bool takes_clauses = name == "ARRAY_AGG" || name == "STRING_AGG";
    if (list.size() >= one.arguments_min && (takes_clauses || list.size() <= one.arguments_max))
      return one.translate({translator, list});
  }
  for (const Function& one : kFunctions) {
    if (one.name != name) continue;
    is_known = true;
    if (list.size() < one.arguments_min || list.size() > one.arguments_max) continue;
    std::vector<std::string> translated;
    translated.reserve(list.size());
    for (const Words& argument : list) {
      FM_ASSIGN(std::string text, translator.translate(argument));
      translated.push_back(std::move(text));
    }
    return fill(one.sql, translated);
  }
  if (is_known)
    return invalid_query(
        fmt::format("No matching signature for function {} of {} arguments", name, list.size()));
  return invalid_query(fmt::format("Function not found: {}", name));
}

}  // namespace fm::fakegcp
