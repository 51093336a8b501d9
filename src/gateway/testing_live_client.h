// The least that a live client needs, for tests: raw protocol lines, and the stream as records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::gateway::testing {

// What a session gave, and how it ended.
struct Stream {
  std::optional<dbn::Metadata> metadata;
  std::vector<std::vector<std::byte>> records;  // with their ts_out, if there is one
  std::size_t tail_bytes = 0;
  std::optional<Error> error;  // a break within a record or frame; a clean end has none

  [[nodiscard]] dbn::RecordView view(std::size_t i) const {
    return {records[i].data(), tail_bytes};
  }
  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> out;
    for (std::size_t i = 0; i < records.size(); ++i)
      if (const T* record = view(i).get_if<T>()) out.push_back(*record);
    return out;
  }
  // Sequence numbers of trades and quotes.
  [[nodiscard]] std::vector<std::uint32_t> sequences() const;
  // Texts of the gateway's system records (errors = false) or error records, "CODE text".
  [[nodiscard]] std::vector<std::string> texts(bool errors) const;
  // "REQUESTED ID RAW" of mappings.
  [[nodiscard]] std::vector<std::string> mappings() const;
};

inline constexpr std::string_view kTestKey = "db-abcdefghijklmnopqrstuvwxyz123";

class LiveClient {
 public:
  // Connects to this machine; fails the test when it cannot.
  explicit LiveClient(std::uint16_t port);
  ~LiveClient();

  void send(std::string_view text);
  // The next line without its line feed; "" when the gateway closed or said nothing for `patience`.
  [[nodiscard]] std::string line(Nanos patience = 10 * kNanosPerSecond);
  // Reads the greeting and answers it; the gateway's verdict.
  [[nodiscard]] std::string authenticate(std::string_view details = "dataset=GLBX.MDP3",
                                         std::string_view key = kTestKey);
  // authenticate(), the lines, start_session; fails the test when the gateway refuses.
  void start(const std::vector<std::string>& lines, std::string_view details = "dataset=GLBX.MDP3");

  // Reads the stream to its end, or until `count` records have come or none for `silence`. Comes
  // again to read on.
  [[nodiscard]] Stream read(std::size_t count = ~std::size_t{0},
                            Nanos silence = 10 * kNanosPerSecond);
  // All text to the end of a json stream.
  [[nodiscard]] std::string read_text();
  // Raw bytes as they come; 0 at the end.
  [[nodiscard]] std::size_t read_some(std::span<std::byte> out);
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::gateway::testing
