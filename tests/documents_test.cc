// The documents tell the truth: every `$ command` in a ```console block of docs/ and README.md
// runs, in order, in one empty directory per document, and prints what the document shows. A line
// "..." stands for any lines, and "…" inside a line for any text.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Step {
  std::string command;
  std::vector<std::string> expected;
  int line = 0;
};

std::vector<Step> steps_of(const fs::path& document) {
  std::ifstream file(document);
  EXPECT_TRUE(file) << document;
  std::vector<Step> steps;
  bool in_block = false;
  bool continued = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("```")) {
      in_block = line == "```console";
      continued = false;
    } else if (in_block && continued) {
      steps.back().command += "\n" + line;
      continued = line.ends_with('\\');
    } else if (in_block && line.starts_with("$ ")) {
      steps.push_back({line.substr(2), {}, number});
      continued = line.ends_with('\\');
    } else if (in_block && !steps.empty()) {
      steps.back().expected.push_back(line);
    }
  }
  return steps;
}

bool line_matches(std::string_view want, std::string_view got) {
  static constexpr std::string_view kAny = "…";
  const std::size_t gap = want.find(kAny);
  if (gap == std::string_view::npos) return want == got;
  if (!got.starts_with(want.substr(0, gap))) return false;
  want.remove_prefix(gap + kAny.size());
  got.remove_prefix(gap);
  for (std::size_t skip = 0; skip <= got.size(); ++skip)
    if (line_matches(want, got.substr(skip))) return true;
  return false;
}

bool matches(const std::vector<std::string>& want, std::size_t w,
             const std::vector<std::string>& got, std::size_t g) {
  if (w == want.size()) return g == got.size();
  if (want[w] == "...") {
    for (std::size_t skip = g; skip <= got.size(); ++skip)
      if (matches(want, w + 1, got, skip)) return true;
    return false;
  }
  return g < got.size() && line_matches(want[w], got[g]) && matches(want, w + 1, got, g + 1);
}

struct Outcome {
  int status = -1;
  std::vector<std::string> lines;
};

Outcome run(const std::string& command, const fs::path& directory) {
  const fs::path script = directory / ".command";
  std::ofstream(script) << "set -euo pipefail\ncd '" << directory.string() << "'\n"
                        << "export PATH='" << fs::path(FM_BINARY).parent_path().string()
                        << "':\"$PATH\"\n"
                        << command << "\n";
  Outcome outcome;
  FILE* pipe = ::popen(
      ("bash '" + script.string() + "' 2>'" + directory.string() + "/.errors'").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  outcome.status = ::pclose(pipe);
  fs::remove(script);
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    outcome.lines.push_back(output.substr(begin, end - begin));
    begin = end + 1;
  }
  return outcome;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void run_document(const std::string& name) {
  const fs::path directory =
      fs::temp_directory_path() / ("frontmonth-document-" + std::to_string(::getpid()));
  fs::remove_all(directory);
  fs::create_directories(directory);
  const auto steps = steps_of(fs::path(FM_SOURCE_DIR) / name);
  EXPECT_FALSE(steps.empty()) << name << " shows no command";
  for (const auto& step : steps) {
    const Outcome outcome = run(step.command, directory);
    std::string printed;
    for (const auto& line : outcome.lines) printed += line + "\n";
    ASSERT_EQ(outcome.status, 0) << name << ":" << step.line << ": " << step.command << "\n"
                                 << printed << text_of(directory / ".errors");
    EXPECT_TRUE(step.expected.empty() || matches(step.expected, 0, outcome.lines, 0))
        << name << ":" << step.line << ": " << step.command << "\nprinted:\n"
        << printed;
  }
  fs::remove_all(directory);
}

TEST(Documents, Tutorial) { run_document("docs/tutorial.md"); }
TEST(Documents, History) { run_document("docs/history.md"); }

// Every metric that the Grafana dashboard asks for is one that the server writes.
TEST(Documents, TheDashboardAsksForMetricsThatExist) {
  const std::string written = text_of(fs::path(FM_SOURCE_DIR) / "src/server/api_metrics.cc");
  const std::string dashboard = text_of(fs::path(FM_SOURCE_DIR) / "packaging/grafana.json");
  const std::regex metric("frontmonth_[a-z_]+");
  std::set<std::string> asked;
  for (auto found = std::sregex_iterator(dashboard.begin(), dashboard.end(), metric);
       found != std::sregex_iterator(); ++found)
    asked.insert(std::regex_replace(found->str(), std::regex("_(total|bucket)$"), ""));
  EXPECT_GT(asked.size(), 15U);
  for (const auto& name : asked)
    EXPECT_NE(written.find("\"" + name + "\""), std::string::npos) << name;
}

}  // namespace
