// What one live session has subscribed to: chunks put together, symbols resolved day by day, and
// the records that belong to it. Private to the room.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/archive.h"
#include "gateway/control_line.h"

namespace fm::gateway {

inline constexpr std::size_t kSubscriptionsMax = 1'000;  // of a session
inline constexpr std::size_t kSymbolsMax = 100'000;      // of all subscriptions of a session
inline constexpr std::size_t kOpenRequestsMax = 64;      // whose last chunk has not come

// Puts the chunks of a request together by id.
class ChunkMerger {
 public:
  // The whole request with its last chunk. Errors: kInvalidArgument for chunks that contradict each
  // other and for what is beyond the limits above.
  [[nodiscard]] Result<std::optional<SubscribeRequest>> add(SubscribeRequest chunk);

 private:
  std::map<std::optional<std::uint32_t>, SubscribeRequest> open_;
  std::size_t symbols_ = 0;
  std::size_t requests_ = 0;
  std::uint32_t next_id_ = 1;  // for requests without one
};

// Whether the request can be served from files at all. Errors: kInvalidArgument.
[[nodiscard]] Status check_servable(const SubscribeRequest& request);

// Hands a record of the gateway's own to the client.
using Tell = std::function<Status(dbn::RecordView)>;

// Records of the session's subscriptions, with the time at which they arrive.
struct FeedRun {
  RecordRun run;           // may be empty when nothing of it was subscribed to
  bool is_replay = false;  // its subscription asked for a start
};

class Subscriptions {
 public:
  Subscriptions(const Archive& archive, std::string dataset)
      : archive_(archive), dataset_(std::move(dataset)) {}

  // Acknowledges, resolves and maps. Records follow from `from` on: by ts_event when the request
  // has a start, else by arrival. `now` is what the messages carry; continuous symbols stand for
  // what they stood for then, others for what they stand for on each day of the records.
  // Before the first next(), requests must come in the order of `from`.
  // Errors: those of reading definitions; those of `tell`.
  [[nodiscard]] Status add(const SubscribeRequest& request, Nanos from, Nanos now,
                           const Tell& tell);
  // Resolves anew for the records of a day that begins, and maps what is new.
  [[nodiscard]] Status begin_day(Date day, Nanos now, const Tell& tell);

  // Errors: those of RecordStream.
  [[nodiscard]] Result<std::optional<Nanos>> next_time();
  // Requires that the next record is not later than `not_after`.
  [[nodiscard]] Result<FeedRun> next(Nanos not_after);

  [[nodiscard]] bool empty() const { return subscriptions_.empty(); }
  [[nodiscard]] std::vector<dbn::Schema> schemas() const;           // all
  [[nodiscard]] std::vector<dbn::Schema> replayed_schemas() const;  // of requests with a start

 private:
  struct Subscription {
    SubscribeRequest request;
    std::size_t group;
    bool is_settled = false;  // continuous symbols, all resolved
    std::set<std::pair<std::string, std::uint32_t>> mapped;
  };
  // Subscriptions whose records begin at the same time are read together.
  struct Group {
    Filter filter;
    Nanos from;
    std::map<dbn::Schema, Selection> selections;
    std::optional<RecordStream> stream;  // opened when first read
  };

  [[nodiscard]] std::size_t group_for(const SubscribeRequest& request, Nanos from);
  [[nodiscard]] Status resolve(Subscription& subscription, Date day, Nanos now, const Tell& tell,
                               bool is_first);
  [[nodiscard]] Status map(Subscription& subscription, const std::string& name, std::uint32_t id,
                           std::string_view raw_symbol, Nanos now, const Tell& tell);
  [[nodiscard]] bool is_selected_elsewhere(const Subscription& subscription,
                                           std::uint32_t id) const;
  [[nodiscard]] Status open_groups();
  void keep_selected(const Selection& selection, RecordRun& run);

  const Archive& archive_;
  std::string dataset_;
  std::vector<Subscription> subscriptions_;
  std::vector<Group> groups_;
  std::vector<std::byte> kept_;
};

}  // namespace fm::gateway
