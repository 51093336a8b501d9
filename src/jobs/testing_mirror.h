// A lake with a mirror of it in the double of Google Cloud, for tests of what compares, mends and
// extends copies.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "google/testing_cloud.h"
#include "jobs/cloud.h"
#include "jobs/mirror.h"
#include "jobs/verify.h"
#include "lake/lake.h"

namespace fm::jobs {

class MirroredLake : public ::testing::Test {
 protected:
  MirroredLake();

  [[nodiscard]] CloudPlace place();
  [[nodiscard]] MirrorJobOptions mirror_options() const;
  // Brings what the lake has of these tables; empty: of all that hold rows.
  void mirror(const std::string& tables = "");
  [[nodiscard]] VerifyReport verify(std::vector<std::string> tables = {}, bool repair = false);
  // What BigQuery would call `project.dataset.table`, for statements of `change`.
  [[nodiscard]] std::string relation(const table::Table& table);
  // DuckDB's SQL, behind the service's back.
  void change(const std::string& statement);
  [[nodiscard]] std::string ask(const std::string& statement);

  google::TestCloud cloud_;
  std::unique_ptr<lake::Lake> lake_;
};

}  // namespace fm::jobs
