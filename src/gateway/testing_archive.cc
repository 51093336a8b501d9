#include "gateway/testing_archive.h"

#include <gtest/gtest.h>

#include "base/env.h"
#include "dbn/writer.h"

namespace fm::gateway::testing {

std::string shared(std::string_view name) { return join(FM_SHARED_DATA, name); }

Nanos day(int days, std::uint64_t seconds) {
  const Second midnight = (Date(2024, 1, 8) + days).first_second();
  return (static_cast<Nanos>(midnight) + seconds) * kNanosPerSecond;
}

dbn::TradeMsg trade(std::uint32_t instrument_id, Nanos time, std::uint32_t sequence,
                    std::uint32_t size) {
  dbn::TradeMsg record{};
  record.header = {dbn::kLengthOf<dbn::TradeMsg>, dbn::RType::kTrades, 1, instrument_id, time};
  record.price = 4'800'000'000'000;
  record.size = size;
  record.action = dbn::kActionTrade;
  record.side = dbn::kSideBid;
  record.ts_recv = time;
  record.sequence = sequence;
  return record;
}

dbn::Mbp1Msg quote(std::uint32_t instrument_id, Nanos time, std::uint32_t sequence, char action) {
  dbn::Mbp1Msg record{};
  record.header = {dbn::kLengthOf<dbn::Mbp1Msg>, dbn::RType::kMbp1, 1, instrument_id, time};
  record.price = 4'800'000'000'000;
  record.size = 1;
  record.action = action;
  record.side = dbn::kSideBid;
  record.ts_recv = time;
  record.sequence = sequence;
  return record;
}

dbn::Metadata metadata_of(const FileSpec& spec) {
  const int end_day = spec.end_day != 0 ? spec.end_day : spec.start_day + 1;
  dbn::Metadata metadata;
  metadata.dataset = spec.dataset;
  metadata.schema = spec.schema;
  metadata.start = day(spec.start_day);
  metadata.end = spec.end != 0 ? spec.end : day(end_day);
  metadata.stype_in = dbn::SType::kRawSymbol;
  for (const Named& named : spec.mapped) {
    metadata.symbols.push_back(named.symbol);
    metadata.mappings.push_back(
        {named.symbol,
         {{Date::of_second(second_of(day(spec.start_day))),
           Date::of_second(second_of(day(end_day))), std::to_string(named.id)}}});
  }
  return metadata;
}

void internal::write_records(const std::string& path, const FileSpec& spec,
                             const std::vector<std::vector<std::byte>>& records) {
  auto sink = dbn::create_output(Env::posix(), path);
  ASSERT_TRUE(sink) << sink.error().message();
  auto writer = dbn::Writer::open(*std::move(sink), metadata_of(spec));
  ASSERT_TRUE(writer) << writer.error().message();
  for (const auto& record : records) {
    const auto written = writer->write(dbn::RecordView(record.data(), 0));
    ASSERT_TRUE(written) << written.error().message();
  }
  ASSERT_TRUE(writer->finish());
}

}  // namespace fm::gateway::testing
