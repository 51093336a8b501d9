#include "jobs/testing_mirror.h"

#include <utility>

#include "base/signals.h"

namespace fm::jobs {

MirroredLake::MirroredLake() {
  auto lake = lake::Lake::open(cloud_.env, cloud_.directory.file("lake"));
  EXPECT_TRUE(lake) << lake.error().message();
  lake_ = *std::move(lake);
}

CloudPlace MirroredLake::place() {
  const google::MirrorOptions options = cloud_.options();
  CloudPlace place;
  place.endpoints = options.endpoints;
  place.destination = options.destination;
  place.location = "US";
  place.transports = cloud_.transports();
  place.tokens =
      std::make_unique<google::Tokens>(cloud_.env, cloud_.credentials(), place.transports().value(),
                                       google::TokenOptions{.endpoints = options.endpoints});
  return place;
}

MirrorJobOptions MirroredLake::mirror_options() const {
  MirrorJobOptions options;
  options.lake = cloud_.directory.file("lake");
  options.upload_threads = 1;
  return options;
}

void MirroredLake::mirror(const std::string& tables) {
  CloudPlace where = place();
  MirrorJobOptions options = mirror_options();
  options.tables = tables;
  StopSignal stop;
  const auto report = run_mirror(cloud_.env, options, where, stop);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_TRUE(report->complete()) << to_text(*report);
}

VerifyReport MirroredLake::verify(std::vector<std::string> tables, bool repair) {
  CloudPlace where = place();
  VerifyOptions options;
  options.lake = cloud_.directory.file("lake");
  options.tables = std::move(tables);
  options.repair = repair;
  NoProgress progress;
  auto report = run_verify(cloud_.env, options, where, mirror_options(), progress);
  EXPECT_TRUE(report) << (report ? "" : report.error().message());
  return report ? *std::move(report) : VerifyReport{};
}

std::string MirroredLake::relation(const table::Table& table) {
  return cloud_.cloud->table_sql(
      {std::string(google::kProject), std::string(table.dataset), std::string(table.name)});
}

void MirroredLake::change(const std::string& statement) {
  const auto changed = cloud_.cloud->sql(statement);
  ASSERT_TRUE(changed) << statement << ": " << changed.error().message();
}

std::string MirroredLake::ask(const std::string& statement) {
  const auto rows = cloud_.cloud->sql(statement);
  EXPECT_TRUE(rows) << statement << ": " << (rows ? "" : rows.error().message());
  return rows && !rows->rows.empty() ? rows->rows[0][0].value_or("NULL") : "";
}

}  // namespace fm::jobs
