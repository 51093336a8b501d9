// Where the services are: fixed hosts, or one address that stands for all of them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace fm::google {

struct Endpoints {
  std::string storage = "https://storage.googleapis.com";
  std::string bigquery = "https://bigquery.googleapis.com";
  std::string transfer = "https://bigquerydatatransfer.googleapis.com";
  std::string resource_manager = "https://cloudresourcemanager.googleapis.com";
  std::string oauth = "https://oauth2.googleapis.com";
  std::string sts = "https://sts.googleapis.com";
  std::string iam_credentials = "https://iamcredentials.googleapis.com";
  bool is_overridden = false;

  // All of them at `url`: an emulator, a double, a private endpoint. Errors: kInvalidArgument for
  // what is no URL of scheme and host, and for plain http to another machine than this one.
  [[nodiscard]] static Result<Endpoints> at(std::string url);
};

// "https://host:port" of a URL; empty where it is none.
[[nodiscard]] std::string_view origin_of(std::string_view url);
// A loopback address or name, by the text.
[[nodiscard]] bool is_loopback(std::string_view url);

}  // namespace fm::google
