// Small files of market data for tests of the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "dbn/metadata.h"
#include "dbn/record.h"

namespace fm::gateway::testing {

// A path in the shared data; it may be missing.
[[nodiscard]] std::string shared(std::string_view name);

// Seconds after midnight of the n-th day from Monday 2024-01-08.
[[nodiscard]] Nanos day(int days, std::uint64_t seconds = 0);

// A trade that arrived and happened at `time`.
[[nodiscard]] dbn::TradeMsg trade(std::uint32_t instrument_id, Nanos time, std::uint32_t sequence,
                                  std::uint32_t size = 1);
[[nodiscard]] dbn::Mbp1Msg quote(std::uint32_t instrument_id, Nanos time, std::uint32_t sequence,
                                 char action = 'T');

struct Named {
  std::string symbol;
  std::uint32_t id = 0;
};

struct FileSpec {
  dbn::Schema schema = dbn::Schema::kTrades;
  int start_day = 0;               // the metadata's range, as day()
  int end_day = 0;                 // 0: the day after start_day
  std::vector<Named> mapped = {};  // raw symbols over all days
  std::string dataset = "GLBX.MDP3";
  Nanos end = 0;  // of the metadata; 0: as end_day says
};

[[nodiscard]] dbn::Metadata metadata_of(const FileSpec& spec);

namespace internal {
void write_records(const std::string& path, const FileSpec& spec,
                   const std::vector<std::vector<std::byte>>& records);
}

// Fails the test when it cannot.
template <class T>
void write_file(const std::string& path, const FileSpec& spec, const std::vector<T>& records) {
  std::vector<std::vector<std::byte>> bytes;
  for (T record : records) {
    record.header.length = dbn::kLengthOf<T>;
    const auto* const begin = reinterpret_cast<const std::byte*>(&record);
    bytes.emplace_back(begin, begin + sizeof record);
  }
  internal::write_records(path, spec, bytes);
}

template <class T>
void write_file(const std::string& path, const FileSpec& spec, std::initializer_list<T> records) {
  write_file(path, spec, std::vector<T>(records));
}

}  // namespace fm::gateway::testing
