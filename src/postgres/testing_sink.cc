#include "postgres/testing_sink.h"

#include <cstdlib>

#include "postgres/layout.h"
#include "postgres/schema.h"

namespace fm::postgres {

void SinkTest::SetUp() {
  DatabaseTest::SetUp();
  if (IsSkipped()) return;
  Connection db = connect();
  std::vector<const table::Table*> tables;
  for (const table::Table& table : table::all_tables()) tables.push_back(&table);
  const auto made = migrate(db, tables);
  ASSERT_TRUE(made) << made.error().message();
  is_timescale_ = *engine_of(db) == table::Engine::kTimescale;
}

PostgresSink SinkTest::open(const ConnectionOptions& options) const {
  auto sink = PostgresSink::open(connect(options), "test");
  EXPECT_TRUE(sink);
  return *std::move(sink);
}

}  // namespace fm::postgres
