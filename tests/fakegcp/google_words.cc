#include "google_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace fm::fakegcp {
namespace {

bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Answer<std::vector<Word>> run() {
    for (;;) {
      skip_blanks();
      if (at_ == sql_.size()) return std::move(tokens_);
      FM_TRY(next());
    }
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  void skip_blanks() {
    for (;;) {
      while (at_ < sql_.size() && std::isspace(static_cast<unsigned char>(sql_[at_])) != 0) ++at_;
      const std::string_view rest = sql_.substr(at_);
      if (rest.starts_with("--") || rest.starts_with("#"))
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      else if (rest.starts_with("/*"))
        at_ = std::min(std::min(sql_.find("*/", at_ + 2), sql_.size() - 2) + 2, sql_.size());
      else
        return;
    }
  }

  Answer<void> next() {
    const char c = peek();
    if (c == '\'' || c == '"') return text(false);
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) {
      ++at_;
      return text(true);
    }
    if ((c == 'b' || c == 'B') && (peek(1) == '\'' || peek(1) == '"'))
      return invalid_query("Literals of bytes are not modelled");
    if (c == '`') return quoted_name();
    if (is_name_start(c)) return name();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '@') {
      ++at_;
      const std::size_t begin = at_;
      while (is_name_part(peek())) ++at_;
      if (begin == at_) return invalid_query("Syntax error: a parameter without a name");
      tokens_.push_back({WordKind::kParameter, std::string(sql_.substr(begin, at_ - begin)), ""});
      return {};
    }
    return symbol();
  }

  Answer<void> name() {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    Word token{WordKind::kName, std::string(sql_.substr(begin, at_ - begin)), ""};
    token.upper = token.text;
    std::ranges::transform(token.upper, token.upper.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    tokens_.push_back(std::move(token));
    return {};
  }

  Answer<void> quoted_name() {
    const std::size_t end = sql_.find('`', at_ + 1);
    if (end == std::string_view::npos || end == at_ + 1)
      return invalid_query("Syntax error: Unclosed or empty identifier literal");
    tokens_.push_back(
        {WordKind::kQuotedName, std::string(sql_.substr(at_ + 1, end - at_ - 1)), ""});
    at_ = end + 1;
    return {};
  }

  Answer<void> number() {
    const std::size_t begin = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      while (std::isxdigit(static_cast<unsigned char>(peek())) != 0) ++at_;
    } else {
      while (is_digit(peek()) || peek() == '.') ++at_;
      if ((peek() == 'e' || peek() == 'E') &&
          (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))))) {
        at_ += 2;
        while (is_digit(peek())) ++at_;
      }
    }
    if (is_name_start(peek()))
      return invalid_query("Syntax error: Missing whitespace after a number");
    tokens_.push_back({WordKind::kNumber, std::string(sql_.substr(begin, at_ - begin)), ""});
    return {};
  }

  Answer<void> text(bool is_raw) {
    const char quote = peek();
    if (peek(1) == quote && peek(2) == quote)
      return invalid_query("Texts in three quotes are not modelled");
    std::string out;
    for (++at_; peek() != quote; ++at_) {
      if (at_ >= sql_.size() || peek() == '\n')
        return invalid_query("Syntax error: Unclosed string literal");
      if (peek() != '\\') {
        out += peek();
        continue;
      }
      ++at_;
      if (is_raw) {
        out += '\\';
        out += peek();
        continue;
      }
      constexpr std::string_view kFrom = "ntrabfv\\'\"`?";
      constexpr std::string_view kTo = "\n\t\r\a\b\f\v\\'\"`?";
      const std::size_t known = kFrom.find(peek());
      if (known == std::string_view::npos || at_ >= sql_.size())
        return invalid_query(fmt::format("Syntax error: Illegal escape sequence: \\{}", peek()));
      out += kTo[known];
    }
    ++at_;
    tokens_.push_back({WordKind::kText, std::move(out), ""});
    return {};
  }

  Answer<void> symbol() {
    constexpr std::string_view kSymbols[] = {"<=", ">=", "!=", "<>", "||", "=>", "<<", ">>", "+",
                                             "-",  "*",  "/",  "=",  "<",  ">",  "(",  ")",  ",",
                                             ".",  "[",  "]",  ";",  "&",  "|",  "^",  "~"};
    for (const std::string_view one : kSymbols)
      if (sql_.substr(at_).starts_with(one)) {
        tokens_.push_back({WordKind::kSymbol, std::string(one), std::string(one)});
        at_ += one.size();
        return {};
      }
    return invalid_query(fmt::format("Syntax error: Illegal input character \"{}\"", peek()));
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<Word> tokens_;
};

}  // namespace

Answer<std::vector<Word>> words_of(std::string_view sql) { return Lexer(sql).run(); }

std::vector<Words> statements_of(Words tokens) {
  std::vector<Words> out;
  while (!tokens.empty()) {
    const std::size_t end = find_word(tokens, ";");
    if (end > 0) out.push_back(tokens.first(end));
    tokens = tokens.subspan(std::min(end + 1, tokens.size()));
  }
  return out;
}

Answer<std::size_t> closing(Words tokens, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("(") || tokens[i].is("[")) ++depth;
    if ((tokens[i].is(")") || tokens[i].is("]")) && --depth == 0) return i;
  }
  return invalid_query("Syntax error: Unexpected end of script: a bracket does not close");
}

std::vector<Words> split_commas(Words tokens) {
  std::vector<Words> out;
  while (!tokens.empty()) {
    const std::size_t end = find_word(tokens, ",");
    out.push_back(tokens.first(end));
    tokens = tokens.subspan(std::min(end + 1, tokens.size()));
  }
  return out;
}

std::size_t find_word(Words tokens, std::string_view word, std::size_t from) {
  int depth = 0;
  for (std::size_t i = from; i < tokens.size(); ++i) {
    if (depth == 0 && tokens[i].is(word)) return i;
    if (tokens[i].is("(") || tokens[i].is("[")) ++depth;
    if (tokens[i].is(")") || tokens[i].is("]")) --depth;
  }
  return tokens.size();
}

std::unexpected<Refusal> invalid_query(std::string message) {
  return refuse(400, "invalidQuery", std::move(message));
}

}  // namespace fm::fakegcp
