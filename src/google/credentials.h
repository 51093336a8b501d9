// Who we are to Google: what the key files, gcloud and the machines of Google Cloud offer.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"

namespace fm::google {

// A key of a service account: "type": "service_account".
struct ServiceAccountKey {
  std::string email;
  std::string key_id;
  Secret private_key;  // PEM
  std::string token_uri;
};

// A person, by `gcloud auth application-default login`: "type": "authorized_user".
struct AuthorizedUser {
  std::string client_id;
  Secret client_secret;
  Secret refresh_token;
};

// Workload identity: a token of another identity provider, exchanged: "type": "external_account".
struct ExternalAccount {
  std::string audience;
  std::string subject_token_type;
  std::string token_url;
  std::string token_file;         // where the other provider's token lies
  std::string token_field;        // its member of that file's JSON; empty: the file is the token
  std::string impersonation_url;  // empty: the exchanged token is used as it is
};

// The machine's own service account: a VM, Cloud Run, GKE.
struct MetadataServer {
  std::string host;  // "metadata.google.internal"
};

struct Credentials {
  std::variant<MetadataServer, ServiceAccountKey, AuthorizedUser, ExternalAccount> who;
  std::string place;       // where they were found, for messages
  std::string project_id;  // of a service account's key; else empty
  // Billed for the calls, where the credentials say so.
  std::optional<std::string> quota_project;
  // "the service account collector@market.iam.gserviceaccount.com", for messages.
  [[nodiscard]] std::string name() const;
};

// A file of credentials as JSON. `place` names it in errors. Errors: kCorrupt for what is no JSON,
// kInvalidArgument for a missing member, and kUnsupported for a type that is not known, each naming
// the place; no value is in a message.
[[nodiscard]] Result<Credentials> parse_credentials(std::string_view json, std::string place);

// In this order: `file`, where it is not empty; the systemd credential
// $CREDENTIALS_DIRECTORY/google_credentials; $GOOGLE_APPLICATION_CREDENTIALS (a file) and
// $GOOGLE_APPLICATION_CREDENTIALS_BASE64 (its content), of which one may be set, or both to the
// same; gcloud's application_default_credentials.json; the metadata server of $GCE_METADATA_HOST,
// or Google's. Errors: those of the first that is there; kPermission for a file that others may
// read; kConflict for two variables that say different things.
[[nodiscard]] Result<Credentials> find_credentials(Env& env, const Variables& variables,
                                                   const std::string& file = {});

}  // namespace fm::google
