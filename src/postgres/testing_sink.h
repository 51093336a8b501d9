// A test with a database that holds every table, with TimescaleDB where
// FRONTMONTH_TEST_TIMESCALE_URL names a server that has it.
#pragma once

#include "postgres/sink.h"
#include "postgres/testing_database.h"

namespace fm::postgres {

class SinkTest : public DatabaseTest {
 protected:
  void SetUp() override;
  [[nodiscard]] PostgresSink open(const ConnectionOptions& options = quick()) const;
  [[nodiscard]] bool is_timescale() const { return is_timescale_; }

 private:
  bool is_timescale_ = false;
};

}  // namespace fm::postgres
