#include "faults.h"

#include <algorithm>
#include <span>

namespace fm::fakegcp {
namespace {

struct Weighted {
  Fault fault;
  unsigned weight;
};
// Replies lost after the effect are what exactly-once is about.
constexpr Weighted kAny[] = {
    {Fault::kRequestLost, 3},  {Fault::kReplyLost, 6},      {Fault::kTooMany, 2},
    {Fault::kInternal, 2},     {Fault::kBadGateway, 1},     {Fault::kUnavailable, 3},
    {Fault::kUnauthorized, 1}, {Fault::kRequestTimeout, 1}, {Fault::kTimedOut, 2},
    {Fault::kSlowBody, 1},     {Fault::kTwice, 3}};
constexpr Weighted kOfChunks[] = {{Fault::kPartialChunk, 8}};
constexpr Weighted kOfJobs[] = {
    {Fault::kJobBackend, 3}, {Fault::kJobInternal, 2}, {Fault::kJobRateLimit, 2}};

unsigned total(std::span<const Weighted> faults) {
  unsigned sum = 0;
  for (const Weighted& one : faults) sum += one.weight;
  return sum;
}

Fault pick(std::span<const Weighted> faults, std::uint64_t& at) {
  for (const Weighted& one : faults) {
    if (at < one.weight) return one.fault;
    at -= one.weight;
  }
  return Fault::kNone;
}

}  // namespace

std::string_view name(Fault fault) {
  constexpr std::string_view kNames[] = {
      "none",          "request lost", "reply lost",   "429",           "500",       "502",
      "503",           "401",          "408",          "504 after",     "slow body", "twice",
      "partial chunk", "job backend",  "job internal", "job rate limit"};
  return kNames[static_cast<std::size_t>(fault)];
}

FaultSchedule::FaultSchedule(std::uint64_t seed, double rate) : state_(seed), rate_(rate) {}

void FaultSchedule::script(std::string kind, std::uint64_t n, Fault fault) {
  scripted_.push_back({std::move(kind), n, fault});
}

void FaultSchedule::stop() {
  rate_ = 0;
  scripted_.clear();
}

void FaultSchedule::start(std::uint64_t seed, double rate) {
  state_ = seed;
  rate_ = rate;
}

// SplitMix64.
std::uint64_t FaultSchedule::draw() {
  std::uint64_t value = state_ += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

FaultDecision FaultSchedule::decide(std::string_view kind) {
  FaultDecision decision{.draw = draw()};
  // Drawn for each request, so that a scripted fault moves no later one.
  const double chance = static_cast<double>(draw() >> 11) * 0x1p-53;
  std::uint64_t choice = draw();
  for (Scripted& one : scripted_) {
    if (!one.kind.empty() && one.kind != kind) continue;
    --one.left;
    if (one.left == 0) decision.fault = one.fault;
  }
  std::erase_if(scripted_, [](const Scripted& one) { return one.left == 0; });
  if (decision.fault == Fault::kNone && chance < rate_) {
    const bool is_chunk = kind == "storage.resumable.put";
    const bool is_job = kind == "bigquery.jobs.insert";
    choice %= total(kAny) + (is_chunk ? total(kOfChunks) : 0) + (is_job ? total(kOfJobs) : 0);
    decision.fault = pick(kAny, choice);
    if (decision.fault == Fault::kNone && is_chunk) decision.fault = pick(kOfChunks, choice);
    if (decision.fault == Fault::kNone && is_job) decision.fault = pick(kOfJobs, choice);
  }
  if (decision.fault != Fault::kNone) ++seen_[std::string(name(decision.fault))];
  return decision;
}

}  // namespace fm::fakegcp
