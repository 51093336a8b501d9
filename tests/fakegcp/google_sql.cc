#include "google_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "bigquery_schema.h"
#include "duck.h"

namespace fm::fakegcp {
namespace {

bool is_one_of(const Word& token, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return token.is(word); });
}

// A bracket after these opens no call.
bool is_before_bracket(const Word& token) {
  return is_one_of(token, {"IN",       "VALUES",  "AS",        "OVER",     "USING",  "ON",
                           "AND",      "OR",      "NOT",       "EXISTS",   "FROM",   "JOIN",
                           "SELECT",   "WHERE",   "WHEN",      "THEN",     "ELSE",   "BY",
                           "SET",      "INSERT",  "ALL",       "DISTINCT", "HAVING", "BETWEEN",
                           "LIKE",     "UNION",   "LIMIT",     "CASE",     "EXCEPT", "REPLACE_",
                           "INTERVAL", "QUALIFY", "INTERSECT", "IS",       "RETURN", "ROW"});
}

// Words of DuckDB that GoogleSQL has not, or that are not modelled.
bool is_refused(const Word& token) {
  return is_one_of(token, {"FOR",     "TABLESAMPLE", "PIVOT",  "UNPIVOT", "FILTER",    "ILIKE",
                           "ASOF",    "POSITIONAL",  "SAMPLE", "EXCLUDE", "SUMMARIZE", "DESCRIBE",
                           "PRAGMA",  "ATTACH",      "DETACH", "COPY",    "INSTALL",   "GLOB",
                           "SIMILAR", "RETURNING",   "SEMI",   "ANTI",    "LATERAL",   "IMPORT",
                           "EXPORT",  "NATURAL",     "MACRO",  "COLLATE", "STRUCT",    "ARRAY"});
}

bool ends_from(const Word& token) {
  return is_one_of(token, {"WHERE", "GROUP", "ORDER", "HAVING", "QUALIFY", "LIMIT", "WINDOW",
                           "UNION", "EXCEPT", "INTERSECT", "SELECT", "SET", "WHEN", "VALUES"});
}

// What may stand behind a table and is no alias of it.
bool is_clause(const Word& token) {
  return ends_from(token) ||
         is_one_of(token, {"ON", "USING", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "AS",
                           "FROM", "WITH", "THEN", "AND", "OR"});
}

std::string number_sql(Words tokens, std::size_t at) {
  const std::string& text = tokens[at].text;
  // 1.5 is a FLOAT64, and DuckDB's decimal unless it has an exponent.
  if (text.contains('.') && !text.contains('e') && !text.contains('E')) return text + "e0";
  const auto is_arithmetic = [](const Word& token) {
    return is_one_of(token, {"+", "-", "*", "/", "THEN", "ELSE"});
  };
  const bool computes = (at > 0 && is_arithmetic(tokens[at - 1])) ||
                        (at + 1 < tokens.size() && is_one_of(tokens[at + 1], {"+", "-", "*", "/"}));
  // Whole numbers are INT64, and DuckDB's of 32 bits unless it is told.
  const bool is_whole =
      std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  return computes && is_whole && (at + 1 == tokens.size() || !tokens[at + 1].is_any_name())
             ? fmt::format("CAST({} AS BIGINT)", text)
             : text;
}

}  // namespace

Answer<std::vector<std::string>> read_path(Words tokens, std::size_t& at) {
  std::vector<std::string> path;
  for (;;) {
    if (at >= tokens.size() || !tokens[at].is_any_name())
      return invalid_query("Syntax error: Expected a name");
    std::string_view text = tokens[at].text;
    while (tokens[at].kind == WordKind::kQuotedName && text.contains('.')) {
      path.emplace_back(text.substr(0, text.find('.')));
      text.remove_prefix(text.find('.') + 1);
    }
    path.emplace_back(text);
    ++at;
    if (at >= tokens.size() || !tokens[at].is(".")) return path;
    ++at;
  }
}

// One level of brackets, from its first word to its last.
class Translator::Walk {
 public:
  Walk(Translator& translator, Words tokens) : translator_(translator), tokens_(tokens) {}

  Answer<std::string> run() {
    while (at_ < tokens_.size()) FM_TRY(step());
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Word& here() const { return tokens_[at_]; }
  [[nodiscard]] bool next_is(std::string_view word, std::size_t ahead = 1) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].is(word);
  }
  [[nodiscard]] bool last_is(std::string_view word) const {
    return at_ > 0 && tokens_[at_ - 1].is(word);
  }

  void emit(std::string_view text) {
    if (!out_.empty()) out_ += ' ';
    out_ += text;
  }

  Answer<void> step() {
    const Word& token = here();
    if (expects_table_) return table();
    switch (token.kind) {
      case WordKind::kText:
        emit(sql_text(token.text));
        break;
      case WordKind::kNumber:
        emit(number_sql(tokens_, at_));
        break;
      case WordKind::kParameter: {
        const auto found = translator_.scope_->parameters.find(token.text);
        if (found == translator_.scope_->parameters.end())
          return invalid_query(fmt::format("Query parameter '{}' not found", token.text));
        emit(found->second);
        break;
      }
      case WordKind::kQuotedName: {
        std::size_t at = at_;
        FM_ASSIGN(const auto path, read_path(tokens_.subspan(0, at_ + 1), at));
        for (std::size_t i = 0; i < path.size(); ++i) {
          if (i > 0) out_ += '.';
          if (i == 0) emit("");
          out_ += sql_name(path[i]);
        }
        break;
      }
      case WordKind::kSymbol:
        return symbol();
      case WordKind::kName:
        return name();
    }
    ++at_;
    return {};
  }

  Answer<void> symbol() {
    if (here().is("(")) return group();
    if (here().is("[")) return bracket();
    if (here().is(";")) return invalid_query("Syntax error: Unexpected \";\"");
    if (here().is(".")) {
      out_ += '.';
      ++at_;
      if (at_ >= tokens_.size()) return invalid_query("Syntax error: Unexpected end of script");
      if (here().is("*"))
        out_ += '*';
      else if (here().is_any_name())
        out_ += sql_name(here().text);
      else
        return invalid_query("Syntax error: Expected a name after \".\"");
      ++at_;
      return {};
    }
    if (here().is(",") && in_from_) expects_table_ = true;
    emit(here().text);
    ++at_;
    return {};
  }

  // ( … ): a subquery, a list, or an expression.
  Answer<void> group() {
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_));
    FM_ASSIGN(const std::string inner,
              translator_.translate(tokens_.subspan(at_ + 1, end - at_ - 1)));
    emit("(" + inner + ")");
    at_ = end + 1;
    return {};
  }

  // x[OFFSET(n)], x[ORDINAL(n)], or a literal array.
  Answer<void> bracket() {
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_));
    const Words inner = tokens_.subspan(at_ + 1, end - at_ - 1);
    const bool is_index =
        at_ > 0 && (tokens_[at_ - 1].is(")") || tokens_[at_ - 1].is("]") ||
                    (tokens_[at_ - 1].is_any_name() && !is_before_bracket(tokens_[at_ - 1])));
    if (!is_index) {
      FM_ASSIGN(const std::string items, translator_.translate(inner));
      emit("[" + items + "]");
    } else {
      const bool by_offset = !inner.empty() && is_one_of(inner[0], {"OFFSET", "SAFE_OFFSET"});
      const bool by_ordinal = !inner.empty() && is_one_of(inner[0], {"ORDINAL", "SAFE_ORDINAL"});
      if ((!by_offset && !by_ordinal) || inner.size() < 4)
        return invalid_query("Array elements are named by OFFSET(n) or ORDINAL(n)");
      FM_ASSIGN(const std::string index, translator_.translate(inner.subspan(1)));
      out_ += fmt::format("[{}{}]", index, by_offset ? " + 1" : "");
    }
    at_ = end + 1;
    return {};
  }

  Answer<void> name() {
    const Word& token = here();
    if (is_refused(token))
      return invalid_query(
          fmt::format("Syntax error: {} is not known or not modelled", token.upper));
    if (is_one_of(token, {"DATE", "TIMESTAMP", "DATETIME", "NUMERIC", "TIME"}) &&
        at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == WordKind::kText)
      return typed_literal();
    if (token.is("INTERVAL")) return interval();
    if (token.is("CURRENT_TIMESTAMP") || token.is("CURRENT_DATE")) {
      const bool has_brackets = next_is("(");
      const std::size_t open = at_ + 1;
      std::size_t end = at_;
      if (has_brackets) {
        FM_ASSIGN(end, closing(tokens_, open));
      }
      FM_ASSIGN(const std::string call,
                translate_call(translator_, token.upper,
                               has_brackets ? tokens_.subspan(open + 1, end - open - 1) : Words()));
      emit(call);
      at_ = end + 1;
      return {};
    }
    if (token.is("IN") && next_is("UNNEST")) return in_unnest();
    if (next_is("(") && !is_before_bracket(token)) return call();
    return keyword();
  }

  Answer<void> typed_literal() {
    FM_ASSIGN(const std::string type, translate_type(tokens_.subspan(at_, 1)));
    emit(fmt::format("CAST({} AS {})", sql_text(tokens_[at_ + 1].text), type));
    at_ += 2;
    return {};
  }

  Answer<void> interval() {
    std::size_t end = at_ + 1;
    if (next_is("(")) {
      FM_ASSIGN(end, closing(tokens_, at_ + 1));
    } else if (at_ + 1 < tokens_.size() && tokens_[at_ + 1].is("-")) {
      ++end;
    }
    if (end + 1 >= tokens_.size() || tokens_[at_ + 1].kind == WordKind::kText)
      return invalid_query("Syntax error: an interval is a whole number and a unit");
    FM_ASSIGN(const std::string count, translator_.translate(tokens_.subspan(at_ + 1, end - at_)));
    const Word& unit = tokens_[end + 1];
    if (!is_one_of(unit, {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK",
                          "MONTH", "QUARTER", "YEAR"}))
      return invalid_query(fmt::format("Syntax error: Unexpected unit {}", unit.text));
    emit(fmt::format("(INTERVAL ({}) {})", count, unit.upper));
    at_ = end + 2;
    return {};
  }

  Answer<void> in_unnest() {
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_ + 2));
    FM_ASSIGN(const std::string list,
              translator_.translate(tokens_.subspan(at_ + 3, end - at_ - 3)));
    emit(fmt::format("IN (SELECT unnest({}))", list));
    at_ = end + 1;
    return {};
  }

  Answer<void> call() {
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_ + 1));
    FM_ASSIGN(const std::string text,
              translate_call(translator_, here().upper, tokens_.subspan(at_ + 2, end - at_ - 2)));
    emit(text);
    at_ = end + 1;
    return {};
  }

  Answer<void> keyword() {
    const Word& token = here();
    const bool is_comparison = token.is("FROM") && last_is("DISTINCT") && at_ > 1 &&
                               is_one_of(tokens_[at_ - 2], {"IS", "NOT"});
    if (is_comparison) {
      emit("FROM");
      ++at_;
      return {};
    }
    if (ends_from(token)) in_from_ = false;
    if (token.is("EXCEPT") && last_is("*")) {
      emit("EXCLUDE");
      ++at_;
      return group_of_names();
    }
    if (is_one_of(token, {"UNION", "INTERSECT", "EXCEPT"})) {
      if (!next_is("ALL") && !next_is("DISTINCT"))
        return invalid_query(
            fmt::format("Syntax error: Expected keyword ALL or DISTINCT after {}", token.upper));
      emit(token.upper);
      if (next_is("ALL")) emit("ALL");
      at_ += 2;
      return {};
    }
    if (is_one_of(token, {"FROM", "JOIN", "INTO"})) expects_table_ = true;
    if (token.is("FROM")) in_from_ = true;
    if (token.is("UPDATE") && at_ == 0) expects_table_ = true;
    // Of a join it names columns, of a MERGE the source.
    if (token.is("USING") && translator_.verb_ == "MERGE" && is_statement()) expects_table_ = true;
    if (token.is("INSERT") && next_is("ROW")) {
      emit("INSERT BY NAME");
      at_ += 2;
      return {};
    }
    emit(token.text);
    ++at_;
    // A list of columns, not a call: INSERT INTO t (a, b), USING (a).
    if (is_one_of(token, {"INSERT", "USING"}) && at_ < tokens_.size() && here().is("(") &&
        !expects_table_)
      return group_of_names();
    return {};
  }

  [[nodiscard]] bool is_statement() const {
    return !tokens_.empty() && tokens_[0].is(translator_.verb_);
  }

  Answer<void> group_of_names() {
    if (at_ >= tokens_.size() || !here().is("("))
      return invalid_query("Syntax error: Expected \"(\"");
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_));
    std::string list;
    for (const Words& one : split_commas(tokens_.subspan(at_ + 1, end - at_ - 1))) {
      if (one.size() != 1 || !one[0].is_any_name())
        return invalid_query("Syntax error: Expected a list of names");
      if (!list.empty()) list += ", ";
      list += sql_name(one[0].text);
    }
    emit("(" + list + ")");
    at_ = end + 1;
    return {};
  }

  Answer<void> table() {
    expects_table_ = false;
    const bool is_target = is_statement() && translator_.uses_.empty() &&
                           translator_.verb_ != "SELECT" && translator_.verb_ != "WITH";
    if (here().is("(")) return group();
    if (here().is("UNNEST")) return unnest();
    FM_ASSIGN(const auto path, read_path(tokens_, at_));
    std::string capital = path.back();
    std::ranges::transform(capital, capital.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    if (path.size() == 1 && translator_.names_with_.contains(capital)) {
      emit(sql_name(path[0]));
      return {};
    }
    FM_ASSIGN(const std::string relation, translator_.scope_->table(path));
    emit(relation);
    TableUse use{path, path.back(), is_target};
    const std::size_t alias_at = at_ < tokens_.size() && here().is("AS") ? at_ + 1 : at_;
    if (alias_at < tokens_.size() && tokens_[alias_at].is_any_name() &&
        !is_clause(tokens_[alias_at]))
      use.alias = tokens_[alias_at].text;
    translator_.uses_.push_back(std::move(use));
    if (is_target && translator_.verb_ == "INSERT" && at_ < tokens_.size() && here().is("("))
      return group_of_names();
    return {};
  }

  // UNNEST(list) AS x: x is the value.
  Answer<void> unnest() {
    if (!next_is("(")) return invalid_query("Syntax error: Expected \"(\" after UNNEST");
    FM_ASSIGN(const std::size_t end, closing(tokens_, at_ + 1));
    FM_ASSIGN(const std::string list,
              translator_.translate(tokens_.subspan(at_ + 2, end - at_ - 2)));
    at_ = end + 1;
    if (at_ < tokens_.size() && here().is("AS")) ++at_;
    std::string alias = "unnest";
    if (at_ < tokens_.size() && here().is_any_name() && !is_clause(here())) {
      alias = here().text;
      ++at_;
    }
    if (at_ < tokens_.size() && here().is("WITH"))
      return invalid_query("WITH OFFSET is not modelled");
    emit(fmt::format("UNNEST({0}) AS {1}({1})", list, sql_name(alias)));
    return {};
  }

  Translator& translator_;
  Words tokens_;
  std::size_t at_ = 0;
  std::string out_;
  bool expects_table_ = false;
  bool in_from_ = false;
};

Answer<std::string> Translator::translate(Words tokens) { return Walk(*this, tokens).run(); }

Answer<std::string> Translator::statement(Words tokens) {
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i)
    if (tokens[i].kind == WordKind::kName && tokens[i + 1].is("AS") && tokens[i + 2].is("("))
      names_with_.insert(tokens[i].upper);
  std::vector<Word> complete(tokens.begin(), tokens.end());
  while (!complete.empty() && complete[0].is("(") && closing(complete, 0) == complete.size() - 1)
    complete = std::vector<Word>(complete.begin() + 1, complete.end() - 1);
  if (complete.empty()) return invalid_query("Syntax error: Unexpected end of statement");
  verb_ = complete[0].upper;
  if (verb_ != "SELECT" && verb_ != "WITH" && verb_ != "INSERT" && verb_ != "UPDATE" &&
      verb_ != "DELETE" && verb_ != "MERGE")
    return invalid_query(fmt::format("Statement not supported: {}", complete[0].text));
  // Words that GoogleSQL lets be left out.
  const std::string_view optional = verb_ == "DELETE"                       ? "FROM"
                                    : verb_ == "INSERT" || verb_ == "MERGE" ? "INTO"
                                                                            : "";
  if (!optional.empty() && complete.size() > 1 && !complete[1].is(optional))
    complete.insert(complete.begin() + 1,
                    {WordKind::kName, std::string(optional), std::string(optional)});
  if ((verb_ == "DELETE" || verb_ == "UPDATE") && find_word(complete, "WHERE") == complete.size())
    return invalid_query(fmt::format("{} must have a WHERE clause", verb_));
  return translate(complete);
}

}  // namespace fm::fakegcp
