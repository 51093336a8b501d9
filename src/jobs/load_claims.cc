#include "jobs/load_claims.h"

#include <simdjson.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/json_text.h"

namespace fm::jobs {
namespace {

std::unexpected<Error> corrupt() {
  return fail(Code::kCorrupt, "the sources of a partition of trades hold what is no claim");
}

bool read_claim(const simdjson::dom::element& element, Claim& claim) {
  simdjson::dom::array numbers;
  if (element.get_array().get(numbers) || numbers.size() != 3) return false;
  return !numbers.at(0).get_int64().get(claim.from) && !numbers.at(1).get_int64().get(claim.to) &&
         !numbers.at(2).get_int64().get(claim.published_us) && claim.from < claim.to;
}

}  // namespace

std::vector<Claim> claims_that_count(std::vector<Claim> claims) {
  std::erase_if(claims, [](const Claim& claim) { return claim.from >= claim.to; });
  std::vector<std::pair<std::int64_t, std::int64_t>> begins, ends;  // when, and what then
  begins.reserve(claims.size());
  ends.reserve(claims.size());
  for (const Claim& claim : claims) {
    begins.emplace_back(claim.from, claim.published_us);
    ends.emplace_back(claim.to, claim.published_us);
  }
  std::ranges::sort(begins);
  std::ranges::sort(ends);
  std::multiset<std::int64_t> open;
  std::vector<Claim> counting;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < ends.size();) {
    // Up to the next moment at which a claim begins or ends, one and the same counts.
    const bool begins_first = begin < begins.size() && begins[begin].first < ends[end].first;
    const std::int64_t time = begins_first ? begins[begin].first : ends[end].first;
    if (!open.empty() && !counting.empty()) counting.back().to = time;
    for (; begin < begins.size() && begins[begin].first == time; ++begin)
      open.insert(begins[begin].second);
    for (; end < ends.size() && ends[end].first == time; ++end)
      open.erase(open.find(ends[end].second));
    if (open.empty()) continue;
    const std::int64_t published = *open.rbegin();
    const bool goes_on = !counting.empty() && counting.back().to == time &&
                         counting.back().published_us == published;
    if (!goes_on) counting.push_back({time, time, published});
  }
  return counting;
}

void Claims::add(std::string_view symbol, const Claim& claim) {
  auto found = symbols_.find(symbol);
  if (found == symbols_.end()) found = symbols_.emplace(symbol, Symbol{}).first;
  found->second.claims.push_back(claim);
}

void Claims::add_all(const Claims& others) {
  for (const auto& [text, symbol] : others.symbols_)
    for (const Claim& claim : symbol.claims) add(text, claim);
}

Status Claims::settle() {
  std::size_t count = 0;
  for (auto& [text, symbol] : symbols_) {
    symbol.claims = claims_that_count(std::move(symbol.claims));
    symbol.next = 0;
    count += symbol.claims.size();
  }
  if (count <= kCountMax) return {};
  return std::unexpected(
      Error(Code::kUnsupported,
            fmt::format("files in pieces so small that {} claims would have to be remembered; at "
                        "most {} are",
                        count, kCountMax))
          .hint("Load one file of the whole day, or fewer and larger pieces of it."));
}

void Claims::rewind() {
  for (auto& [text, symbol] : symbols_) symbol.next = 0;
}

std::optional<std::int64_t> Claims::at(std::string_view symbol, std::int64_t time) {
  const auto found = symbols_.find(symbol);
  if (found == symbols_.end()) return std::nullopt;
  auto& [claims, next] = found->second;
  while (next < claims.size() && claims[next].to <= time) ++next;
  if (next == claims.size() || claims[next].from > time) return std::nullopt;
  return claims[next].published_us;
}

std::string Claims::encode() const {
  std::string out = "{";
  for (const auto& [text, symbol] : symbols_) {
    if (symbol.claims.empty()) continue;
    out += fmt::format("{}{}:[", out.size() > 1 ? "," : "", json_quoted(text));
    for (std::size_t i = 0; i < symbol.claims.size(); ++i)
      out += fmt::format("{}[{},{},{}]", i == 0 ? "" : ",", symbol.claims[i].from,
                         symbol.claims[i].to, symbol.claims[i].published_us);
    out += ']';
  }
  return out + "}";
}

Result<Claims> Claims::decode(std::string_view json) {
  namespace dom = simdjson::dom;
  dom::parser parser;
  dom::object symbols;
  if (parser.parse(simdjson::padded_string(json)).get_object().get(symbols)) return corrupt();
  Claims claims;
  for (const auto [text, value] : symbols) {
    dom::array list;
    if (value.get_array().get(list)) return corrupt();
    for (const dom::element element : list) {
      Claim claim;
      if (!read_claim(element, claim)) return corrupt();
      claims.add(text, claim);
    }
  }
  FM_TRY(claims.settle());
  return claims;
}

}  // namespace fm::jobs
