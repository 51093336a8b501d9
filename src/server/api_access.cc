// POST /login, POST /logout and the page that asks for the token; only where there is one.
#include <simdjson.h>

#include "server/access.h"
#include "server/api.h"
#include "server/context.h"
#include "server/problem.h"

namespace fm::server {
namespace {

constexpr std::string_view kLoginPage =
    "<!doctype html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>frontmonth</title><link rel=\"stylesheet\" href=\"/login.css\"></head>\n"
    "<body><main><h1>frontmonth</h1>\n"
    "<form method=\"post\" action=\"/login\"><label for=\"token\">Token</label>\n"
    "<input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" "
    "required "
    "autofocus>\n"
    "<button>Sign in</button></form></main></body></html>\n";

constexpr std::string_view kLoginStyle =
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#0e1116;"
    "color:#d7dde5;font:14px/1.5 system-ui,sans-serif}\n"
    "main{width:min(20rem,90vw)}h1{font-size:1.1rem;font-weight:600;margin:0 0 1rem}\n"
    "form{display:grid;gap:.5rem}input,button{font:inherit;padding:.5rem .6rem;border-radius:4px;"
    "border:1px solid #323a45;background:#161b22;color:inherit}\n"
    "button{background:#1f6feb;border-color:#1f6feb;color:#fff;cursor:pointer}\n"
    ":focus-visible{outline:2px solid #79b8ff;outline-offset:2px}\n"
    "@media (prefers-color-scheme:light){body{background:#fff;color:#1c2128}"
    "input{background:#fff;border-color:#8c959f}}\n";

// From the page's form, or {"token": "…"}. Empty: none.
std::string token_of(const net::ServerRequest& request) {
  if (!request.header("content-type").starts_with("application/json"))
    for (const auto& [name, value] : request.form)
      if (name == "token") return value;
  simdjson::dom::parser parser;
  std::string_view token;
  const simdjson::padded_string padded(request.body);
  if (parser.parse(padded)["token"].get_string().get(token) != simdjson::SUCCESS) return "";
  return std::string(token);
}

Result<Answer> login(Context& context, const Call& call) {
  auto cookie = context.access->login(token_of(call.request), call.request);
  Answer answer{.response = net::ServerResponse::json("{\"ok\":true}"),
                .cache_control = "no-store"};
  if (cookie) {
    answer.response.headers.emplace_back("Set-Cookie", *cookie);
    if (!call.request.header("content-type").starts_with("application/json")) {
      answer.response.status = 303;
      answer.response.body.clear();
      answer.response.headers.emplace_back("Location", "/");
    }
    return answer;
  }
  answer.response = refusal(cookie.error(), call.id);
  return answer;
}

}  // namespace

net::ServerResponse refusal(const Error& error, std::string_view id) {
  if (error.code() == Code::kBusy) {
    auto response = problem(429, error.message(), "Wait, then try again.", id);
    response.headers.emplace_back("Retry-After", error.advice());
    return response;
  }
  if (error.code() != Code::kPermission) return problem(error, id);
  auto response = problem(401, error.message(), error.advice(), id);
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"frontmonth\"");
  return response;
}

void add_access_routes(Context& context, Routes& routes) {
  if (!context.access->needs_token()) return;
  routes.push_back({.method = "POST",
                    .path = "/login",
                    .handler = [&context](const Call& call) { return login(context, call); },
                    .needs_token = false});
  routes.push_back({.method = "POST",
                    .path = "/logout",
                    .handler = [&context](const Call& call) -> Result<Answer> {
                      Answer answer{.response = net::ServerResponse::json("{\"ok\":true}"),
                                    .cache_control = "no-store"};
                      answer.response.headers.emplace_back("Set-Cookie",
                                                           context.access->logout(call.request));
                      return answer;
                    },
                    .needs_token = false});
  const auto page = [](std::string_view text, const std::string& type) {
    return [text, type](const Call&) -> Result<Answer> {
      Answer answer{.response = net::ServerResponse::text(std::string(text))};
      answer.response.content_type = type;
      return answer;
    };
  };
  routes.push_back({.method = "GET",
                    .path = "/login",
                    .handler = page(kLoginPage, "text/html; charset=utf-8"),
                    .needs_token = false});
  routes.push_back({.method = "GET",
                    .path = "/login.css",
                    .handler = page(kLoginStyle, "text/css; charset=utf-8"),
                    .needs_token = false});
}

}  // namespace fm::server
