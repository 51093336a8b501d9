#include "jobs/testing_candles.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>

#include "dbn/byte_source.h"

namespace fm::jobs {
namespace {

bool same_number(std::string_view a, std::string_view b) {
  double x = 0;
  double y = 0;
  const auto from_a = std::from_chars(a.data(), a.data() + a.size(), x);
  const auto from_b = std::from_chars(b.data(), b.data() + b.size(), y);
  return from_a.ec == std::errc() && from_a.ptr == a.data() + a.size() &&
         from_b.ec == std::errc() && from_b.ptr == b.data() + b.size() && x == y;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<std::string> names_below(const TestDirectory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
    names.push_back(std::filesystem::relative(entry.path(), directory.path()).string());
  std::ranges::sort(names);
  return names;
}

std::string read_whole(const std::string& path) {
  auto file = Env::posix().open(path);
  if (!file) {
    ADD_FAILURE() << file.error().message();
    return "";
  }
  std::unique_ptr<dbn::ByteSource> source = std::make_unique<dbn::FileSource>(*std::move(file));
  if (path.ends_with(".zst")) source = std::make_unique<dbn::ZstdSource>(std::move(source));
  std::string text;
  std::vector<std::byte> buffer(1 << 20);
  for (;;) {
    const auto got = source->read(buffer);
    if (!got) ADD_FAILURE() << path << ": " << got.error().message();
    if (!got || *got == 0) return text;
    text.append(reinterpret_cast<const char*>(buffer.data()), *got);
  }
}

void write_whole(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

void write_whole(const std::string& path, std::span<const std::byte> bytes) {
  write_whole(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

::testing::AssertionResult same_rows(std::string_view expected_csv, std::string_view actual_csv) {
  const auto expected = lines_of(expected_csv);
  const auto actual = lines_of(actual_csv);
  for (std::size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
    if (expected[i] == actual[i]) continue;
    const auto want = cells_of(expected[i]);
    const auto have = cells_of(actual[i]);
    bool same = want.size() == have.size();
    for (std::size_t c = 0; same && c < want.size(); ++c)
      same = want[c] == have[c] || same_number(want[c], have[c]);
    if (!same)
      return ::testing::AssertionFailure()
             << "row " << i << "\nexpected " << expected[i] << "\nactual   " << actual[i];
  }
  if (expected.size() != actual.size())
    return ::testing::AssertionFailure()
           << "expected " << expected.size() << " rows, found " << actual.size();
  return ::testing::AssertionSuccess();
}

CandlesReport run(const CandlesOptions& options) {
  NoProgress quiet;
  auto report = run_candles(Env::posix(), options, quiet);
  if (report) return *std::move(report);
  ADD_FAILURE() << report.error().message() << "\n" << report.error().advice();
  return {};
}

std::string candles_csv(CandlesOptions options, const TestDirectory& folder,
                        CandlesReport* report) {
  options.output = folder.file("candles.csv");
  CandlesReport made = run(options);
  if (report != nullptr) *report = std::move(made);
  return read_whole(options.output);
}

}  // namespace fm::jobs
