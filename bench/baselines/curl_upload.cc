#include "baselines/curl_upload.h"

#include <fmt/format.h>

#include "net/http_client.h"
#include "process.h"

namespace fm::bench {
namespace {

// Quotes and backslashes stand in no name here.
std::string transfer(const CurlUpload& upload, std::size_t i) {
  return fmt::format(
      "url = \"{}/upload/storage/v1/b/{}/o?uploadType=media&name={}&ifGenerationMatch=0\"\n"
      "upload-file = \"{}\"\n"
      "request = \"POST\"\n"
      "header = \"Authorization: {}\"\n"
      "header = \"Content-Type: application/octet-stream\"\n"
      "header = \"Expect:\"\n"
      "fail\nsilent\nshow-error\noutput = \"/dev/null\"\n",
      upload.endpoint, upload.bucket, net::percent_encode(upload.names[i]), upload.files[i],
      upload.authorization);
}

}  // namespace

Result<double> run_curl_upload(Env& env, const CurlUpload& upload) {
  if (env.exists(upload.config_file)) FM_TRY(env.remove(upload.config_file));
  FM_ASSIGN(const auto config, env.create(upload.config_file, Create::kNewPrivate));
  for (std::size_t i = 0; i < upload.files.size(); ++i)
    FM_TRY(config->write((i == 0 ? "" : "next\n") + transfer(upload, i)));
  FM_TRY(config->close());
  FM_ASSIGN(const ProcessCost cost,
            run_process({"curl", "--parallel", "--parallel-immediate", "--parallel-max",
                         std::to_string(upload.at_a_time), "--config", upload.config_file}));
  return cost.seconds;
}

}  // namespace fm::bench
