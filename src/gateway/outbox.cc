#include "gateway/outbox.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "dbn/text_json.h"

namespace fm::gateway {
namespace {

// From this size on a stretch of records is sent from where it lies.
constexpr std::size_t kDirectBytes = std::size_t{32} << 10;
constexpr Nanos kPoll = kNanosPerSecond / 5;  // how long a wait may go on after `stop` is set
constexpr Nanos kResetPatience = kNanosPerSecond;
constexpr int kZstdLevel = 1;  // a stand-in must be fast before it is small

std::unexpected<Error> stopped() { return fail(Code::kDisconnected, "the server is stopping"); }

}  // namespace

class Outbox::SocketSink final : public dbn::ByteSink {
 public:
  explicit SocketSink(Outbox& outbox) : outbox_(outbox) {}
  Status write(std::span<const std::byte> bytes) override { return outbox_.push(bytes); }

 private:
  Outbox& outbox_;
};

Outbox::Outbox(Env& env, Socket& socket, const std::atomic<bool>& stop)
    : env_(env), socket_(socket), stop_(stop), last_sent_(env.monotonic()) {}
Outbox::~Outbox() = default;

Nanos Outbox::take_longest_wait() { return std::exchange(longest_wait_, 0); }

Status Outbox::push(std::span<const std::byte> bytes) {
  Nanos waiting_since = 0;
  while (!bytes.empty()) {
    FM_ASSIGN(std::size_t sent, socket_.write_some(bytes));
    if (sent == 0) {
      if (waiting_since == 0) waiting_since = env_.monotonic();
      // One byte alone: of a longer write that times out nobody knows how much went out.
      const Status one = socket_.write(bytes.first(1), kPoll);
      if (stop_) return stopped();
      if (!one && one.error().code() != Code::kTimedOut) return one;
      sent = one ? 1 : 0;
      const Nanos waited = env_.monotonic() - waiting_since;
      longest_wait_ = std::max(longest_wait_, waited);
      if (sent == 0 && waited > options_.give_up)
        return fail(Code::kTimedOut, "{} has taken nothing for {} s", socket_.peer(),
                    waited / kNanosPerSecond);
    }
    if (sent > 0) waiting_since = 0;
    bytes = bytes.subspan(sent);
  }
  last_sent_ = env_.monotonic();
  return {};
}

Status Outbox::say(std::string_view line) {
  FM_ASSERT(sink_ == nullptr);
  return push(std::as_bytes(std::span(line.data(), line.size())));
}

Status Outbox::begin(const dbn::Metadata& metadata, const OutboxOptions& options,
                     std::vector<PlannedFault> faults) {
  options_ = options;
  faults_ = std::move(faults);
  for (const PlannedFault& fault : faults_)
    if (fault.kind == FaultKind::kDuplicate)
      remembered_max_ = std::max<std::size_t>(remembered_max_, fault.count);
  burst_.reserve(kBurstBytes);
  sink_ = std::make_unique<SocketSink>(*this);
  if (options.zstd) sink_ = std::make_unique<dbn::ZstdSink>(std::move(sink_), kZstdLevel);
  if (options.json) return {};
  FM_ASSIGN(const std::vector<std::byte> bytes, dbn::encode(metadata));
  return put(bytes);
}

Status Outbox::put(std::span<const std::byte> bytes) {
  if (burst_.size() + bytes.size() > kBurstBytes || bytes.size() >= kDirectBytes) {
    if (!burst_.empty()) FM_TRY(sink_->write(burst_));
    burst_.clear();
    if (bytes.size() >= kDirectBytes) return sink_->write(bytes);
  }
  burst_.insert(burst_.end(), bytes.begin(), bytes.end());
  return {};
}

Status Outbox::flush() {
  if (ended_ || sink_ == nullptr) return {};
  if (!burst_.empty()) {
    FM_TRY(sink_->write(burst_));
    burst_.clear();
  }
  return sink_->flush();
}

Status Outbox::finish() {
  if (ended_ || sink_ == nullptr) return {};
  FM_TRY(flush());
  ended_ = true;
  return sink_->finish();
}

Status Outbox::send_message(dbn::RecordView record, Nanos now) {
  if (ended_) return {};
  return encode_one(record, now);
}

Status Outbox::send_data(const dbn::RecordBlock& block, Nanos now, bool is_replay) {
  if (ended_) return {};
  if (next_fault_ < faults_.size()) return send_with_faults(block, now, is_replay);
  FM_TRY(encode(block, now));
  records_sent_ += block.record_count;
  return {};
}

Status Outbox::encode(const dbn::RecordBlock& block, Nanos now) {
  if (!options_.json && !options_.ts_out) return put(block.bytes);
  for (const dbn::RecordView record : block) FM_TRY(encode_one(record, now));
  return {};
}

Status Outbox::encode_one(dbn::RecordView record, Nanos now) {
  FM_ASSERT(record.tail_bytes() == 0);
  if (!options_.json && !options_.ts_out) return put(record.bytes());

  alignas(8) std::array<std::byte, dbn::kMaxRecordBytes> longer;
  const std::size_t size = record.size_bytes();
  const bool has_room = size + dbn::kTsOutBytes <= dbn::kMaxRecordBytes;
  if (options_.ts_out && has_room) {
    std::memcpy(longer.data(), record.bytes().data(), size);
    std::memcpy(longer.data() + size, &now, sizeof now);
    longer[0] = static_cast<std::byte>((size + dbn::kTsOutBytes) / 4);
    record = dbn::RecordView(longer.data(), dbn::kTsOutBytes);
  }
  if (!options_.json) return put(record.bytes());
  text_.clear();
  if (!dbn::append_json(record, options_.text, {}, text_)) return {};
  return put(std::as_bytes(std::span(text_.data(), text_.size())));
}

// Record by record, because each may be the one at which a fault strikes.
Status Outbox::send_with_faults(const dbn::RecordBlock& block, Nanos now, bool is_replay) {
  for (const dbn::RecordView record : block) {
    while (next_fault_ < faults_.size() && faults_[next_fault_].kind != FaultKind::kCorrupt &&
           faults_[next_fault_].at <= records_sent_) {
      const PlannedFault& fault = faults_[next_fault_++];
      if (fault.kind == FaultKind::kHalf) return send_half(record, now);
      FM_TRY(strike(fault, now, is_replay));
      if (ended_) return {};
    }
    ++records_sent_;
    if (next_fault_ < faults_.size() && faults_[next_fault_].kind == FaultKind::kCorrupt &&
        faults_[next_fault_].at <= records_sent_) {
      FM_TRY(send_corrupted(record, now, faults_[next_fault_++].draw));
      continue;
    }
    FM_TRY(encode_one(record, now));
    if (remembered_max_ != 0) remember(record);
  }
  // A fault behind the last record strikes now, for there may be no next one.
  while (next_fault_ < faults_.size() && faults_[next_fault_].at <= records_sent_ &&
         faults_[next_fault_].kind != FaultKind::kHalf &&
         faults_[next_fault_].kind != FaultKind::kCorrupt && !ended_)
    FM_TRY(strike(faults_[next_fault_++], now, is_replay));
  return {};
}

void Outbox::remember(dbn::RecordView record) {
  if (recent_.size() == remembered_max_) recent_.pop_front();
  recent_.emplace_back(record.bytes().begin(), record.bytes().end());
}

Status Outbox::strike(const PlannedFault& fault, Nanos now, bool is_replay) {
  switch (fault.kind) {
    case FaultKind::kDrop:
      return break_off();
    case FaultKind::kReset:
      FM_TRY(flush());
      ended_ = true;
      socket_.reset(kResetPatience);
      return {};
    case FaultKind::kEof:
      return finish();
    case FaultKind::kStall:
      return stay_silent(fault.duration);
    case FaultKind::kDuplicate: {
      if (!is_replay) return {};
      const std::size_t count = std::min<std::size_t>(fault.count, recent_.size());
      for (std::size_t i = recent_.size() - count; i < recent_.size(); ++i)
        FM_TRY(encode_one(dbn::RecordView(recent_[i].data(), 0), now));
      return {};
    }
    case FaultKind::kError: {
      dbn::ErrorMsg message{};
      message.header = {dbn::kLengthOf<dbn::ErrorMsg>, dbn::RType::kError, 0, 0, now};
      message.code = static_cast<std::uint8_t>(fault.count);
      message.is_last = 1;
      dbn::set_text(message.err, fmt::format("Fault on order with code {}", fault.count));
      FM_TRY(encode_one(dbn::RecordView(message), now));
      return finish();
    }
    default:
      return {};
  }
}

Status Outbox::send_half(dbn::RecordView record, Nanos now) {
  FM_TRY(flush());
  // Encoded by itself, to be cut in the middle whatever the encoding.
  FM_TRY(encode_one(record, now));
  burst_.resize(burst_.size() / 2);
  return break_off();
}

Status Outbox::send_corrupted(dbn::RecordView record, Nanos now, std::uint64_t draw) {
  alignas(8) std::array<std::byte, dbn::kMaxRecordBytes> copy;
  const std::size_t size = record.size_bytes();
  std::memcpy(copy.data(), record.bytes().data(), size);
  // Not the length, and so not where the next record begins: a reader must find it otherwise.
  const std::size_t at = 1 + draw % (size - 1);
  copy[at] ^= static_cast<std::byte>(1 + (draw >> 32) % 255);
  return encode_one(dbn::RecordView(copy.data(), 0), now);
}

Status Outbox::break_off() {
  FM_TRY(flush());
  ended_ = true;
  socket_.shut_down();
  return {};
}

Status Outbox::stay_silent(Nanos duration) {
  FM_TRY(flush());
  const Nanos until = env_.monotonic() + duration;
  for (Nanos now = env_.monotonic(); now < until && !stop_; now = env_.monotonic())
    env_.sleep_for(std::min(kPoll, until - now));
  return stop_ ? Status(stopped()) : Status();
}

}  // namespace fm::gateway
