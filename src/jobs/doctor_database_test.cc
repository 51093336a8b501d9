// What the doctor says of a real PostgreSQL, well and ill.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/testing_fault_env.h"
#include "jobs/database.h"
#include "jobs/doctor.h"
#include "jobs/doctor_checks.h"
#include "postgres/testing_database.h"

namespace fm::jobs {
namespace {

DoctorReport look(const Variables& variables, const std::string& live = "auto") {
  Config config;
  config.postgres.live = live;
  DoctorReport report;
  examine_database(Env::posix(), variables, config, report);
  return report;
}

// Whether a finding of this weight says so, and how to mend it.
bool says(const DoctorReport& report, Verdict verdict, std::string_view found,
          std::string_view mend = "") {
  return std::ranges::any_of(report.findings, [&](const Finding& finding) {
    return finding.verdict == verdict && finding.found.contains(found) &&
           finding.mend.contains(mend);
  });
}

TEST(DoctorDatabase, NoneIsNoProblemUnlessItIsWanted) {
  EXPECT_TRUE(says(look({}), Verdict::kGood, "no database is named"));
  EXPECT_FALSE(look({}, "on").healthy());
  EXPECT_TRUE(says(look({{"DATABASE_URL", "not a uri"}}), Verdict::kProblem, "DATABASE_URL"));
  const DoctorReport nobody =
      look({{"DATABASE_URL", "postgresql://me:secret-word@127.0.0.1:1/market"}});
  EXPECT_FALSE(nobody.healthy());
  EXPECT_TRUE(says(nobody, Verdict::kProblem, "127.0.0.1", "server runs")) << to_text(nobody);
  EXPECT_FALSE(to_text(nobody).contains("secret-word"));
}

class DoctorPostgres : public postgres::DatabaseTest {
 protected:
  [[nodiscard]] DoctorReport look_here() const { return look({{"DATABASE_URL", uri_}}); }
};

TEST_F(DoctorPostgres, SaysWhatIsThereAndWhatIsMissing) {
  const DoctorReport fresh = look_here();
  EXPECT_TRUE(fresh.healthy()) << to_text(fresh);
  EXPECT_TRUE(says(fresh, Verdict::kGood, "server 1"));
  EXPECT_TRUE(says(fresh, Verdict::kWarning, "made no tables", "--apply"));
  EXPECT_TRUE(says(fresh, Verdict::kGood, "timescaledb"));
  EXPECT_TRUE(says(fresh, Verdict::kGood, "may make tables")) << to_text(fresh);

  for (const char* table : {"candles_1m", "candles_1s"})
    ASSERT_TRUE(apply_schema(Env::posix(), uri(), {.table = table}));
  const DoctorReport made = look_here();
  EXPECT_TRUE(made.healthy());
  EXPECT_TRUE(says(made, Verdict::kGood, "schema of version"));
  EXPECT_TRUE(says(made, Verdict::kGood, "may read and write")) << to_text(made);

  ASSERT_TRUE(connect().run("UPDATE frontmonth.migrations SET version = 0"));
  EXPECT_TRUE(says(look_here(), Verdict::kProblem, "of version 0", "--apply"));
  ASSERT_TRUE(connect().run("UPDATE frontmonth.migrations SET version = 9999"));
  EXPECT_TRUE(says(look_here(), Verdict::kProblem, "newer program", "newer program"));
}

TEST_F(DoctorPostgres, SaysWhatARoleMayNotDo) {
  for (const char* table : {"candles_1m", "candles_1s"})
    ASSERT_TRUE(apply_schema(Env::posix(), uri(), {.table = table}));
  const std::string role = "reader_of_" + database_;
  const auto made = connect().run(
      fmt::format("CREATE ROLE {0} LOGIN PASSWORD 'p';"
                  "GRANT USAGE ON SCHEMA market_data, frontmonth TO {0};"
                  "GRANT SELECT ON ALL TABLES IN SCHEMA market_data, frontmonth TO {0}",
                  role));
  ASSERT_TRUE(made) << made.error().message();
  // The same place, another user.
  const std::size_t user = uri_.find("://") + 3;
  const std::size_t at = uri_.find('@');
  ASSERT_NE(at, std::string::npos) << "a URI without a user";
  const std::string other = uri_.substr(0, user) + role + ":p" + uri_.substr(at);
  const DoctorReport report = look({{"DATABASE_URL", other}});
  EXPECT_FALSE(report.healthy());
  EXPECT_TRUE(
      says(report, Verdict::kProblem, "may not insert into market_data.candles_1m", "Grant it"))
      << to_text(report);
  ASSERT_TRUE(connect().run(fmt::format("DROP OWNED BY {0}; DROP ROLE {0}", role)));
}

}  // namespace
}  // namespace fm::jobs
