// Rows of a result as text: an aligned table, CSV, or an object per line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lake/query.h"

namespace fm::lake {

struct ResultCell {
  std::string text;
  bool is_null = false;
  bool is_text = false;  // to be quoted in JSON
};

class ResultWriter {
 public:
  // The columns' names, and which are numbers, which stand to the right. `types`, as kJsonArrays
  // says them, are for that format alone.
  ResultWriter(Format format, std::vector<std::string> names, std::vector<bool> is_number,
               std::vector<std::string_view> types = {});

  // Appends to `out` what can be written by now: of a table nothing before kRowsHeld rows are
  // there, because its columns' widths come from them. Longer cells of later rows push their line
  // out of line, so that memory stays bounded.
  void begin(std::string& out);
  void add(std::vector<ResultCell> row, std::string& out);
  void finish(std::string& out);

 private:
  static constexpr std::size_t kRowsHeld = 1000;

  void flush(std::string& out);
  void add_array(const std::vector<ResultCell>& row, std::string& out) const;
  void line(const std::vector<ResultCell>& row, std::string& out) const;
  void add_to_table(std::vector<ResultCell> row, std::string& out);

  Format format_;
  std::vector<std::string> names_;
  std::vector<std::string_view> types_;
  std::vector<bool> right_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<ResultCell>> held_;
  bool widths_known_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace fm::lake
