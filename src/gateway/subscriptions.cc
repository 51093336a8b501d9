#include "gateway/subscriptions.h"

#include <algorithm>

#include "base/assert.h"
#include "gateway/messages.h"
#include "gateway/symbology_builder.h"

namespace fm::gateway {
namespace {

Date day_of(Nanos time) { return Date::of_second(second_of(time)); }

bool is_all(const SubscribeRequest& request) {
  return std::ranges::find(request.symbols, kAllSymbols) != request.symbols.end();
}

}  // namespace

Result<std::optional<SubscribeRequest>> ChunkMerger::add(SubscribeRequest chunk) {
  symbols_ += chunk.symbols.size();
  if (symbols_ > kSymbolsMax)
    return fail(Code::kInvalidArgument, "A session may subscribe to at most {} symbols",
                kSymbolsMax);
  const bool is_last = chunk.is_last;
  const auto key = chunk.id;
  const auto found = open_.find(key);
  if (found == open_.end()) {
    if (++requests_ > kSubscriptionsMax)
      return fail(Code::kInvalidArgument, "A session may have at most {} subscriptions",
                  kSubscriptionsMax);
    if (!is_last && open_.size() == kOpenRequestsMax)
      return fail(Code::kInvalidArgument, "The last chunk of {} requests has not come",
                  kOpenRequestsMax);
    if (!chunk.id) chunk.id = next_id_;
    next_id_ = *chunk.id + 1;
    if (is_last) return std::optional(std::move(chunk));
    open_.emplace(key, std::move(chunk));
    return std::optional<SubscribeRequest>();
  }
  SubscribeRequest& open = found->second;
  if (open.schema != chunk.schema || open.stype_in != chunk.stype_in || open.start != chunk.start ||
      open.snapshot != chunk.snapshot)
    return fail(Code::kInvalidArgument, "The chunks of request {} contradict each other",
                open.id.value_or(0));
  open.symbols.insert(open.symbols.end(), std::make_move_iterator(chunk.symbols.begin()),
                      std::make_move_iterator(chunk.symbols.end()));
  if (!is_last) return std::optional<SubscribeRequest>();
  std::optional<SubscribeRequest> whole = std::move(open);
  open_.erase(found);
  return whole;
}

Status check_servable(const SubscribeRequest& request) {
  using dbn::SType;
  const SType stype = request.stype_in;
  if (stype != SType::kRawSymbol && stype != SType::kInstrumentId && stype != SType::kParent &&
      stype != SType::kContinuous)
    return fail(Code::kInvalidArgument,
                "stype_in {} is not served, only raw_symbol, instrument_id, parent and continuous",
                dbn::name(stype));
  if (!request.snapshot) return {};
  if (request.schema != dbn::Schema::kMbo)
    return fail(Code::kInvalidArgument, "snapshot is for mbo, not for {}",
                dbn::name(request.schema));
  if (request.start) return fail(Code::kInvalidArgument, "snapshot and start exclude each other");
  return fail(Code::kInvalidArgument, "snapshot is not served from files");
}

std::size_t Subscriptions::group_for(const SubscribeRequest& request, Nanos from) {
  const Filter filter = request.start ? Filter::kTsEvent : Filter::kArrival;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    Group& group = groups_[i];
    // A stream that runs and has the schema gives from now on what the request wants.
    if (group.stream && group.selections.contains(request.schema)) return i;
    if (!group.stream && group.filter == filter && group.from == from) {
      group.selections.try_emplace(request.schema);
      return i;
    }
  }
  groups_.push_back({filter, from, {}, std::nullopt});
  groups_.back().selections.try_emplace(request.schema);
  return groups_.size() - 1;
}

Status Subscriptions::add(const SubscribeRequest& request, Nanos from, Nanos now,
                          const Tell& tell) {
  FM_TRY(tell(dbn::RecordView(system_message(dbn::SystemCode::kSubscriptionAck,
                                             subscription_ack(*request.id, request.schema), now))));
  subscriptions_.push_back({request, group_for(request, from), false, {}});
  const bool is_continuous = request.stype_in == dbn::SType::kContinuous;
  const Nanos earliest = archive_.range(dataset_).start;
  const Nanos first = std::max(is_continuous ? now : from, earliest);
  return resolve(subscriptions_.back(), day_of(first), now, tell, true);
}

Status Subscriptions::begin_day(Date day, Nanos now, const Tell& tell) {
  for (Subscription& subscription : subscriptions_)
    if (!subscription.is_settled) FM_TRY(resolve(subscription, day, now, tell, false));
  return {};
}

Status Subscriptions::resolve(Subscription& subscription, Date day, Nanos now, const Tell& tell,
                              bool is_first) {
  const SubscribeRequest& request = subscription.request;
  const bool all = is_all(request);
  FM_ASSIGN(const Symbology* const symbology, archive_.symbology(dataset_));
  ResolveRequest question{
      .symbols = request.symbols, .stype_in = request.stype_in, .start = day, .end = day + 1};
  if (all) {
    question.symbols = {std::string(kAllSymbols)};
    question.stype_in = dbn::SType::kRawSymbol;
    groups_[subscription.group].selections[request.schema].add_all(0);
  }
  FM_ASSIGN(const Resolution answer, symbology->resolve(question));
  for (const dbn::SymbolMapping& mapping : answer.mappings) {
    for (const dbn::MappingInterval& interval : mapping.intervals) {
      const auto id = parse_id(interval.symbol);
      FM_ASSERT(id.has_value());
      FM_TRY(
          map(subscription, mapping.raw_symbol, *id, symbology->raw_symbol(*id, day), now, tell));
    }
  }
  std::vector<std::string> unresolved;
  if (!all) {
    for (const std::string& symbol : answer.not_found) {
      const auto id =
          request.stype_in == dbn::SType::kInstrumentId ? parse_id(symbol) : std::nullopt;
      if (id) {
        // The files need not name an instrument to have its records.
        FM_TRY(map(subscription, symbol, *id, {}, now, tell));
      } else {
        unresolved.push_back(symbol);
      }
    }
  }
  subscription.is_settled = request.stype_in == dbn::SType::kContinuous && unresolved.empty();
  if (!is_first) return {};
  for (const std::string& symbol : unresolved) {
    dbn::ErrorMsg message =
        error_message(dbn::ErrorCode::kSymbolResolutionFailed, resolution_failed(symbol), now);
    message.is_last = &symbol == &unresolved.back() ? 1 : 0;
    FM_TRY(tell(dbn::RecordView(message)));
  }
  return {};
}

Status Subscriptions::map(Subscription& subscription, const std::string& name, std::uint32_t id,
                          std::string_view raw_symbol, Nanos now, const Tell& tell) {
  const SubscribeRequest& request = subscription.request;
  if (request.stype_in == dbn::SType::kContinuous) {
    // Not mapped anew in the middle of a session, whatever the next day says.
    const auto known = subscription.mapped.lower_bound({name, 0});
    if (known != subscription.mapped.end() && known->first == name) return {};
  }
  if (!subscription.mapped.emplace(name, id).second) return {};
  if (!is_selected_elsewhere(subscription, id))
    groups_[subscription.group].selections[request.schema].add(id);
  const dbn::SymbolMappingMsg message = mapping_message(
      id, request.stype_in, name, raw_symbol.empty() ? std::string_view(name) : raw_symbol, now);
  return tell(dbn::RecordView(message));
}

// Whether another group, which begins earlier, gives the instrument's records already.
bool Subscriptions::is_selected_elsewhere(const Subscription& subscription,
                                          std::uint32_t id) const {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (i == subscription.group) continue;
    const auto found = groups_[i].selections.find(subscription.request.schema);
    if (found != groups_[i].selections.end() && found->second.matches(id, 0)) return true;
  }
  return false;
}

Status Subscriptions::open_groups() {
  for (Group& group : groups_) {
    if (group.stream) continue;
    ReadRequest request;
    request.dataset = dataset_;
    request.from = group.from;
    request.filter = group.filter;
    request.order = Order::kArrival;
    for (const auto& [schema, selection] : group.selections) request.schemas.push_back(schema);
    FM_ASSIGN(group.stream, archive_.read(std::move(request)));
  }
  return {};
}

Result<std::optional<Nanos>> Subscriptions::next_time() {
  FM_TRY(open_groups());
  std::optional<Nanos> earliest;
  for (Group& group : groups_) {
    FM_ASSIGN(const std::optional<Nanos> time, group.stream->next_time());
    if (time && (!earliest || *time < *earliest)) earliest = time;
  }
  return earliest;
}

Result<FeedRun> Subscriptions::next(Nanos not_after) {
  Group* first = nullptr;
  Nanos first_time = kUndefTime;
  Nanos limit = not_after;  // where another group's next record stands
  for (Group& group : groups_) {
    FM_ASSIGN(const std::optional<Nanos> time, group.stream->next_time());
    if (!time) continue;
    if (first == nullptr || *time < first_time) {
      if (first != nullptr) limit = std::min(limit, first_time);
      first = &group;
      first_time = *time;
    } else {
      limit = std::min(limit, *time);
    }
  }
  FM_ASSERT(first != nullptr && first_time <= not_after);
  FeedRun out;
  FM_ASSIGN(out.run, first->stream->next(limit));
  out.is_replay = first->filter == Filter::kTsEvent;
  keep_selected(first->selections[out.run.schema], out.run);
  return out;
}

// Leaves the run where it lies when all of it is wanted.
void Subscriptions::keep_selected(const Selection& selection, RecordRun& run) {
  if (selection.is_all()) return;
  const std::byte* const begin = run.block.bytes.data();
  const std::byte* const end = begin + run.block.bytes.size();
  const auto header = [](const std::byte* at) {
    return reinterpret_cast<const dbn::RecordHeader*>(at);
  };
  const std::byte* at = begin;
  while (at != end && selection.matches(header(at)->instrument_id, 0))
    at += header(at)->size_bytes();
  if (at == end) return;

  kept_.assign(begin, at);
  std::uint64_t dropped = 0;
  while (at != end) {
    const std::byte* const stretch = at;
    while (at != end && selection.matches(header(at)->instrument_id, 0))
      at += header(at)->size_bytes();
    kept_.insert(kept_.end(), stretch, at);
    for (; at != end && !selection.matches(header(at)->instrument_id, 0); ++dropped)
      at += header(at)->size_bytes();
  }
  run.block.bytes = kept_;
  run.block.record_count -= dropped;
}

std::vector<dbn::Schema> Subscriptions::schemas() const {
  std::set<dbn::Schema> all;
  for (const Subscription& one : subscriptions_) all.insert(one.request.schema);
  return {all.begin(), all.end()};
}

std::vector<dbn::Schema> Subscriptions::replayed_schemas() const {
  std::set<dbn::Schema> all;
  for (const Subscription& one : subscriptions_)
    if (one.request.start) all.insert(one.request.schema);
  return {all.begin(), all.end()};
}

}  // namespace fm::gateway
