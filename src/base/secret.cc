#include "base/secret.h"

#include <stdio.h>
#include <string.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/log.h"

namespace fm {
namespace {

constexpr std::uint64_t kSecretBytesMax = 64 << 10;
constexpr std::uint32_t kOthersMayRead = 077;

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

Result<std::optional<FoundSecret>> in_file(Env& env, const std::string& path,
                                           const std::string& place, bool must_be_private) {
  const auto info = env.info(path);
  if (!info && info.error().code() == Code::kNotFound) return std::optional<FoundSecret>();
  if (!info) return std::unexpected(info.error());
  if (must_be_private && (info->mode & kOthersMayRead) != 0)
    return std::unexpected(
        Error(
            Code::kPermission,
            fmt::format("{}: holds a secret and has mode {:04o}, expected 0600", path, info->mode))
            .hint(fmt::format("chmod 600 {}", path)));
  FM_ASSIGN(const std::string text, read_text(env, path, kSecretBytesMax));
  return FoundSecret{Secret(trimmed(text)), place};
}

// The keychain's own program, because each desktop has another library. Its messages are not ours.
std::optional<FoundSecret> in_keychain(std::string_view name) {
#ifdef __APPLE__
  const std::string command =
      fmt::format("security find-generic-password -s frontmonth -a {} -w 2>/dev/null", name);
#else
  const std::string command =
      fmt::format("secret-tool lookup service frontmonth account {} 2>/dev/null", name);
#endif
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) return std::nullopt;
  std::string text;
  char piece[256];
  for (std::size_t got = 0; (got = ::fread(piece, 1, sizeof piece, pipe.get())) > 0;)
    text.append(piece, got);
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  return FoundSecret{Secret(std::move(text)), "the keychain"};
}

std::string variable_value(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

}  // namespace

Secret::~Secret() { ::explicit_bzero(text_.data(), text_.size()); }

Secret& Secret::operator=(Secret&& other) noexcept {
  ::explicit_bzero(text_.data(), text_.size());
  text_ = std::move(other.text_);
  return *this;
}

Result<FoundSecret> find_secret(Env& env, const Variables& variables, const SecretPlaces& places) {
  std::vector<FoundSecret> found;
  std::vector<std::string> looked_at;
  const auto keep = [&](std::optional<FoundSecret> one) {
    if (one && !one->secret.empty()) found.push_back(*std::move(one));
  };

  if (!places.file.empty()) {
    looked_at.push_back(fmt::format("the file {}", places.file));
    FM_ASSIGN(auto one, in_file(env, places.file, looked_at.back(), true));
    keep(std::move(one));
  }
  if (const std::string folder = variable_value(variables, "CREDENTIALS_DIRECTORY");
      !folder.empty()) {
    looked_at.push_back(fmt::format("the systemd credential {}", places.name));
    // systemd itself keeps other users out of the folder.
    FM_ASSIGN(auto one, in_file(env, join(folder, places.name), looked_at.back(), false));
    keep(std::move(one));
  }
  looked_at.push_back(fmt::format("the environment variable {}", places.variable));
  if (std::string text = trimmed(variable_value(variables, places.variable)); !text.empty())
    keep(FoundSecret{Secret(std::move(text)), looked_at.back()});
  looked_at.emplace_back("the keychain");
  // A desktop may ask its user before it answers: not when the secret is known already.
  if (found.empty()) keep(in_keychain(places.name));

  if (found.empty()) {
    std::string list;
    for (const std::string& place : looked_at) list += (list.empty() ? "" : ", ") + place;
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("no {} found; looked at {}", places.name, list))
            .hint(fmt::format("Set {}, or name a file of mode 0600 that holds it.",
                              places.variable)));
  }
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i].secret.reveal() != found.front().secret.reveal())
      log_warning("{} and {} hold different values of {}; the first counts", found.front().place,
                  found[i].place, places.name);
  }
  return std::move(found.front());
}

}  // namespace fm
