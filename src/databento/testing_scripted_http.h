// An HTTP server that gives the answers a test wrote, byte by byte, one per connection, and closes.
//
//   ScriptedHttp http({ok("42"), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"});
//   HistoricalOptions options{.url = http.url()};
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/env.h"
#include "dbn/testing_records.h"

namespace fm::databento::testing {

// A whole answer.
[[nodiscard]] std::string answer(int status, std::string_view body,
                                 std::string_view more_headers = {});
[[nodiscard]] inline std::string ok(std::string_view body) { return answer(200, body); }
// In chunks, with or without the last one.
[[nodiscard]] std::string chunked(const std::vector<std::string>& chunks, bool is_whole);
[[nodiscard]] std::string text_of(const dbn::testing::Bytes& bytes);

class ScriptedHttp {
 public:
  explicit ScriptedHttp(std::vector<std::string> answers);
  ~ScriptedHttp();
  ScriptedHttp(const ScriptedHttp&) = delete;
  ScriptedHttp& operator=(const ScriptedHttp&) = delete;

  [[nodiscard]] std::string url() const;
  // Head and body of every request so far.
  [[nodiscard]] std::vector<std::string> requests();

 private:
  void serve();

  std::vector<std::string> answers_;
  std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  std::vector<std::string> requests_;  // guarded
  std::thread thread_;
};

}  // namespace fm::databento::testing
