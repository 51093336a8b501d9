// The vendor's own Python client judges the program's servers, and an SQL engine's parser the SQL
// that goes to BigQuery: tests/judges/*.py. A script runs once; each of its judges is a test here.
#include <algorithm>
#include <map>

#include "jobs/testing_bigquery_sql.h"
#include "program.h"

namespace fm::testing_cli {
namespace {

const std::string kFolder = std::string(FM_SOURCE_DIR) + "/tests/judges";
const std::string kPython = std::string(FM_SOURCE_DIR) + "/build/deps/python/bin/python";

struct Judge {
  const char* script;
  const char* name;
  bool needs_shared_data = false;
};

constexpr Judge kJudges[] = {
    {"live", "live_gives_every_record_of_several_schemas"},
    {"live", "live_resolves_parents_and_raw_symbols"},
    {"live", "live_replays_from_a_start"},
    {"live", "live_reads_compressed_sessions"},
    {"live", "live_writes_a_file_that_the_vendor_reads"},
    {"live", "live_reconnects_after_a_failure"},
    {"live", "live_reconnects_after_a_reset"},
    {"live", "live_is_told_what_is_wrong"},
    {"historical", "get_range_gives_the_records_of_the_file"},
    {"historical", "get_range_gives_a_generated_day"},
    {"historical", "metadata_describes_the_files"},
    {"historical", "symbology_resolves"},
    {"historical", "batch_jobs_are_whole"},
    {"historical", "batch_jobs_come_as_text"},
    {"historical", "refusals_reach_the_user"},
    {"historical", "a_wrong_key_is_refused"},
    {"historical", "short_answers_are_errors"},
    {"historical", "other_answers_than_expected_do_not_hang"},
    {"sql", "every_statement_is_understood"},
    {"sql", "every_kind_of_statement_is_there"},
    {"sql", "what_is_wrong_is_refused"},
    {"fixtures", "historical_gives_every_schema_as_it_was", true},
    {"fixtures", "live_gives_every_schema_as_it_was", true},
};

class Judges : public ProgramTest, public testing::WithParamInterface<Judge> {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!env_.exists(kPython))
      GTEST_SKIP() << "the vendor's client is not installed; run tools/bootstrap judges";
  }

  // What a script said, from its only run.
  const std::string& said_by(const std::string& script) {
    static std::map<std::string, std::string> said;
    const auto [entry, is_new] = said.try_emplace(script);
    if (is_new) {
      if (script == "sql") write("statements.json", jobs::bigquery_statements_json());
      const Outcome outcome = shell("PYTHONDONTWRITEBYTECODE=1 FM_SHARED_DATA='" FM_SHARED_DATA
                                    "' FRONTMONTH=\"$FM\" FM_STATEMENTS='" +
                                    path("statements.json") + "' " + kPython + " " + kFolder + "/" +
                                    script + ".py 2>&1");
      entry->second = "\n" + outcome.out;
    }
    return entry->second;
  }
};

TEST_P(Judges, AreContent) {
  if (GetParam().needs_shared_data && !is_shared_data_there())
    GTEST_SKIP() << "the shared test data are not here";
  const std::string& said = said_by(GetParam().script);
  EXPECT_NE(said.find(std::string("\npassed judge_") + GetParam().name + "\n"), std::string::npos)
      << said;
}

INSTANTIATE_TEST_SUITE_P(Official, Judges, testing::ValuesIn(kJudges),
                         [](const auto& judge) { return std::string(judge.param.name); });

TEST(JudgesList, NamesEveryJudge) {
  std::vector<std::string> here;
  for (const Judge& judge : kJudges) here.emplace_back(judge.name);
  std::vector<std::string> written;
  for (const char* const script : {"live", "historical", "fixtures", "sql"}) {
    std::string text = read_text(Env::posix(), kFolder + "/" + script + ".py").value();
    constexpr std::string_view kDefinition = "\ndef judge_";
    for (std::size_t at = text.find(kDefinition); at != std::string::npos;
         at = text.find(kDefinition, at + 1)) {
      const std::size_t name = at + kDefinition.size();
      written.push_back(text.substr(name, text.find('(', name) - name));
    }
  }
  std::ranges::sort(here);
  std::ranges::sort(written);
  EXPECT_EQ(here, written);
}

}  // namespace
}  // namespace fm::testing_cli
