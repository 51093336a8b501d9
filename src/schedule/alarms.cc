#include "schedule/alarms.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "google/prices.h"
#include "jobs/config_text.h"

namespace fm::schedule {
namespace {

constexpr Nanos kHour = 3'600 * kNanosPerSecond;
constexpr std::uint64_t kFileBytesMax = 16 << 20;
constexpr std::size_t kEventsCounted = 10'000;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// How much of the month is over, and when it began.
std::pair<double, Nanos> month_of(Nanos now) {
  const Date today = Date::of_second(second_of(now));
  const Date first(today.year(), today.month(), 1);
  const Date next =
      today.month() == 12 ? Date(today.year() + 1, 1, 1) : Date(today.year(), today.month() + 1, 1);
  const Nanos begun = static_cast<Nanos>(first.first_second()) * kNanosPerSecond;
  const auto days = static_cast<double>(next - first);
  return {static_cast<double>(now - begun) / static_cast<double>(kNanosPerDay) / days, begun};
}

}  // namespace

// What waits for a target.
struct Alarms::Route {
  jobs::TargetConfig config;
  std::shared_ptr<Target> target;
  std::deque<Notice> pending;
  TargetFigures figures;
  Nanos delay = 0;
  Nanos next_try = 0;  // monotonic
  bool in_hand = false;
};

std::string alarm_file(std::string_view state_dir) { return join(state_dir, "alarms.json"); }

AlarmSettings alarm_settings(const jobs::Config& config) {
  AlarmSettings settings;
  settings.rules = rules_of(config);
  settings.book.remind_after = config.alarms.remind_hours * 3'600;
  settings.targets = config.alarms.targets;
  return settings;
}

Alarms::Alarms(Env& env, ChildStarter& starter, AlarmOptions options, AlarmSources sources)
    : env_(env),
      starter_(starter),
      options_(std::move(options)),
      sources_(std::move(sources)),
      settings_(options_.settings),
      book_(settings_.book) {
  take_routes(settings_.targets);
  load();
}

Alarms::~Alarms() { stop(); }

TargetPlace Alarms::place() {
  return {.env = env_,
          .starter = starter_,
          .environment = options_.environment,
          .host = host_name(),
          .is_stopped = [this] { return is_stopping_.load(); }};
}

void Alarms::take_routes(const std::vector<jobs::TargetConfig>& targets) {
  std::vector<std::unique_ptr<Route>> routes;
  for (const jobs::TargetConfig& config : targets) {
    const auto same = std::ranges::find_if(
        routes_, [&](const auto& route) { return route && route->config.name == config.name; });
    auto route = same == routes_.end() ? std::make_unique<Route>() : std::move(*same);
    if (!route->target || !jobs::is_same(route->config, config))
      route->target = make_target(place(), config);
    route->config = config;
    route->figures.name = config.name;
    route->next_try = 0;
    routes.push_back(std::move(route));
  }
  routes_ = std::move(routes);
}

void Alarms::load() {
  auto file = read_alarms(env_, options_.state_dir);
  if (!file) {
    log_warning("{}; alarms begin anew", file.error().message());
    return;
  }
  saved_ = encode(*file);
  book_.restore(std::move(file->alarms));
  for (Pending& pending : file->pending)
    for (auto& route : routes_)
      if (route->config.name == pending.target) route->pending.push_back(std::move(pending.notice));
}

// With the mutex held.
void Alarms::save() {
  AlarmFile file;
  for (const auto& [id, alarm] : book_.alarms()) file.alarms.push_back(alarm);
  for (const auto& route : routes_)
    for (const Notice& notice : route->pending)
      file.pending.push_back({route->config.name, notice});
  std::string text = encode(file);
  if (text == saved_) return;
  if (const Status saved = write_text_atomically(env_, alarm_file(options_.state_dir), text);
      !saved) {
    log_warning("{}: a restart may tell an alarm again", saved.error().message());
    return;
  }
  saved_ = std::move(text);
}

void Alarms::start() {
  watcher_ = std::thread([this] {
    name_thread("fm-alarms");
    watch();
  });
  deliverer_ = std::thread([this] {
    name_thread("fm-deliver");
    deliver();
  });
}

void Alarms::stop() {
  is_stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread* thread : {&watcher_, &deliverer_})
    if (thread->joinable()) thread->join();
}

void Alarms::set(AlarmSettings settings) {
  const std::lock_guard lock(mutex_);
  book_.set_options(settings.book);
  take_routes(settings.targets);
  settings_ = std::move(settings);
  wake_.notify_all();
}

void Alarms::watch() {
  for (;;) {
    look();
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, std::chrono::nanoseconds(options_.interval),
                       [this] { return stopping_; }))
      return;
  }
}

Result<Happenings> Alarms::happened(Nanos now) {
  Happenings found;
  const std::string file = ops::state_file(options_.state_dir);
  if (!env_.exists(file)) return found;
  if (!state_) {
    FM_ASSIGN(state_, ops::State::open_to_read(env_, file));
  }
  FM_ASSIGN(found.gaps, state_->gaps_since(now - kNanosPerDay, ops::Gaps::kOpen));
  FM_ASSIGN(const auto events, state_->events({.since = now - kHour, .rows_max = kEventsCounted}));
  for (const ops::StoredEvent& event : events) {
    if (event.severity == "info") continue;
    if (found.events++ == 0) found.newest_event = event.message;
  }
  const auto [elapsed, begun] = month_of(now);
  found.month_elapsed = elapsed;
  FM_ASSIGN(const auto batches,
            state_->mirror_batches({.destination = "", .unfinished = false, .since = begun}));
  std::int64_t billed = 0;
  for (const ops::MirrorBatch& batch : batches)
    billed += static_cast<std::int64_t>(batch.bytes_billed);
  found.usd_billed = google::usd_queried(billed);
  return found;
}

void Alarms::look() {
  const jobs::HealthReport health = sources_.health();
  const std::vector<JobState> jobs = sources_.jobs ? sources_.jobs() : std::vector<JobState>();
  const Nanos now = env_.now();
  auto what = happened(now);
  const std::string problem = what ? "" : what.error().message();
  if (!what) {
    state_.reset();
    if (problem != state_problem_) log_warning("alarms do not see what happened: {}", problem);
  }
  state_problem_ = problem;
  const std::lock_guard lock(mutex_);
  const auto findings = find_alarms(settings_.rules, health, jobs, what.value_or(Happenings{}));
  for (const Notice& notice : book_.update(second_of(now), findings)) {
    log(notice.kind == NoticeKind::kCleared ? LogLevel::kInfo : LogLevel::kWarning,
        "alarm: " + headline(notice));
    enqueue(notice);
  }
  save();
}

// With the mutex held.
void Alarms::enqueue(const Notice& notice) {
  for (auto& route : routes_) {
    const bool wanted =
        !route->config.critical_only || notice.alarm.severity == Severity::kCritical;
    if (!wanted) continue;
    route->pending.push_back(notice);
    // The one in hand stays: it may arrive.
    if (route->pending.size() <= kPendingMax) continue;
    route->pending.erase(route->pending.begin() + (route->in_hand ? 1 : 0));
    ++route->figures.given_up;
  }
  wake_.notify_all();
}

void Alarms::deliver() {
  for (;;) {
    const bool more = deliver_once();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (!more) wake_.wait_for(lock, std::chrono::seconds(1));
    if (stopping_) return;
  }
}

// The first notice of each target that is due. True where something was delivered.
bool Alarms::deliver_once() {
  bool any = false;
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& route : routes_) names.push_back(route->config.name);
  }
  for (const std::string& name : names) {
    std::unique_lock lock(mutex_);
    const auto found = [&] {
      return std::ranges::find_if(routes_,
                                  [&](const auto& route) { return route->config.name == name; });
    };
    if (stopping_) return false;
    auto route = found();
    if (route == routes_.end() || (*route)->pending.empty() ||
        env_.monotonic() < (*route)->next_try)
      continue;
    const Notice notice = (*route)->pending.front();
    const std::shared_ptr<Target> target = (*route)->target;
    (*route)->in_hand = true;
    lock.unlock();
    const Status sent = target->send(notice);
    lock.lock();
    // The configuration may have changed meanwhile.
    route = found();
    // One that went and came again meanwhile has nothing in hand.
    if (route == routes_.end() || !(*route)->in_hand) continue;
    (*route)->in_hand = false;
    if (stopping_ && !sent) return false;
    delivered(**route, sent);
    any = any || sent.has_value();
    save();
  }
  return any;
}

// With the mutex held.
void Alarms::delivered(Route& route, const Status& sent) {
  if (sent) {
    route.pending.pop_front();
    ++route.figures.delivered;
    route.figures.last_error.clear();
    route.delay = 0;
    route.next_try = 0;
    return;
  }
  ++route.figures.failures;
  if (route.figures.last_error != sent.error().message())
    log_warning("an alarm did not reach {}: {}", route.config.name, sent.error().message());
  route.figures.last_error = sent.error().message();
  route.figures.last_error_at = second_of(env_.now());
  route.delay =
      route.delay == 0 ? options_.first_retry : std::min(route.delay * 2, options_.retry_max);
  route.next_try = env_.monotonic() + route.delay;
  const Nanos at = static_cast<Nanos>(route.pending.front().at) * kNanosPerSecond;
  if (env_.now() < at + options_.give_up_after) return;
  log_warning("{} is given up: '{}' could not be delivered for {} hours", route.config.name,
              headline(route.pending.front()), options_.give_up_after / kHour);
  route.pending.pop_front();
  ++route.figures.given_up;
}

void Alarms::add_to(jobs::HealthReport& report) const {
  const std::lock_guard lock(mutex_);
  jobs::PartHealth part;
  part.name = "alarms";
  part.kind = "alarms";
  part.state = jobs::PartState::kRunning;
  std::string targets;
  for (const auto& route : routes_) {
    targets +=
        fmt::format(R"({}{{"name":"{}","kind":"{}","pending":{},"delivered":{},)"
                    R"("failures":{},"given_up":{}}})",
                    targets.empty() ? "" : ",", route->config.name, jobs::name(route->config.kind),
                    route->pending.size(), route->figures.delivered, route->figures.failures,
                    route->figures.given_up);
    if (route->figures.last_error.empty()) continue;
    part.state = jobs::PartState::kWaiting;
    part.last_error = route->figures.last_error;
    part.last_error_at = route->figures.last_error_at;
  }
  part.detail = fmt::format(R"({{"targets":[{}]}})", targets);
  report.parts.push_back(std::move(part));
  for (const auto& [id, alarm] : book_.alarms())
    report.alarms.push_back({.id = id,
                             .rule = alarm.rule,
                             .severity = std::string(name(alarm.severity)),
                             .subject = alarm.subject,
                             .text = alarm.text,
                             .raised_at = alarm.raised_at,
                             .reminded = alarm.reminded,
                             .delivery = delivery_of(id)});
}

// With the mutex held. On its way to some target, it is neither delivered nor failing.
jobs::Delivery Alarms::delivery_of(const std::string& id) const {
  jobs::Delivery delivery = routes_.empty() ? jobs::Delivery::kNone : jobs::Delivery::kDelivered;
  for (const auto& route : routes_) {
    const bool waits = std::ranges::any_of(
        route->pending, [&](const Notice& notice) { return notice.alarm.id == id; });
    if (!waits) continue;
    if (!route->figures.last_error.empty()) return jobs::Delivery::kFailing;
    delivery = jobs::Delivery::kNone;
  }
  return delivery;
}

std::vector<TargetFigures> Alarms::figures() const {
  const std::lock_guard lock(mutex_);
  std::vector<TargetFigures> all;
  for (const auto& route : routes_) {
    all.push_back(route->figures);
    all.back().pending = route->pending.size();
  }
  return all;
}

Result<std::vector<TestedTarget>> test_targets(Env& env, ChildStarter& starter,
                                               const jobs::Config& config,
                                               const Variables& variables, std::string_view only) {
  std::vector<TestedTarget> tested;
  const TargetPlace place{
      .env = env, .starter = starter, .environment = variables, .host = host_name()};
  const Second now = second_of(env.now());
  Notice notice;
  notice.kind = NoticeKind::kTest;
  notice.at = now;
  notice.alarm = {.id = "test",
                  .rule = "test",
                  .severity = Severity::kWarning,
                  .subject = "test",
                  .text = "this is a test of frontmonth's alarms; nothing is wrong",
                  .raised_at = now,
                  .told_at = now};
  for (const jobs::TargetConfig& target : config.alarms.targets) {
    if (!only.empty() && target.name != only) continue;
    tested.push_back({.name = target.name,
                      .kind = std::string(jobs::name(target.kind)),
                      .sent = make_target(place, target)->send(notice)});
  }
  if (!tested.empty()) return tested;
  if (only.empty())
    return std::unexpected(
        Error(Code::kNotFound, "no target is configured")
            .hint("Name where alarms go in the section alarms.targets of frontmonth.yaml."));
  return fail(Code::kNotFound, "no target is called '{}'", only);
}

Result<AlarmFile> read_alarms(Env& env, std::string_view state_dir) {
  const std::string path = alarm_file(state_dir);
  if (!env.exists(path)) return AlarmFile{};
  FM_ASSIGN(const std::string text, read_text(env, path, kFileBytesMax));
  return decode_alarms(text, path);
}

}  // namespace fm::schedule
