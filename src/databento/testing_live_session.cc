#include "databento/testing_live_session.h"

namespace fm::databento::testing {

using dbn::testing::Bytes;
using dbn::testing::bytes_of;
using dbn::testing::sample_tbbo;
using dbn::testing::operator+;

Secret test_key() { return Secret(std::string(kTestKey)); }

Result<std::unique_ptr<LiveSession>> open(const LiveOptions& options, std::optional<Nanos> start) {
  return LiveSession::open(Env::posix(), test_key(), options, start);
}

dbn::Metadata live_metadata(bool ts_out) {
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.start = 1'700'000'000 * kNanosPerSecond;
  metadata.ts_out = ts_out;
  return metadata;
}

Bytes stream_of(const dbn::Metadata& metadata) { return dbn::encode(metadata).value(); }

Bytes ten_records() {
  Bytes records;
  for (std::uint32_t i = 0; i < 10; ++i) records = records + bytes_of(sample_tbbo(i));
  return records;
}

}  // namespace fm::databento::testing
