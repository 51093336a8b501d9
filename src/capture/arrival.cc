#include "capture/arrival.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "capture/markers.h"
#include "dbn/record.h"

namespace fm::capture {
namespace {

using dbn::RType;

// Where ts_recv lies; 0 for records without.
constexpr std::size_t ts_recv_at(RType rtype) {
  switch (rtype) {
    case RType::kTrades:
    case RType::kMbp1:
    case RType::kMbp10:
    case RType::kBbo1s:
    case RType::kBbo1m:
    case RType::kCmbp1:
    case RType::kTcbbo:
    case RType::kCbbo1s:
    case RType::kCbbo1m:
      return offsetof(dbn::Mbp1Msg, ts_recv);
    case RType::kMbo:
      return offsetof(dbn::MboMsg, ts_recv);
    case RType::kStatus:
    case RType::kDefinition:
    case RType::kImbalance:
    case RType::kStatistics:
      return offsetof(dbn::StatusMsg, ts_recv);
    default:
      return 0;
  }
}
static_assert(offsetof(dbn::TradeMsg, ts_recv) == offsetof(dbn::Mbp1Msg, ts_recv));
static_assert(offsetof(dbn::Mbp10Msg, ts_recv) == offsetof(dbn::Mbp1Msg, ts_recv));
static_assert(offsetof(dbn::BboMsg, ts_recv) == offsetof(dbn::Mbp1Msg, ts_recv));
static_assert(offsetof(dbn::Cmbp1Msg, ts_recv) == offsetof(dbn::Mbp1Msg, ts_recv));
static_assert(offsetof(dbn::CbboMsg, ts_recv) == offsetof(dbn::Mbp1Msg, ts_recv));
static_assert(offsetof(dbn::BboMsg, flags) == offsetof(dbn::Mbp1Msg, flags));
static_assert(offsetof(dbn::Cmbp1Msg, flags) == offsetof(dbn::Mbp1Msg, flags));
static_assert(offsetof(dbn::CbboMsg, flags) == offsetof(dbn::Mbp1Msg, flags));
static_assert(offsetof(dbn::StatMsg, ts_recv) == offsetof(dbn::StatusMsg, ts_recv));
static_assert(offsetof(dbn::ImbalanceMsg, ts_recv) == offsetof(dbn::StatusMsg, ts_recv));
static_assert(offsetof(dbn::InstrumentDefMsg, ts_recv) == offsetof(dbn::StatusMsg, ts_recv));

// Trades and quotes reach the gateway within moments; a definition may be of an event weeks ago.
constexpr bool is_prompt(std::size_t at) { return at >= offsetof(dbn::Mbp1Msg, ts_recv); }

Nanos usable(Nanos ts_recv, Nanos ts_event) {
  if (ts_recv == kUndefTime || (ts_recv > ts_event && ts_recv - ts_event > kNanosPerDay))
    return kUndefTime;
  return ts_recv;
}

// One record of a survey, once its arrival is known.
void note(Survey& survey, Nanos arrival, Nanos ts_event) {
  if (arrival == kUndefTime || ts_event > arrival + kEventSkewMax)
    survey.holds |= kHoldsStrayEvents;
  else
    survey.newest_event = std::max(survey.newest_event, ts_event);
  if (arrival == kUndefTime) return;
  survey.first_arrival = std::min(survey.first_arrival, arrival);
  survey.last_arrival = std::max(survey.last_arrival, arrival);
}

}  // namespace

Nanos arrival_of(dbn::RecordView record) {
  const dbn::RecordHeader& header = record.header();
  if (header.publisher_id == 0) return kUndefTime;
  if (dbn::OhlcvMsg::holds(header.rtype)) return header.ts_event;
  const std::size_t at = ts_recv_at(header.rtype);
  if (at == 0 || record.size_bytes() < at + sizeof(Nanos)) return kUndefTime;
  Nanos ts_recv = 0;
  std::memcpy(&ts_recv, record.bytes().data() + at, sizeof ts_recv);
  if (!is_prompt(at)) return ts_recv;
  const std::size_t flags_at =
      header.rtype == RType::kMbo ? offsetof(dbn::MboMsg, flags) : offsetof(dbn::Mbp1Msg, flags);
  if ((std::to_integer<std::uint8_t>(record.bytes()[flags_at]) & dbn::kFlagBadTsRecv) != 0)
    return kUndefTime;
  return usable(ts_recv, header.ts_event);
}

void Survey::add(dbn::RecordView record) {
  ++record_count;
  const RType rtype = record.rtype();
  if (rtype == RType::kSymbolMapping) holds |= kHoldsMappings;
  if (rtype == RType::kSystem && decode_marker(record)) holds |= kHoldsMarkers;
  if (is_replayable(rtype)) note(*this, arrival_of(record), record.header().ts_event);
}

void Survey::add(const Survey& other) {
  record_count += other.record_count;
  holds |= other.holds;
  first_arrival = std::min(first_arrival, other.first_arrival);
  last_arrival = std::max(last_arrival, other.last_arrival);
  newest_event = std::max(newest_event, other.newest_event);
}

Survey survey(const dbn::RecordBlock& block) {
  Survey found;
  for (const dbn::RecordView record : block) found.add(record);
  return found;
}

}  // namespace fm::capture
