// The sending side of one live session: from records to bytes on the socket, in the encoding that
// the client asked for, with the faults that were ordered. Private to the room.
//
// What is sent waits in at most kBurstBytes here and in the system's socket buffer; a client that
// does not read makes send() wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"
#include "dbn/text_options.h"
#include "dbn/writer.h"
#include "gateway/faults.h"

namespace fm::gateway {

inline constexpr std::size_t kBurstBytes = std::size_t{256} << 10;

struct OutboxOptions {
  bool json = false;
  bool zstd = false;
  bool ts_out = false;
  dbn::TextOptions text = {};             // of json
  Nanos give_up = 600 * kNanosPerSecond;  // a client that takes nothing for so long is gone
};

class Outbox {
 public:
  // All outlive the outbox. Setting `stop` ends every wait.
  Outbox(Env& env, Socket& socket, const std::atomic<bool>& stop);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // A control line of the handshake, at once.
  [[nodiscard]] Status say(std::string_view line);

  // Begins the stream; no control line may follow. JSON streams have no metadata.
  [[nodiscard]] Status begin(const dbn::Metadata& metadata, const OutboxOptions& options,
                             std::vector<PlannedFault> faults);
  // What the gateway itself says. `now` becomes ts_out where the client asked for it.
  [[nodiscard]] Status send_message(dbn::RecordView record, Nanos now);
  // Market data; faults count them. `is_replay`: from before the session's start.
  [[nodiscard]] Status send_data(const dbn::RecordBlock& block, Nanos now, bool is_replay);
  // Everything so far goes out, so that the client can decode it.
  [[nodiscard]] Status flush();
  // The clean end of the stream.
  [[nodiscard]] Status finish();

  // A fault has ended the session: nothing more goes out, and every call succeeds.
  [[nodiscard]] bool is_ended() const { return ended_; }
  [[nodiscard]] Nanos last_sent() const { return last_sent_; }  // by Env::monotonic()
  [[nodiscard]] std::uint64_t records_sent() const { return records_sent_; }
  // The longest that the client took nothing since the last call.
  [[nodiscard]] Nanos take_longest_wait();

 private:
  class SocketSink;

  [[nodiscard]] Status push(std::span<const std::byte> bytes);  // waits for the client
  [[nodiscard]] Status put(std::span<const std::byte> bytes);   // encoded, into the burst
  [[nodiscard]] Status encode(const dbn::RecordBlock& block, Nanos now);
  [[nodiscard]] Status encode_one(dbn::RecordView record, Nanos now);
  [[nodiscard]] Status send_with_faults(const dbn::RecordBlock& block, Nanos now, bool is_replay);
  [[nodiscard]] Status strike(const PlannedFault& fault, Nanos now, bool is_replay);
  [[nodiscard]] Status send_half(dbn::RecordView record, Nanos now);
  [[nodiscard]] Status send_corrupted(dbn::RecordView record, Nanos now, std::uint64_t draw);
  [[nodiscard]] Status break_off();
  [[nodiscard]] Status stay_silent(Nanos duration);
  void remember(dbn::RecordView record);

  Env& env_;
  Socket& socket_;
  const std::atomic<bool>& stop_;
  OutboxOptions options_;
  std::unique_ptr<dbn::ByteSink> sink_;
  std::vector<std::byte> burst_;
  std::string text_;
  std::vector<PlannedFault> faults_;
  std::size_t next_fault_ = 0;
  std::size_t remembered_max_ = 0;             // what a later fault will want to repeat
  std::deque<std::vector<std::byte>> recent_;  // records sent last
  std::uint64_t records_sent_ = 0;
  Nanos last_sent_ = 0;
  Nanos longest_wait_ = 0;
  bool ended_ = false;
};

}  // namespace fm::gateway
