#include <algorithm>
#include <charconv>

#include "gateway/symbology_state.h"
#include "market/contract.h"

namespace fm::gateway {
namespace {

// How far back the amounts of "the day before" may lie: over a long weekend.
constexpr int kAmountAgeDaysMax = 7;

struct Candidate {
  const Listing* listing;
  Date expires;  // the last day on which it counts
};

// The exchange's expiry where a definition says it, else the end of the delivery month.
std::optional<Date> expiry_of(const Listing& listing) {
  if (listing.expiration != kUndefTime && listing.expiration != 0)
    return Date::of_second(second_of(listing.expiration));
  const auto contract = market::Contract::parse(listing.raw_symbol, listing.from);
  if (!contract) return std::nullopt;
  const market::YearMonth delivery = contract->delivery();
  const bool december = delivery.month == 12;
  return Date(delivery.year + (december ? 1 : 0), december ? 1 : delivery.month + 1u, 1) - 1;
}

std::vector<Candidate> candidates_of(const Symbology::State& state, const std::string& root) {
  std::vector<Candidate> out;
  const auto found = state.roots.find(root);
  if (found == state.roots.end()) return out;
  for (const std::size_t index : found->second) {
    const Listing& listing = state.listings[index];
    if (listing.instrument_class != 'F') continue;
    if (const auto expires = expiry_of(listing)) out.push_back({&listing, *expires});
  }
  std::ranges::stable_sort(out, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.expires, a.listing->raw_symbol) < std::tie(b.expires, b.listing->raw_symbol);
  });
  return out;
}

// The newest amounts before `day` in which one of the candidates has any; null when there are none.
const std::unordered_map<std::uint32_t, std::uint64_t>* amounts_before(
    const DailyAmounts& amounts, Date day, const std::vector<const Candidate*>& candidates) {
  for (auto at = amounts.lower_bound(day); at != amounts.begin();) {
    --at;
    if (day - at->first > kAmountAgeDaysMax) return nullptr;
    for (const Candidate* one : candidates)
      if (at->second.contains(one->listing->instrument_id)) return &at->second;
  }
  return nullptr;
}

}  // namespace

Result<ContinuousName> parse_continuous(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::kInvalidArgument,
                "{} is no continuous symbol, expected ROOT.RULE.RANK such as ES.c.0", text);
  };
  ContinuousName name;
  const std::size_t last = text.rfind('.');
  if (last == std::string_view::npos || last < 3 || text[last - 2] != '.') return bad();
  const char rule = text[last - 1];
  name.rule = rule >= 'A' && rule <= 'Z' ? static_cast<char>(rule - 'A' + 'a') : rule;
  if (name.rule != 'c' && name.rule != 'v' && name.rule != 'n') return bad();
  const std::string_view rank = text.substr(last + 1);
  const auto [end, error] = std::from_chars(rank.data(), rank.data() + rank.size(), name.rank);
  if (error != std::errc{} || end != rank.data() + rank.size()) return bad();
  name.root = text.substr(0, last - 2);
  return name;
}

Result<std::vector<RequestedSpan>> resolve_continuous(Symbology::State& state,
                                                      const ContinuousName& name, DaySpan days,
                                                      std::string& reason) {
  std::vector<RequestedSpan> out;
  const std::vector<Candidate> all = candidates_of(state, name.root);
  if (all.empty()) {
    reason = "no outright contract of " + name.root + " is in the files";
    return out;
  }
  const DailyAmounts* amounts = nullptr;
  if (name.rule != 'c') {
    FM_ASSIGN(amounts,
              state.amounts_of(name.rule == 'v' ? Amount::kVolume : Amount::kOpenInterest));
  }
  // Outside what any candidate covers there is nothing to find, however long the request.
  Date from = days.to;
  Date to = days.from;
  for (const Candidate& one : all) {
    from = std::min(from, std::max(days.from, one.listing->from));
    to = std::max(to, std::min(days.to, one.listing->to));
  }
  std::vector<const Candidate*> live;
  for (Date day = from; day < to; day = day + 1) {
    live.clear();
    for (const Candidate& one : all)
      if (one.listing->from <= day && day < one.listing->to && day <= one.expires)
        live.push_back(&one);
    if (amounts != nullptr) {
      const auto* const before = amounts_before(*amounts, day, live);
      if (before == nullptr) {
        reason = name.rule == 'v' ? "the files have no volume of the day before"
                                  : "the files have no open interest of the day before";
        continue;
      }
      std::ranges::stable_sort(live, std::greater(), [&](const Candidate* one) {
        const auto found = before->find(one->listing->instrument_id);
        return found == before->end() ? 0 : found->second;
      });
    }
    if (name.rank >= live.size()) {
      if (reason.empty()) reason = "fewer contracts are listed than the rank asks for";
      continue;
    }
    const std::uint32_t id = live[name.rank]->listing->instrument_id;
    if (!out.empty() && out.back().instrument_id == id && out.back().days.to == day) {
      out.back().days.to = day + 1;
    } else {
      out.push_back({id, {day, day + 1}});
    }
  }
  if (out.empty() && reason.empty()) reason = "the files have nothing of " + name.root + " then";
  return out;
}

}  // namespace fm::gateway
