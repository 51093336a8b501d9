#include "server/metrics.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>
#include <string>

#include "server/testing_server.h"

namespace fm::server {
namespace {

// A reader of OpenMetrics text that is as strict as the format: families once and unbroken, types,
// units and helps known before the samples, suffixes as the type has them, one end.
struct Metrics {
  std::map<std::string, std::string> types;
  std::map<std::string, double> samples;  // "name{labels}"
  std::string error;
};

bool is_suffix_of(std::string_view type, std::string_view suffix) {
  if (type == "counter") return suffix == "_total" || suffix == "_created";
  if (type == "histogram") return suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
  if (type == "info") return suffix == "_info";
  return type == "gauge" && suffix.empty();
}

// The end of {a="b",c="d"}, or npos.
std::size_t end_of_labels(std::string_view line, std::size_t at) {
  std::set<std::string> names;
  for (++at; at < line.size();) {
    const std::size_t equals = line.find("=\"", at);
    if (equals == std::string_view::npos) return equals;
    const std::string name(line.substr(at, equals - at));
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != name.npos ||
        !names.insert(name).second)
      return std::string_view::npos;
    at = equals + 2;
    while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
    if (at + 1 >= line.size()) return std::string_view::npos;
    if (line[at + 1] == '}') return at + 2;
    if (line[at + 1] != ',') return std::string_view::npos;
    at += 2;
  }
  return std::string_view::npos;
}

Metrics parse(std::string_view text) {
  Metrics metrics;
  const auto wrong = [&](std::string_view what, std::string_view line) {
    if (metrics.error.empty()) metrics.error = std::string(what) + ": " + std::string(line);
  };
  std::string family;
  bool is_over = false;
  while (!text.empty()) {
    if (!text.contains('\n')) wrong("no line end", text);
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (is_over) wrong("behind the end", line);
    if (line == "# EOF") {
      is_over = true;
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      const std::string_view rest = line.substr(7);
      family = rest.substr(0, rest.find(' '));
      if (!metrics.types.emplace(family, rest.substr(rest.find(' ') + 1)).second)
        wrong("a family twice", line);
      continue;
    }
    if (line.starts_with("# ")) {
      if (!line.substr(7).starts_with(family + " ")) wrong("of another family", line);
      if (line.starts_with("# UNIT ") && !family.ends_with(line.substr(line.rfind(' ') + 1)))
        wrong("the name does not end in the unit", line);
      continue;
    }
    const std::size_t brace = line.find('{');
    const std::size_t blank = line.find(' ');
    const std::size_t name_end = std::min(brace, blank);
    const std::size_t key_end = brace < blank ? end_of_labels(line, brace) : blank;
    if (key_end == std::string_view::npos || line[key_end] != ' ') {
      wrong("no sample", line);
      continue;
    }
    const std::string_view name = line.substr(0, name_end);
    if (!name.starts_with(family) ||
        !is_suffix_of(metrics.types[family], name.substr(family.size())))
      wrong("a name that its type has not", line);
    const std::string number(line.substr(key_end + 1));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') wrong("no number", line);
    if (!metrics.samples.emplace(line.substr(0, key_end), value).second) wrong("twice", line);
  }
  if (!is_over) wrong("no end", "");
  return metrics;
}

TEST(Metrics, EscapesWhatOthersName) {
  MetricsText text;
  text.family("a_seconds", "gauge", "seconds", "One\nline");
  text.sample("", {{"name", "a\"b\\c\nd"}}, 1.5);
  text.sample("", {{"name", "inf"}}, std::numeric_limits<double>::infinity());
  EXPECT_EQ(text.finish(),
            "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds One\\nline\n"
            "a_seconds{name=\"a\\\"b\\\\c\\nd\"} 1.5\na_seconds{name=\"inf\"} +Inf\n# EOF\n");
}

TEST(Metrics, AreWhatAMonitorReads) {
  TestServer server;
  ASSERT_EQ(server.get("/api/roots").status, 200);
  ASSERT_EQ(server.get("/api/nothing?").status, 404);
  ASSERT_EQ(server.get("/api/candles").status, 400);
  const auto answer = server.get("/metrics");
  EXPECT_EQ(answer.header("content-type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  const Metrics metrics = parse(answer.body);
  EXPECT_EQ(metrics.error, "") << answer.body;
  EXPECT_EQ(
      metrics.samples.at("frontmonth_http_requests_total{route=\"/api/roots\",status=\"200\"}"), 1);
  EXPECT_EQ(
      metrics.samples.at("frontmonth_http_requests_total{route=\"/api/candles\",status=\"400\"}"),
      1);
  EXPECT_EQ(metrics.samples.at("frontmonth_http_duration_seconds_count{route=\"/api/roots\"}"), 1);
  EXPECT_EQ(metrics.samples.at(
                "frontmonth_http_duration_seconds_bucket{route=\"/api/roots\",le=\"+Inf\"}"),
            1);
  EXPECT_TRUE(
      metrics.samples.contains("frontmonth_row_age_seconds{root=\"ES\",table=\"candles_1m\"}"));
  EXPECT_GT(metrics.samples.at("frontmonth_disk_free_bytes"), 0);
}

TEST(Metrics, TheReaderOfThisTestIsStrict) {
  for (const auto* text :
       {"", "a 1\n# EOF\n", "# TYPE a gauge\na 1\n", "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a gauge\na 1\na 1\n# EOF\n", "# TYPE a gauge\na{b=\"c} 1\n# EOF\n",
        "# TYPE a gauge\na x\n# EOF\n", "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n",
        "# TYPE a gauge\n# EOF\na 1\n", "# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n# EOF\n"})
    EXPECT_NE(parse(text).error, "") << text;
  EXPECT_EQ(
      parse("# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n# EOF\n").error,
      "");
}

}  // namespace
}  // namespace fm::server
