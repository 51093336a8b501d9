// What a request asks for: the parameters of its query, each once, and none that the route does not
// know.
//
//   FM_ASSIGN(const auto arguments, Arguments::parse(request, route));
//   FM_ASSIGN(const std::string_view root, arguments.root());
//   FM_ASSIGN(const auto from, arguments.moment("from"));
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "net/http_client.h"

namespace fm::server {

inline constexpr std::size_t kValueBytesMax = 1'000;  // of one parameter

class Arguments {
 public:
  // `names` are the parameters that there are. Errors: kInvalidArgument for another one (and names
  // the nearest), one that comes twice, and a value that is too long or holds a control character.
  [[nodiscard]] static Result<Arguments> parse(const net::Parameters& query,
                                               std::span<const std::string_view> names);

  // Nothing where the parameter was not given. Values are as they came; nothing is trimmed.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  // Errors, here and below: kInvalidArgument, which name the parameter, what was found and what was
  // expected.
  [[nodiscard]] Result<std::string_view> required(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view name,
                                                            std::int64_t least,
                                                            std::int64_t most) const;
  // Whole seconds since 1970, "2025-06-16T13:30:00Z" (a fraction is cut off) or "2025-06-16".
  [[nodiscard]] Result<std::optional<Second>> moment(std::string_view name) const;
  [[nodiscard]] Result<std::optional<Date>> date(std::string_view name) const;
  // One of `words`; the first where it was not given.
  [[nodiscard]] Result<std::string_view> word(std::string_view name,
                                              std::span<const std::string_view> words) const;
  // "a,b,c"; empty where it was not given. Errors: also an empty item.
  [[nodiscard]] Result<std::vector<std::string_view>> list(std::string_view name) const;
  // The required parameter "root": one to eight capital letters and digits.
  [[nodiscard]] Result<std::string> root() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// A name that cannot be anything but one: of roots "ES", of contracts "ESM5".
[[nodiscard]] bool is_root_name(std::string_view text);
[[nodiscard]] bool is_symbol_name(std::string_view text);

}  // namespace fm::server
