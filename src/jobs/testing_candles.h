// Helpers for tests of the candles job: golden files, rows compared cell
// by cell.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing_fault_env.h"
#include "jobs/candles_job.h"

namespace fm::jobs {

// Names of everything below a directory, sorted.
[[nodiscard]] std::vector<std::string> names_below(const TestDirectory& directory);

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
[[nodiscard]] std::string candles_csv(CandlesOptions options, const TestDirectory& folder,
                                      CandlesReport* report = nullptr);

}  // namespace fm::jobs
