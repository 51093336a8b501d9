// A fake with a bucket, a dataset and an account, and requests to it, for its own tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/testing_fault_env.h"
#include "cloud.h"
#include "crypto.h"

namespace fm::fakegcp {

inline constexpr std::string_view kAccount = "collector@example.iam.gserviceaccount.com";
inline constexpr std::string_view kBase = "http://127.0.0.1:9000";

// A key for all tests: making one takes long.
[[nodiscard]] const KeyPair& test_key();
[[nodiscard]] std::string jwt(std::string_view claims);
// iss, scope, aud, iat, exp as the token endpoint wants them.
[[nodiscard]] std::string good_claims(Second now);

class TestCloud {
 public:
  explicit TestCloud(const CloudOptions& options = {});

  void log_in();  // a token for an hour
  // With the token. A body of JSON unless `type` says otherwise.
  Reply send(std::string_view method, std::string_view path, std::string body = {},
             std::string_view type = "application/json", std::vector<net::Header> headers = {});
  // Its JSON; the status must be this one.
  Json expect(int status, std::string_view method, std::string_view path, std::string body = {},
              std::string_view type = "application/json");
  // error.errors[0].reason
  std::string reason(std::string_view method, std::string_view path, std::string body = {});

  // The bytes of a Parquet file with the rows of this SQL of DuckDB.
  std::string parquet(const std::string& select);
  void put_object(std::string_view name, std::string bytes);
  // {"jobReference":{…},"configuration":{"load":{…}}} of gs://lake/NAME into a table; `more` is
  // added to the load.
  static std::string load_body(std::string_view id, std::string_view uri, std::string_view table,
                               std::string_view more = R"("writeDisposition":"WRITE_APPEND")");
  static std::string query_body(std::string_view id, std::string_view sql,
                                std::string_view more = "");
  // Sends it, lets it run, and returns jobs.get.
  Json run(const std::string& body);
  // Cells of the finished query, joined by "|", rows by "\n".
  std::string rows_of(std::string_view id);
  std::string query(std::string_view sql);
  void advance(Nanos time) { env.set_now(env.now() + time); }

  FaultEnv env;
  std::unique_ptr<Cloud> cloud;
  std::string token;
  TestDirectory directory;

 private:
  int queries_ = 0;
};

inline constexpr std::string_view kProject = "/bigquery/v2/projects/acme";
inline constexpr std::string_view kTables =
    "/bigquery/v2/projects/acme/datasets/market_data/tables";

}  // namespace fm::fakegcp
