// Requests as parameters, and answers that are errors.
#include <algorithm>

#include "base/log.h"
#include "databento/historical_json.h"
#include "databento/historical_state.h"

namespace fm::databento {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_symbol(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F && c != ','; });
}

}  // namespace

std::string_view name(FileEncoding encoding) {
  switch (encoding) {
    case FileEncoding::kDbn:
      return "dbn";
    case FileEncoding::kCsv:
      return "csv";
    case FileEncoding::kJson:
      return "json";
  }
  return "dbn";
}

std::string joined(const std::vector<std::string>& symbols) {
  std::string out;
  for (const std::string& symbol : symbols) {
    if (!out.empty()) out += ',';
    out += symbol;
  }
  return out;
}

Status check(const DataRequest& request) {
  if (!is_word(request.dataset))
    return fail(Code::kInvalidArgument, "\"{}\" cannot be a dataset; one is GLBX.MDP3",
                request.dataset);
  if (request.symbols.empty() || request.symbols.size() > kRequestSymbolsMax)
    return std::unexpected(
        Error(Code::kInvalidArgument, fmt::format("{} symbols, expected 1 … {}",
                                                  request.symbols.size(), kRequestSymbolsMax))
            .hint("ALL_SYMBOLS names every one; a parent such as ES.FUT all of a product."));
  for (const std::string& symbol : request.symbols)
    if (!is_symbol(symbol))
      return fail(Code::kInvalidArgument, "\"{}\" cannot be a symbol", symbol);
  if (request.end && *request.end <= request.start)
    return fail(Code::kInvalidArgument, "the end {} is not after the start {}",
                iso_nanos(*request.end), iso_nanos(request.start));
  if (request.limit && *request.limit == 0)
    return fail(Code::kInvalidArgument, "a limit of 0 records, expected 1 or more");
  return {};
}

net::Parameters parameters_of(const DataRequest& request) {
  net::Parameters parameters = {{"dataset", request.dataset},
                                {"schema", std::string(dbn::name(request.schema))},
                                {"symbols", joined(request.symbols)},
                                {"stype_in", std::string(dbn::name(request.stype_in))},
                                {"start", std::to_string(request.start)}};
  if (request.end) parameters.emplace_back("end", std::to_string(*request.end));
  if (request.limit) parameters.emplace_back("limit", std::to_string(*request.limit));
  return parameters;
}

Error error_of(const net::HttpResponse& answer) {
  const json::ServiceError said = json::read_error(answer.body);
  std::string what = fmt::format("the service refused: {} (HTTP {}{}{}", said.message,
                                 answer.status, said.kind.empty() ? "" : ", ", said.kind);
  if (const auto id = answer.header("request-id"); json::is_plain_name(id))
    what += fmt::format(", request {}", id);
  Error error(Code::kRefused, what + ")");
  if (answer.status == 401)
    error = Error(std::move(error).hint("Check the key; the Databento portal shows it."));
  else if (!said.docs.empty())
    error = Error(std::move(error).hint(said.docs));
  if (net::is_retryable_status(answer.status)) error = Error(std::move(error).retryable());
  return error;
}

std::vector<std::string> take_warnings(const net::HttpResponse& answer) {
  std::vector<std::string> warnings = json::read_warnings(answer.header("x-warning"));
  for (const std::string& warning : warnings) log_warning("Databento: {}", warning);
  return warnings;
}

}  // namespace fm::databento
