// The rooms keep to their floors: a room includes only its own headers and those of rooms below it,
// and its CMakeLists.txt names every room that it includes. tests and helpers for tests are held to
// the same floors.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Reads the floors from the build's own list, so that there is one.
std::map<std::string, int> floors() {
  std::map<std::string, int> found;
  std::vector<std::string> loop_rooms;
  const std::regex loop(R"(foreach\(room ([a-z ]+)\))");
  const std::regex floor(R"(set\(FM_FLOOR_(\$\{room\}|[a-z]+) (\d+)\))");
  for (const auto& line : lines_of(fs::path(FM_SOURCE_DIR) / "cmake/rooms.cmake")) {
    std::smatch match;
    if (std::regex_search(line, match, loop)) {
      std::istringstream words(match[1]);
      loop_rooms.assign(std::istream_iterator<std::string>(words), {});
    } else if (std::regex_search(line, match, floor)) {
      if (match[1] == "${room}")
        for (const auto& room : loop_rooms) found[room] = std::stoi(match[2]);
      else
        found[match[1]] = std::stoi(match[2]);
    }
  }
  return found;
}

struct Include {
  std::string room, other;
  fs::path file;
};

std::vector<Include> includes() {
  std::vector<Include> found;
  const std::regex quoted(R"re(^\s*#include "([a-z_]+)/)re");
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FM_SOURCE_DIR) / "src")) {
    const fs::path& file = entry.path();
    if (file.extension() != ".cc" && file.extension() != ".h") continue;
    const std::string room = fs::relative(file, fs::path(FM_SOURCE_DIR) / "src").begin()->string();
    for (const auto& line : lines_of(file)) {
      std::smatch match;
      if (std::regex_search(line, match, quoted)) found.push_back({room, match[1], file});
    }
  }
  return found;
}

TEST(Rooms, IncludeOnlyRoomsBelow) {
  const auto floor_of = floors();
  ASSERT_EQ(floor_of.at("base"), 1);
  ASSERT_EQ(floor_of.at("cli"), 9);
  const auto all = includes();
  ASSERT_GT(all.size(), 50U);
  for (const auto& include : all) {
    ASSERT_TRUE(floor_of.contains(include.room)) << include.file;
    if (include.other == include.room) continue;
    if (include.other == "fakegcp") {  // the tests' double of a cloud, in tests/
      const std::string name = include.file.filename().string();
      EXPECT_TRUE(name.starts_with("testing_") || name.ends_with("_test.cc")) << include.file;
      continue;
    }
    ASSERT_TRUE(floor_of.contains(include.other)) << include.file << " includes " << include.other;
    EXPECT_LT(floor_of.at(include.other), floor_of.at(include.room))
        << include.file << " may not include " << include.other;
  }
}

TEST(Rooms, DeclareWhatTheyInclude) {
  std::map<std::string, std::set<std::string>> declared;
  for (const auto& entry : fs::directory_iterator(fs::path(FM_SOURCE_DIR) / "src")) {
    if (!entry.is_directory()) continue;
    std::string text;
    for (const auto& line : lines_of(entry.path() / "CMakeLists.txt")) text += line + " ";
    const std::string room = entry.path().filename();
    const std::regex word("[a-z_]+");
    for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it)
      declared[room].insert(it->str());
  }
  for (const auto& include : includes()) {
    if (include.other == include.room) continue;
    EXPECT_TRUE(declared[include.room].contains(include.other))
        << include.file << " includes " << include.other
        << ", which its CMakeLists.txt does not name";
  }
}

TEST(Rooms, HaveAReadme) {
  for (const auto& entry : fs::directory_iterator(fs::path(FM_SOURCE_DIR) / "src"))
    EXPECT_TRUE(!entry.is_directory() || fs::exists(entry.path() / "README.md")) << entry.path();
}

}  // namespace
