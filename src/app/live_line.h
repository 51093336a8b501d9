// How a live feed is shown: a block of lines that is drawn again once a second on a terminal, a
// line in the log once a minute elsewhere, and a report at the end.
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"
#include "jobs/live.h"

namespace fm::app {

class LiveLine final : public jobs::LiveObserver {
 public:
  LiveLine();
  ~LiveLine() override;  // leaves the last state standing

  void at(const jobs::LiveStatus& status) override;

 private:
  void draw(const jobs::LiveStatus& status);

  bool is_terminal_;
  std::size_t lines_drawn_ = 0;
  Second logged_ = 0;
  jobs::LiveStatus before_;  // a second ago
};

// One line for people: "connected 127.0.0.1:13000, 12.3 k records/s, …".
[[nodiscard]] std::string feed_line(const jobs::LiveStatus& status,
                                    const jobs::LiveStatus& a_second_ago);
// One line per ticker: contract, last price, CVD, trades a second, lag.
[[nodiscard]] std::string ticker_table(const jobs::LiveStatus& status,
                                       const jobs::LiveStatus& a_second_ago);

[[nodiscard]] std::string to_text(const jobs::LiveStatus& report);
[[nodiscard]] std::string to_json(const jobs::LiveStatus& report);

}  // namespace fm::app
