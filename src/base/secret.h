// Keys and passwords. A Secret cannot be printed, compared or copied by accident; whoever sends it
// asks for reveal().
//
//   FM_ASSIGN(const Secret key, find_secret(env, variables, {.name = "databento_api_key",
//                                                            .variable = "DATABENTO_API_KEY"}));
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/env.h"
#include "base/error.h"

namespace fm {

class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret();  // overwrites its memory
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  [[nodiscard]] Secret copy() const { return Secret(text_); }

  // For the wire alone; never for a message.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

// The variables of the process, by name.
using Variables = std::map<std::string, std::string, std::less<>>;

struct SecretPlaces {
  std::string_view name;      // "databento_api_key": of the systemd credential and in the keychain
  std::string_view variable;  // "DATABENTO_API_KEY"
  std::string file = {};      // named by the user; empty: none
};

// Where the secret was found, for messages: "the file /etc/…", "the environment variable …".
struct FoundSecret {
  Secret secret;
  std::string place;
};

// In this order: the file, the systemd credential ($CREDENTIALS_DIRECTORY/name), the environment
// variable, the keychain (`security` on macOS, `secret-tool` elsewhere). Blanks around it are cut
// off. Two places with different values: a warning that names both, and the first counts. Errors:
// kNotFound, with every place that was looked at; kPermission for a file that others may read.
[[nodiscard]] Result<FoundSecret> find_secret(Env& env, const Variables& variables,
                                              const SecretPlaces& places);

}  // namespace fm
