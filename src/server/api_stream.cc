// GET /api/stream: rows as they come, as server-sent events.
#include <fmt/format.h>

#include <array>

#include "base/json_writer.h"
#include "jobs/health.h"
#include "server/api.h"
#include "server/context.h"
#include "server/row_hub.h"

namespace fm::server {
namespace {

constexpr std::array<std::string_view, 2> kColumns{"chart", "all"};

Result<Answer> stream(Context& context, const Call& call) {
  RowSubscription subscription;
  FM_ASSIGN(const auto roots, call.arguments.list("roots"));
  for (const std::string_view root : roots) {
    if (!is_root_name(root))
      return fail(Code::kInvalidArgument, "roots={}: expected roots such as ES,NQ", root);
    subscription.roots.emplace_back(root);
  }
  FM_ASSIGN(const std::string_view columns, call.arguments.word("columns", kColumns));
  subscription.all_columns = columns == "all";
  // What a browser sends when it comes back by itself outranks what the address says.
  subscription.last_event_id = call.request.header("last-event-id");
  if (subscription.last_event_id.empty())
    subscription.last_event_id = call.arguments.text("last_event_id").value_or("");
  Answer answer{.response = net::ServerResponse::events(
                    [&context, subscription](std::shared_ptr<net::EventStream> events) {
                      context.rows->subscribe(std::move(events), subscription);
                    }),
                .cache_control = "no-store"};
  return answer;
}

std::string_view feed_state(const jobs::HealthReport& health) {
  for (const jobs::PartHealth& part : health.parts) {
    if (part.kind != "feed") continue;
    switch (part.state) {
      case jobs::PartState::kRunning:
        return "connected";
      case jobs::PartState::kStarting:
        return "connecting";
      case jobs::PartState::kWaiting:
        return "reconnecting";
      case jobs::PartState::kFailed:
        return "failed";
      case jobs::PartState::kStopped:
        return "stopped";
    }
  }
  return "none";
}

}  // namespace

std::string status_event(Context& context) {
  JsonWriter json;
  json.object([&] {
    if (context.sources.health != nullptr) {
      const jobs::HealthReport health = context.sources.health->health();
      json.field("ok", health.ok());
      json.field("feed", feed_state(health));
      json.field("alarms", health.alarms.size());
    } else {
      json.field("ok", nullptr);
      json.field("feed", "none");
      json.field("alarms", 0);
    }
    json.field("clock", second_of(context.env.now()));
  });
  return json.take();
}

void add_stream_routes(Context& context, Routes& routes) {
  routes.push_back({.method = "GET",
                    .path = "/api/stream",
                    .parameters = {"roots", "columns", "last_event_id"},
                    .handler = [&context](const Call& call) { return stream(context, call); }});
}

}  // namespace fm::server
