#include <algorithm>

#include "google/schema_apply.h"
#include "google/storage.h"
#include "jobs/cloud.h"
#include "jobs/doctor_checks.h"

namespace fm::jobs {
namespace {

void add_problem(DoctorReport& report, std::string_view subject, const Error& error,
                 std::string_view mend) {
  report.findings.push_back({Verdict::kProblem, std::string(subject), error.message(),
                             error.advice().empty() ? std::string(mend) : error.advice()});
}

void examine_bucket(google::Api& api, const CloudPlace& place, DoctorReport& report) {
  constexpr std::string_view kSubject = "google bucket";
  const std::string& bucket = place.destination.bucket;
  if (bucket.empty()) {
    report.findings.push_back({Verdict::kWarning, std::string(kSubject), "none is named",
                               "Set google.bucket for `frontmonth mirror`."});
    return;
  }
  google::Storage storage(api, place.endpoints, bucket);
  const auto location = storage.location();
  if (!location) {
    add_problem(report, kSubject, location.error(),
                "Cloud Storage > Buckets > Create, or grant the account Storage Legacy Bucket "
                "Reader on it.");
    return;
  }
  report.findings.push_back(
      {Verdict::kGood, std::string(kSubject), fmt::format("{} in {}", bucket, *location), ""});
}

void examine_datasets(google::Api& api, const CloudPlace& place, DoctorReport& report) {
  constexpr std::string_view kSubject = "bigquery";
  google::BigQuery bigquery(api, place.endpoints, place.destination.project, place.location);
  const auto changes = google::schema_difference(bigquery, place.destination, {});
  if (!changes) {
    add_problem(report, kSubject, changes.error(),
                "Is the BigQuery API enabled, and has the account BigQuery Data Editor?");
    return;
  }
  if (changes->empty()) {
    report.findings.push_back(
        {Verdict::kGood, std::string(kSubject),
         fmt::format("project {}: every table is there", place.destination.project), ""});
    return;
  }
  const google::SchemaChange& first = changes->front();
  report.findings.push_back(
      {Verdict::kProblem, std::string(kSubject),
       fmt::format("{} differences from the catalogue; the first: {} {}: {}", changes->size(),
                   google::name(first.kind), first.place, first.what),
       "`frontmonth schema --engine bigquery --diff` shows all, --apply makes them."});
}

}  // namespace

void examine_cloud(Env& env, const Variables& variables, const Config& config,
                   DoctorReport& report) {
  constexpr std::string_view kSubject = "google credentials";
  if (config.is_default("google.project") && config.is_default("google.bucket")) return;
  auto place = open_cloud(env, variables, config);
  if (!place) {
    add_problem(report, kSubject, place.error(),
                "Set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file.");
    return;
  }
  if (const auto bearer = place->tokens->bearer(); !bearer) {
    add_problem(report, kSubject, bearer.error(), "");
    return;
  }
  const google::Credentials& credentials = place->tokens->credentials();
  report.findings.push_back({Verdict::kGood, std::string(kSubject),
                             fmt::format("{}, from {}", credentials.name(), credentials.place),
                             ""});
  auto transport = place->transports();
  if (!transport) {
    add_problem(report, "google", transport.error(), "");
    return;
  }
  // Somebody waits for the doctor.
  google::Api api(env, *place->tokens, *std::move(transport), {.retries = {.attempts_max = 2}});
  examine_bucket(api, *place, report);
  examine_datasets(api, *place, report);
}

}  // namespace fm::jobs
