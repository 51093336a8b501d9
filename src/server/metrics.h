// OpenMetrics text, family by family.
//
//   MetricsText text;
//   text.family("frontmonth_row_age_seconds", "gauge", "seconds", "Age of the newest row");
//   text.sample("", {{"root", "ES"}}, 1.5);
//   const std::string page = text.finish();
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fm::server {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

class MetricsText {
 public:
  // `type`: gauge, counter, histogram or info. `unit`: empty, or what the name ends in.
  void family(std::string_view name, std::string_view type, std::string_view unit,
              std::string_view help);
  // Of the family begun last. `suffix`: of counters "_total", of histograms "_bucket", "_sum" and
  // "_count", of info "_info".
  void sample(std::string_view suffix, const Labels& labels, double value);
  [[nodiscard]] std::string finish();

 private:
  std::string out_;
  std::string name_;
};

}  // namespace fm::server
