#include "app/halt_watch.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "capture/testing_capture.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"

namespace fm::app {
namespace {

using capture::testing::block_of;
using capture::testing::Bytes;
using capture::testing::bytes_of;
using capture::testing::operator+;

constexpr std::uint32_t kInstrument = 7;

Nanos at(std::string_view utc) { return parse_iso_nanos(utc).value(); }

Bytes status(std::string_view utc, dbn::StatusAction action, std::uint32_t instrument) {
  dbn::StatusMsg record{};
  record.header.rtype = dbn::RType::kStatus;
  record.header.instrument_id = instrument;
  record.ts_recv = at(utc);
  record.action = static_cast<std::uint16_t>(action);
  record.reason = 121;
  return bytes_of(record);
}

TEST(HaltWatch, TellsTheHealthReportWhatAFeedSaysOfItsContracts) {
  FaultEnv env;
  const TestDirectory folder;
  env.set_now(at("2025-06-16T00:01:30Z"));
  auto lake = lake::Lake::open(env, folder.file("lake"));
  ASSERT_TRUE(lake) << lake.error().message();
  ASSERT_TRUE(lake::append_minute(**lake, "ES", Date(2025, 6, 16), 0));
  env.set_now(at("2025-06-16T00:30:00Z"));
  const auto reason = [&](const Bytes& records) {
    jobs::LakeHealth health(
        env, {.lake = folder.file("lake"), .state_dir = folder.file("state"), .universe_file = ""});
    health.expect("candles_1m", {"ES"});
    HaltWatch watch(health);
    watch.records(block_of(records));
    for (const jobs::HealthLine& line : health.health().lines)
      if (line.root == "ES" && line.table == "candles_1m") return line.reason;
    return std::string("no line");
  };
  const Bytes names = bytes_of(capture::testing::mapping(kInstrument, "ES.FUT", "ESU5")) +
                      bytes_of(capture::testing::mapping(kInstrument + 1, "ES.FUT", "ESU5-ESZ5"));
  const Bytes halt = status("2025-06-16T00:02:00Z", dbn::StatusAction::kHalt, kInstrument);
  EXPECT_EQ(reason(names + halt),
            "trading is halted: ESU5 since Sun 19:02 CT (market-wide halt, level 2)");
  const Bytes resumed = status("2025-06-16T00:20:00Z", dbn::StatusAction::kTrading, kInstrument);
  EXPECT_TRUE(reason(names + halt + resumed).starts_with("no rows for"));
  const Bytes spread = status("2025-06-16T00:02:00Z", dbn::StatusAction::kHalt, kInstrument + 1);
  EXPECT_TRUE(reason(names + spread).starts_with("no rows for"));
  EXPECT_TRUE(reason(halt).starts_with("no rows for")) << "nobody knows whose it is";
}

}  // namespace
}  // namespace fm::app
