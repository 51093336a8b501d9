// Who may do what: the least roles of the accounts that work with the copies, and granting them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "google/api.h"
#include "google/bigquery.h"
#include "google/destination.h"
#include "google/endpoints.h"

namespace fm::google {

// Accounts as IAM names them: "serviceAccount:collector@market-4711.iam.gserviceaccount.com",
// "user:…", "group:…". Empty: none.
struct Principals {
  std::string collector;  // mirrors, rolls up, verifies
  std::string trainer;    // reads everything, writes training sets and predictions
  std::string dashboard;  // reads what is shown
};

struct Binding {
  enum class On : std::uint8_t { kProject, kDataset, kBucket };
  On on = On::kProject;
  std::string place;   // the dataset's or bucket's name, the project's id
  std::string role;    // "roles/bigquery.dataEditor"
  std::string member;  // a principal
  std::string why;     // "loads and merges rows"
  // Of a role of the project's own, which must be made first; empty for Google's roles.
  std::vector<std::string> permissions = {};
};

// With a stand-in such as "serviceAccount:collector@PROJECT…" for each that is not given.
[[nodiscard]] std::vector<Binding> least_bindings(const Destination& destination,
                                                  const Principals& principals);
// The command of gcloud or bq that grants it; two, where its role must be made first.
[[nodiscard]] std::string command_of(const Binding& binding, const Destination& destination);

// Errors: kInvalidArgument for what IAM does not take for a member.
[[nodiscard]] Status check(const Principals& principals);
// Grants what is not granted yet; returns those that were. Bindings of accounts that are not given
// are left out, and roles of the project's own. Errors: kRefused where this account may not grant;
// those of Api.
[[nodiscard]] Result<std::vector<Binding>> grant(Api& api, BigQuery& bigquery,
                                                 const Endpoints& endpoints,
                                                 const Destination& destination,
                                                 const Principals& principals);

}  // namespace fm::google
