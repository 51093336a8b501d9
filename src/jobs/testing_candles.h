// Helpers for tests of the candles job: a folder that goes away, golden files, rows compared cell
// by cell.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/candles_job.h"

namespace fm::jobs {

// A folder of its own for each test, removed at the end.
class TempFolder {
 public:
  explicit TempFolder(std::string_view name);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(std::string_view name) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  // Names of everything below, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::string path_;
};

// Whole content, decompressed when the name ends in .zst. Fails the test when it cannot be read.
[[nodiscard]] std::string read_whole(const std::string& path);
void write_whole(const std::string& path, std::string_view text);
void write_whole(const std::string& path, std::span<const std::byte> bytes);
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

// Equal line by line; cells are equal as texts or as numbers.
::testing::AssertionResult same_rows(std::string_view expected_csv, std::string_view actual_csv);

// Runs and expects it to work.
[[nodiscard]] CandlesReport run(const CandlesOptions& options);
// Runs with an output file of the folder, and gives the rows as CSV.
[[nodiscard]] std::string candles_csv(CandlesOptions options, const TempFolder& folder,
                                      CandlesReport* report = nullptr);

}  // namespace fm::jobs
