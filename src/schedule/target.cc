#include "schedule/target.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_text.h"
#include "net/http_client.h"
#include "net/mail.h"
#include "net/retry.h"

namespace fm::schedule {
namespace {

constexpr std::uint64_t kSecretBytesMax = 8 << 10;
constexpr std::uint64_t kAnswerBytesMax = 64 << 10;
constexpr std::uint32_t kOthersMayRead = 077;
constexpr std::size_t kSaidBytes = 200;

// The first line of a file that nobody else may read.
Result<Secret> secret_in(Env& env, const std::string& path) {
  FM_ASSIGN(const FileInfo info, env.info(path));
  if ((info.mode & kOthersMayRead) != 0)
    return std::unexpected(
        Error(Code::kPermission,
              fmt::format("{}: holds a secret and has mode {:04o}, expected 0600", path, info.mode))
            .hint(fmt::format("chmod 600 {}", path)));
  FM_ASSIGN(std::string text, read_text(env, path, kSecretBytesMax));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty()) return fail(Code::kInvalidConfig, "{}: is empty", path);
  return Secret(std::move(text));
}

// An address that lets everybody who knows it write there stands in no message: the client's errors
// begin with it.
Error without_address(const Error& error, std::string_view where) {
  const std::string& message = error.message();
  const std::size_t scheme = message.find("://");
  const std::size_t end = scheme == std::string::npos ? scheme : message.find(": ", scheme);
  const std::string what =
      end == std::string::npos ? std::string(name(error.code())) : message.substr(end + 2);
  Error hidden(error.code(), fmt::format("{}: {}", where, what));
  if (error.can_retry()) return std::move(hidden).retryable();
  return hidden;
}

class WebhookTarget final : public Target {
 public:
  using Body = std::string (*)(const Notice&, const std::string& host);
  WebhookTarget(const TargetPlace& place, const jobs::TargetConfig& config, Body body)
      : place_(place), config_(config), body_(body) {}

  Status send(const Notice& notice) override {
    FM_ASSIGN(const Secret url, secret_in(place_.env, config_.url_file));
    FM_ASSIGN(const auto client,
              net::HttpClient::create(place_.env, {.idle_timeout = kDeliveryTimeout,
                                                   .collect_bytes_max = kAnswerBytesMax}));
    net::HttpRequest request;
    request.method = "POST";
    request.url = url.reveal();
    request.content_type = "application/json";
    request.body = body_(notice, place_.host);
    const std::string where = fmt::format("{} (address in {})", config_.name, config_.url_file);
    const auto answer = client->stream(request, [this](std::span<const std::byte>) -> Status {
      if (place_.is_stopped && place_.is_stopped()) return fail(Code::kDisconnected, "stopped");
      return {};
    });
    if (!answer) return std::unexpected(without_address(answer.error(), where));
    if (answer->is_ok()) return {};
    Error error(Code::kRefused, fmt::format("{}: answered {}: {}", where, answer->status,
                                            answer->body.substr(0, kSaidBytes)));
    if (net::is_retryable_status(answer->status))
      return std::unexpected(std::move(error).retryable());
    return std::unexpected(std::move(error));
  }

 private:
  const TargetPlace place_;
  const jobs::TargetConfig config_;
  const Body body_;
};

class MailTarget final : public Target {
 public:
  MailTarget(const TargetPlace& place, const jobs::TargetConfig& config)
      : place_(place), config_(config) {}

  Status send(const Notice& notice) override {
    Secret password("");
    if (!config_.password_file.empty()) {
      FM_ASSIGN(password, secret_in(place_.env, config_.password_file));
    }
    net::Mail mail;
    mail.from = config_.from;
    mail.to = config_.to;
    mail.subject = headline(notice);
    mail.text =
        fmt::format("{}\n\nrule      {}\nsubject   {}\nseverity  {}\nraised    {}\nhost      {}\n",
                    notice.alarm.text, notice.alarm.rule, notice.alarm.subject,
                    name(notice.alarm.severity), iso_second(notice.alarm.raised_at), place_.host);
    return net::send_mail(place_.env,
                          {.url = config_.server,
                           .user = config_.user,
                           .password = config_.password_file.empty() ? nullptr : &password,
                           .plain = config_.plain,
                           .timeout = kDeliveryTimeout},
                          mail, place_.is_stopped);
  }

 private:
  const TargetPlace place_;
  const jobs::TargetConfig config_;
};

class CommandTarget final : public Target {
 public:
  CommandTarget(const TargetPlace& place, const jobs::TargetConfig& config)
      : place_(place), config_(config) {}

  Status send(const Notice& notice) override {
    ChildStart start;
    start.argv = config_.command;
    start.environment = place_.environment;
    start.input = webhook_body(notice, place_.host) + "\n";
    FM_ASSIGN(const auto child, place_.starter.start(start));
    std::string said;
    const ChildReport report = watch_child(place_.env, *child,
                                           {.timeout = kDeliveryTimeout,
                                            .grace = 2 * kNanosPerSecond,
                                            .is_stopped = place_.is_stopped},
                                           [&](std::string_view text) {
                                             if (said.size() < kSaidBytes)
                                               said += text.substr(0, kSaidBytes - said.size());
                                           });
    if (report.end.is_success()) return {};
    const std::string how = report.timed_out ? "did not end in time, " : "";
    return std::unexpected(
        Error(Code::kRefused, fmt::format("{}: {}{}{}{}", config_.command.front(), how,
                                          report.end.text(), said.empty() ? "" : ": ", said))
            .retryable());
  }

 private:
  const TargetPlace place_;
  const jobs::TargetConfig config_;
};

// Slack reads these three as markup: <!channel> would call everybody.
std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string headline(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kRaised:
      return fmt::format("[{}] {}", name(notice.alarm.severity), notice.alarm.text);
    case NoticeKind::kReminder:
      return fmt::format("[{}, since {}] {}", name(notice.alarm.severity),
                         iso_second(notice.alarm.raised_at), notice.alarm.text);
    case NoticeKind::kCleared:
      return fmt::format("[over] {}", notice.alarm.text);
    case NoticeKind::kTest:
      return fmt::format("[test] {}", notice.alarm.text);
  }
  FM_ASSERT(false);
}

std::string webhook_body(const Notice& notice, const std::string& host) {
  const Alarm& alarm = notice.alarm;
  return fmt::format(
      R"({{"event":"{}","id":{},"rule":{},"severity":"{}","subject":{},"text":{},)"
      R"("raised_at":"{}","at":"{}","reminded":{},"host":{},"program":"frontmonth {}"}})",
      name(notice.kind), json_quoted(alarm.id), json_quoted(alarm.rule), name(alarm.severity),
      json_quoted(alarm.subject), json_quoted(alarm.text), iso_second(alarm.raised_at),
      iso_second(notice.at), alarm.reminded, json_quoted(host), FM_VERSION);
}

std::string slack_body(const Notice& notice, const std::string& host) {
  return fmt::format(
      R"({{"text":{}}})",
      json_quoted(slack_escaped(fmt::format("frontmonth on {}: {}", host, headline(notice)))));
}

std::string discord_body(const Notice& notice, const std::string& host) {
  constexpr std::size_t kBytesMax = 1'900;  // Discord takes 2,000 characters
  std::string text = fmt::format("frontmonth on {}: {}", host, headline(notice));
  if (text.size() > kBytesMax) {
    std::size_t end = kBytesMax;
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  // No name in the text calls anybody.
  return fmt::format(R"({{"content":{},"allowed_mentions":{{"parse":[]}}}})", json_quoted(text));
}

std::unique_ptr<Target> make_target(const TargetPlace& place, const jobs::TargetConfig& config) {
  switch (config.kind) {
    case jobs::TargetKind::kWebhook:
      return std::make_unique<WebhookTarget>(place, config, &webhook_body);
    case jobs::TargetKind::kSlack:
      return std::make_unique<WebhookTarget>(place, config, &slack_body);
    case jobs::TargetKind::kDiscord:
      return std::make_unique<WebhookTarget>(place, config, &discord_body);
    case jobs::TargetKind::kEmail:
      return std::make_unique<MailTarget>(place, config);
    case jobs::TargetKind::kCommand:
      return std::make_unique<CommandTarget>(place, config);
  }
  FM_ASSERT(false);
}

}  // namespace fm::schedule
