#include "databento/historical_client.h"

#include <algorithm>

#include "base/log.h"
#include "databento/historical_json.h"
#include "databento/historical_state.h"

namespace fm::databento {
namespace {

constexpr std::size_t kKeyBytesMin = 10;

Status check_url(std::string_view url) {
  const bool has_scheme = url.starts_with("https://") || url.starts_with("http://");
  const bool is_plain = std::ranges::all_of(url, [](char c) { return c > 0x20 && c < 0x7F; }) &&
                        url.find_first_of("?#@") == std::string_view::npos;
  if (has_scheme && is_plain) return {};
  return fail(Code::kInvalidArgument, "\"{}\" cannot be the historical service, expected {}", url,
              kHistoricalUrl);
}

bool is_this_machine(std::string_view url) {
  const std::string_view host = url.substr(url.find("://") + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

// An answer of one call, read by one of json's functions; errors name the call.
template <class T>
Result<T> read(const Result<std::string>& body, Result<T> (*reader)(std::string_view),
               std::string_view method) {
  if (!body) return std::unexpected(body.error());
  auto value = reader(*body);
  if (!value) return std::unexpected(std::move(value).error().in(method));
  return value;
}

}  // namespace

std::string HistoricalClient::State::url_of(std::string_view method) const {
  return fmt::format("{}/v0/{}", options.url, method);
}

bool HistoricalClient::State::wait_to_retry(net::Backoff& backoff, std::string_view what,
                                            const Result<net::HttpResponse>& answer) {
  std::optional<Nanos> asked;
  std::string why;
  if (answer) {
    if (!net::is_retryable_status(answer->status)) return false;
    asked = net::parse_retry_after(answer->header("retry-after"), env->now());
    why = fmt::format("HTTP {}", answer->status);
  } else {
    if (!answer.error().can_retry()) return false;
    why = answer.error().message();
  }
  if (http->is_cancelled() || !backoff.wait(asked)) return false;
  log_warning("{}: {}; trying again ({} of {})", what, why, backoff.failures() + 1,
              options.retries.attempts_max);
  return true;
}

Result<std::string> HistoricalClient::State::call(std::string_view method,
                                                  const net::HttpRequest& request) {
  net::Backoff backoff(*env, options.retries, [this] { return http->is_cancelled(); });
  for (;;) {
    auto answer = http->send(request);
    if (answer && answer->is_ok()) {
      take_warnings(*answer);
      return std::move(answer->body);
    }
    if (wait_to_retry(backoff, method, answer)) continue;
    if (!answer) return std::unexpected(std::move(answer).error());
    return std::unexpected(error_of(*answer).in(method));
  }
}

Result<std::string> HistoricalClient::State::get(std::string_view method,
                                                 const net::Parameters& query) {
  net::HttpRequest request{.url = url_of(method), .headers = {{"Accept", "application/json"}}};
  if (!query.empty()) request.url += '?' + net::encode_form(query);
  return call(method, request);
}

Result<std::string> HistoricalClient::State::post(std::string_view method,
                                                  const net::Parameters& form) {
  return call(method, {.method = "POST",
                       .url = url_of(method),
                       .headers = {{"Accept", "application/json"}},
                       .body = net::encode_form(form)});
}

Result<std::unique_ptr<HistoricalClient>> HistoricalClient::create(Env& env, const Secret& key,
                                                                   HistoricalOptions options) {
  const std::string_view text = key.reveal();
  if (text.size() < kKeyBytesMin ||
      !std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != ':'; }))
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("the Databento key ({} characters) cannot be one", text.size()))
            .hint("A key has 32 characters and begins with db-."));
  while (options.url.ends_with('/')) options.url.pop_back();
  FM_TRY(check_url(options.url));
  if (options.url.starts_with("http://") && !is_this_machine(options.url))
    log_warning("{}: the key and the data travel unencrypted", options.url);
  auto state = std::make_unique<State>();
  state->env = &env;
  FM_ASSIGN(state->http, net::HttpClient::create(env, {.user = &key, .ca_file = options.ca_file}));
  state->options = std::move(options);
  return std::unique_ptr<HistoricalClient>(new HistoricalClient(std::move(state)));
}

HistoricalClient::HistoricalClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HistoricalClient::~HistoricalClient() = default;
void HistoricalClient::cancel() { state_->http->cancel(); }

Result<std::uint64_t> HistoricalClient::get_record_count(const DataRequest& request) {
  FM_TRY(check(request));
  constexpr std::string_view kMethod = "metadata.get_record_count";
  return read(state_->post(kMethod, parameters_of(request)), json::read_count, kMethod);
}

Result<std::uint64_t> HistoricalClient::get_billable_size(const DataRequest& request) {
  FM_TRY(check(request));
  constexpr std::string_view kMethod = "metadata.get_billable_size";
  return read(state_->post(kMethod, parameters_of(request)), json::read_count, kMethod);
}

Result<double> HistoricalClient::get_cost(const DataRequest& request) {
  FM_TRY(check(request));
  constexpr std::string_view kMethod = "metadata.get_cost";
  return read(state_->post(kMethod, parameters_of(request)), json::read_number, kMethod);
}

Result<std::vector<std::string>> HistoricalClient::list_datasets() {
  constexpr std::string_view kMethod = "metadata.list_datasets";
  return read(state_->get(kMethod), json::read_names, kMethod);
}

Result<std::vector<std::string>> HistoricalClient::list_schemas(std::string_view dataset) {
  constexpr std::string_view kMethod = "metadata.list_schemas";
  return read(state_->get(kMethod, {{"dataset", std::string(dataset)}}), json::read_names, kMethod);
}

Result<std::vector<Field>> HistoricalClient::list_fields(dbn::Schema schema,
                                                         FileEncoding encoding) {
  constexpr std::string_view kMethod = "metadata.list_fields";
  return read(state_->get(kMethod, {{"schema", std::string(dbn::name(schema))},
                                    {"encoding", std::string(name(encoding))}}),
              json::read_fields, kMethod);
}

Result<std::vector<Publisher>> HistoricalClient::list_publishers() {
  constexpr std::string_view kMethod = "metadata.list_publishers";
  return read(state_->get(kMethod), json::read_publishers, kMethod);
}

Result<std::vector<UnitPrices>> HistoricalClient::list_unit_prices(std::string_view dataset) {
  constexpr std::string_view kMethod = "metadata.list_unit_prices";
  return read(state_->get(kMethod, {{"dataset", std::string(dataset)}}), json::read_unit_prices,
              kMethod);
}

Result<DatasetRange> HistoricalClient::get_dataset_range(std::string_view dataset) {
  constexpr std::string_view kMethod = "metadata.get_dataset_range";
  return read(state_->get(kMethod, {{"dataset", std::string(dataset)}}), json::read_dataset_range,
              kMethod);
}

Result<std::vector<DayCondition>> HistoricalClient::get_dataset_condition(std::string_view dataset,
                                                                          Date start, Date end) {
  constexpr std::string_view kMethod = "metadata.get_dataset_condition";
  return read(state_->get(kMethod, {{"dataset", std::string(dataset)},
                                    {"start_date", start.iso()},
                                    {"end_date", end.iso()}}),
              json::read_conditions, kMethod);
}

Result<Resolution> HistoricalClient::resolve(std::string_view dataset,
                                             const std::vector<std::string>& symbols,
                                             dbn::SType stype_in, dbn::SType stype_out, Date start,
                                             Date end) {
  constexpr std::string_view kMethod = "symbology.resolve";
  FM_TRY(check(DataRequest{.dataset = std::string(dataset), .symbols = symbols}));
  if (end <= start)
    return fail(Code::kInvalidArgument, "the end {} is not after the start {}", end.iso(),
                start.iso());
  return read(state_->post(kMethod, {{"dataset", std::string(dataset)},
                                     {"symbols", joined(symbols)},
                                     {"stype_in", std::string(dbn::name(stype_in))},
                                     {"stype_out", std::string(dbn::name(stype_out))},
                                     {"start_date", start.iso()},
                                     {"end_date", end.iso()}}),
              json::read_resolution, kMethod);
}

}  // namespace fm::databento
