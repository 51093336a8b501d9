#include "jobs/daily_csv.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "dbn/csv_cell.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kClosingLine = "Downloaded from Barchart";

enum class Meaning : std::uint8_t {
  kDate,
  kOpen,
  kHigh,
  kLow,
  kClose,
  kAdjustedClose,
  kVolume,
  kOpenInterest,
  kName,
  kOther,
};

Meaning meaning_of(std::string_view column) {
  std::string letters;
  for (const char c : column)
    if (std::isalpha(static_cast<unsigned char>(c)) != 0)
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::pair<std::string_view, Meaning>, 14> kNames{
      {{"date", Meaning::kDate},
       {"time", Meaning::kDate},
       {"open", Meaning::kOpen},
       {"high", Meaning::kHigh},
       {"low", Meaning::kLow},
       {"close", Meaning::kClose},
       {"last", Meaning::kClose},
       {"latest", Meaning::kClose},
       {"adjclose", Meaning::kAdjustedClose},
       {"volume", Meaning::kVolume},
       {"openint", Meaning::kOpenInterest},
       {"openinterest", Meaning::kOpenInterest},
       {"root", Meaning::kName},
       {"symbol", Meaning::kName}}};
  const auto found =
      std::ranges::find(kNames, letters, &std::pair<std::string_view, Meaning>::first);
  return found == kNames.end() ? Meaning::kOther : found->second;
}

std::optional<Date> parse_day(std::string_view text) {
  if (text.size() == 10 && text[2] == '/' && text[5] == '/') {
    std::string iso(text.substr(6));
    iso.append("-").append(text.substr(0, 2)).append("-").append(text.substr(3, 2));
    const auto date = Date::parse(iso);
    return date ? std::optional(*date) : std::nullopt;
  }
  const auto date = Date::parse(text);
  return date ? std::optional(*date) : std::nullopt;
}

template <class Number>
bool parse_number(std::string_view text, std::optional<Number>& into) {
  if (text.empty() || text == "null" || text == "N/A" || text == "-") return true;
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  if constexpr (std::is_floating_point_v<Number>)
    if (!std::isfinite(value)) return false;
  into = value;
  return true;
}

// A line's cells; false when a quote does not end.
bool split(std::string_view line, std::string& unquoted, std::vector<std::string_view>& cells) {
  cells.clear();
  unquoted.clear();
  unquoted.reserve(line.size());
  while (true) {
    std::string_view cell;
    if (line.starts_with('"')) {
      if (!dbn::take_quoted_cell(line, ',', unquoted, cell)) return false;
    } else {
      cell = line.substr(0, line.find(','));
      line.remove_prefix(cell.size());
    }
    cells.push_back(cell);
    if (line.empty()) return true;
    line.remove_prefix(1);
  }
}

bool take_cell(Meaning meaning, std::string_view cell, DailyRow& row) {
  const auto price = [&](std::size_t which) { return parse_number(cell, row.prices[which]); };
  switch (meaning) {
    case Meaning::kDate: {
      const auto date = parse_day(cell);
      if (date) row.date = *date;
      return date.has_value();
    }
    case Meaning::kOpen:
      return price(0);
    case Meaning::kHigh:
      return price(1);
    case Meaning::kLow:
      return price(2);
    case Meaning::kClose:
      return price(3);
    case Meaning::kAdjustedClose:
      return parse_number(cell, row.adjusted_close);
    case Meaning::kVolume:
      return parse_number(cell, row.volume);
    case Meaning::kOpenInterest:
      return parse_number(cell, row.open_interest);
    case Meaning::kName:
      row.name = cell;
      return true;
    case Meaning::kOther:
      return true;
  }
  return false;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool DailyRow::is_consistent() const {
  const auto& [open, high, low, close] = prices;
  if (!high || !low) return true;
  const auto inside = [&](const std::optional<double>& price) {
    return !price || (*low <= *price && *price <= *high);
  };
  return *low <= *high && inside(open) && inside(close);
}

Result<std::vector<DailyLine>> read_daily_csv(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view header = take_line(text);
  std::string unquoted;
  std::vector<std::string_view> cells;
  std::vector<Meaning> columns;
  if (split(header, unquoted, cells))
    for (const std::string_view cell : cells) columns.push_back(meaning_of(cell));
  for (const Meaning needed : {Meaning::kDate, Meaning::kClose})
    if (std::ranges::count(columns, needed) != 1)
      return fail(Code::kUnsupported,
                  "line 1: is no header of a daily file: found \"{}\"; expected Date (or Time), "
                  "Open, High, Low, Close (or Last), Volume",
                  header.substr(0, 120));
  std::vector<DailyLine> lines;
  for (std::uint64_t number = 2; !text.empty(); ++number) {
    DailyLine line{.number = number, .text = take_line(text), .row = {}, .reason = {}};
    if (line.text.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (!split(line.text, unquoted, cells)) {
      line.reason = "a quoted cell does not end";
    } else if (cells.front().starts_with(kClosingLine)) {
      continue;
    } else if (cells.size() != columns.size()) {
      line.reason = "not as many cells as the header has";
    } else {
      for (std::size_t c = 0; c < cells.size() && line.reason.empty(); ++c)
        if (!take_cell(columns[c], cells[c], line.row)) line.reason = "a value does not parse";
      if (line.reason.empty() && !line.row.prices[3]) line.reason = "has no close";
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace fm::jobs
