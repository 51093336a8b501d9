// Views over the catalogue's tables: names for what several tables say together.
#pragma once

#include <span>
#include <string_view>

namespace fm::table {

struct View {
  std::string_view dataset;
  std::string_view name;
  std::string_view description;
  std::span<const std::string_view> tables;  // those it reads, without dataset
  std::string_view select;                   // SQL that DuckDB, PostgreSQL and BigQuery share
};

[[nodiscard]] std::span<const View> all_views();

}  // namespace fm::table
