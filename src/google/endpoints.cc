#include "google/endpoints.h"

#include <algorithm>

namespace fm::google {

std::string_view origin_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::size_t end = std::min(url.find('/', scheme.size()), url.size());
    const std::string_view origin = url.substr(0, end);
    const bool is_plain = std::ranges::all_of(
        origin, [](char c) { return c > 0x20 && c < 0x7F && c != '@' && c != '?' && c != '#'; });
    return is_plain && end > scheme.size() ? origin : std::string_view();
  }
  return {};
}

bool is_loopback(std::string_view url) {
  const std::string_view origin = origin_of(url);
  if (origin.empty()) return false;
  std::string_view host = origin.substr(origin.find("://") + 3);
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  const bool is_address =
      std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return host == "localhost" || (is_address && host.starts_with("127."));
}

Result<Endpoints> Endpoints::at(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (origin_of(url) != url || url.empty())
    return fail(Code::kInvalidArgument,
                "\"{}\" cannot be an endpoint; expected one like https://host:port", url);
  if (url.starts_with("http://") && !is_loopback(url))
    return fail(Code::kInvalidArgument,
                "{}: plain http goes to this machine only; expected https://", url);
  return Endpoints{.storage = url,
                   .bigquery = url,
                   .transfer = url,
                   .resource_manager = url,
                   .oauth = url,
                   .sts = url,
                   .iam_credentials = url,
                   .is_overridden = true};
}

}  // namespace fm::google
