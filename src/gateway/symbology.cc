#include "gateway/symbology.h"

#include <algorithm>
#include <set>

#include "gateway/symbology_state.h"

namespace fm::gateway {
namespace {

using dbn::SType;

std::string_view suffix_of(std::string_view parent) {
  const std::size_t dot = parent.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : parent.substr(dot + 1);
}

bool is_child(std::string_view suffix, char instrument_class) {
  if (suffix == "FUT")
    return instrument_class == dbn::kClassFuture || instrument_class == dbn::kClassFutureSpread;
  return instrument_class == dbn::kClassCall || instrument_class == dbn::kClassPut ||
         instrument_class == dbn::kClassOptionSpread;
}

// One request's symbols, resolved one after the other into one answer.
class Resolver {
 public:
  Resolver(Symbology::State& state, const ResolveRequest& request)
      : state_(state), request_(request), days_{request.start, request.end} {}

  Status add(const std::string& symbol) {
    if (!seen_.insert(symbol).second) return {};
    switch (request_.stype_in) {
      case SType::kRawSymbol:
        return add_raw_symbol(symbol);
      case SType::kInstrumentId:
        return add_instrument_id(symbol);
      case SType::kParent:
        return add_parent(symbol);
      default:
        return add_continuous(symbol);
    }
  }

  void add_all() {
    for (const Listing& listing : state_.listings)
      add_child(
          listing.raw_symbol.empty() ? std::to_string(listing.instrument_id) : listing.raw_symbol,
          listing);
    if (!append_children()) not_found(std::string(kAllSymbols), "the files name no instrument");
  }

  Resolution take() { return std::move(out_); }

 private:
  Status add_raw_symbol(const std::string& symbol) {
    std::vector<dbn::MappingInterval> intervals;
    const auto of_symbol =
        std::ranges::equal_range(state_.listings, symbol, {}, &Listing::raw_symbol);
    for (const Listing& listing : of_symbol)
      add_interval(intervals, {listing.from, listing.to}, std::to_string(listing.instrument_id));
    finish(symbol, std::move(intervals), "the files do not name it then");
    return {};
  }

  Status add_instrument_id(const std::string& symbol) {
    const auto id = parse_id(symbol);
    if (!id) {
      not_found(symbol, "it is no number");
      return {};
    }
    std::vector<dbn::MappingInterval> intervals;
    const auto [begin, end] = state_.by_id.equal_range(*id);
    for (auto at = begin; at != end; ++at) {
      const Listing& listing = state_.listings[at->second];
      const bool to_raw = request_.stype_out == SType::kRawSymbol;
      if (to_raw && listing.raw_symbol.empty()) continue;
      add_interval(intervals, {listing.from, listing.to}, to_raw ? listing.raw_symbol : symbol);
    }
    finish(symbol, std::move(intervals), "the files do not name it then");
    return {};
  }

  Status add_parent(const std::string& symbol) {
    const std::string_view suffix = suffix_of(symbol);
    if (suffix != "FUT" && suffix != "OPT") {
      not_found(symbol, "expected ROOT.FUT or ROOT.OPT");
      return {};
    }
    const auto root = state_.roots.find(symbol.substr(0, symbol.size() - suffix.size() - 1));
    if (root != state_.roots.end())
      for (const std::size_t index : root->second)
        if (is_child(suffix, state_.listings[index].instrument_class))
          add_child(state_.listings[index].raw_symbol, state_.listings[index]);
    if (!append_children()) not_found(symbol, "no child of it is in the files then");
    return {};
  }

  Status add_continuous(const std::string& symbol) {
    std::vector<dbn::MappingInterval> intervals;
    std::string reason;
    // What the vendor has resolved itself comes before what the files let us find out.
    const auto requested = state_.requested.find(symbol);
    if (requested != state_.requested.end())
      for (const RequestedSpan& span : requested->second)
        add_interval(intervals, span.days, std::to_string(span.instrument_id));
    if (!covers(intervals)) {
      const auto name = parse_continuous(symbol);
      if (!name) {
        if (intervals.empty()) reason = "expected ROOT.RULE.RANK such as ES.c.0";
      } else {
        FM_ASSIGN(const auto spans, resolve_continuous(state_, *name, days_, reason));
        for (const RequestedSpan& span : spans) add_uncovered(intervals, span);
      }
    }
    finish(symbol, std::move(intervals), reason);
    return {};
  }

  // Cut to the request's days.
  void add_interval(std::vector<dbn::MappingInterval>& intervals, DaySpan days,
                    std::string symbol) const {
    days.from = std::max(days.from, days_.from);
    days.to = std::min(days.to, days_.to);
    if (days.from < days.to) intervals.push_back({days.from, days.to, std::move(symbol)});
  }

  // The parts of a span that no interval has yet.
  void add_uncovered(std::vector<dbn::MappingInterval>& intervals,
                     const RequestedSpan& span) const {
    std::vector<DaySpan> parts{span.days};
    for (const dbn::MappingInterval& taken : std::vector(intervals)) {
      std::vector<DaySpan> rest;
      for (const DaySpan& part : parts) {
        if (part.from < taken.start_date)
          rest.push_back({part.from, std::min(part.to, taken.start_date)});
        if (part.to > taken.end_date)
          rest.push_back({std::max(part.from, taken.end_date), part.to});
      }
      parts = std::move(rest);
    }
    for (const DaySpan& part : parts)
      add_interval(intervals, part, std::to_string(span.instrument_id));
  }

  // Sorts, joins what touches and means the same, and lets a later one end the one before it.
  static void normalise(std::vector<dbn::MappingInterval>& intervals) {
    std::ranges::stable_sort(intervals, {}, &dbn::MappingInterval::start_date);
    std::vector<dbn::MappingInterval> out;
    for (dbn::MappingInterval& interval : intervals) {
      if (!out.empty() && out.back().symbol == interval.symbol &&
          interval.start_date <= out.back().end_date) {
        out.back().end_date = std::max(out.back().end_date, interval.end_date);
        continue;
      }
      if (!out.empty() && interval.start_date < out.back().end_date) {
        out.back().end_date = interval.start_date;
        if (out.back().start_date >= out.back().end_date) out.pop_back();
      }
      out.push_back(std::move(interval));
    }
    intervals = std::move(out);
  }

  [[nodiscard]] bool covers(std::vector<dbn::MappingInterval> intervals) const {
    normalise(intervals);
    Date at = days_.from;
    for (const dbn::MappingInterval& interval : intervals) {
      if (interval.start_date > at) return false;
      at = std::max(at, interval.end_date);
    }
    return at >= days_.to;
  }

  void finish(const std::string& symbol, std::vector<dbn::MappingInterval> intervals,
              const std::string& reason) {
    normalise(intervals);
    if (intervals.empty()) return not_found(symbol, reason);
    if (!covers(intervals)) out_.partial.push_back(symbol);
    out_.mappings.push_back({symbol, std::move(intervals)});
  }

  void not_found(const std::string& symbol, const std::string& reason) {
    out_.not_found.push_back(symbol);
    out_.reasons.emplace(symbol, reason);
  }

  void add_child(const std::string& name, const Listing& listing) {
    add_interval(children_[name], {listing.from, listing.to},
                 std::to_string(listing.instrument_id));
  }

  // Children come and go with their expiry, so that a parent is never partial.
  bool append_children() {
    bool any = false;
    for (auto& [name, intervals] : children_) {
      if (intervals.empty()) continue;
      any = true;
      if (!names_.insert(name).second) continue;
      normalise(intervals);
      out_.mappings.push_back({name, std::move(intervals)});
    }
    children_.clear();
    return any;
  }

  Symbology::State& state_;
  const ResolveRequest& request_;
  DaySpan days_;
  Resolution out_;
  std::set<std::string> seen_;
  std::set<std::string> names_;  // of children given out
  std::map<std::string, std::vector<dbn::MappingInterval>> children_;
};

bool can_resolve(SType in, SType out) {
  if (in == SType::kInstrumentId) return out == SType::kInstrumentId || out == SType::kRawSymbol;
  const bool is_name = in == SType::kRawSymbol || in == SType::kParent || in == SType::kContinuous;
  return is_name && out == SType::kInstrumentId;
}

}  // namespace

Result<const DailyAmounts*> Symbology::State::amounts_of(Amount amount) {
  const std::scoped_lock lock(mutex);
  auto found = amounts.find(amount);
  if (found == amounts.end()) {
    FM_ASSIGN(DailyAmounts read, read_amounts(amount));
    found = amounts.emplace(amount, std::move(read)).first;
  }
  return &found->second;
}

Symbology::Symbology(std::unique_ptr<State> state) : state_(std::move(state)) {}
Symbology::~Symbology() = default;

std::span<const Listing> Symbology::listings() const { return state_->listings; }

Result<Resolution> Symbology::resolve(const ResolveRequest& request) const {
  if (!can_resolve(request.stype_in, request.stype_out))
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("stype_in {} cannot be resolved to stype_out {}",
                          dbn::name(request.stype_in), dbn::name(request.stype_out)))
            .hint("Use instrument_id to instrument_id or raw_symbol; raw_symbol, parent or "
                  "continuous to instrument_id."));
  if (request.start >= request.end)
    return fail(Code::kInvalidArgument, "start_date {} is not before end_date {}",
                request.start.iso(), request.end.iso());
  Resolver resolver(*state_, request);
  if (request.symbols.size() == 1 && request.symbols[0] == kAllSymbols) {
    resolver.add_all();
  } else {
    for (const std::string& symbol : request.symbols) FM_TRY(resolver.add(symbol));
  }
  return resolver.take();
}

std::string_view Symbology::raw_symbol(std::uint32_t instrument_id, Date day) const {
  const Listing* best = nullptr;
  const auto [begin, end] = state_->by_id.equal_range(instrument_id);
  for (auto at = begin; at != end; ++at) {
    const Listing& listing = state_->listings[at->second];
    if (listing.from > day || day >= listing.to || listing.raw_symbol.empty()) continue;
    if (best == nullptr || listing.from > best->from) best = &listing;
  }
  return best == nullptr ? std::string_view() : best->raw_symbol;
}

}  // namespace fm::gateway
