// Baseline: curl itself, uploading the same files as simple media uploads, several at a time.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct CurlUpload {
  std::string endpoint;  // "http://127.0.0.1:8080"
  std::string bucket;
  std::string authorization;       // of the header
  std::vector<std::string> files;  // each becomes the object of the same place in `names`
  std::vector<std::string> names;
  int at_a_time = 4;
  std::string config_file;  // written here, so that no token is on a command line
};

// Seconds that it took. Errors: kInternal when curl fails.
[[nodiscard]] Result<double> run_curl_upload(Env& env, const CurlUpload& upload);

}  // namespace fm::bench
