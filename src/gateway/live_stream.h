// The stream of a session that was started: records in time order, at the pace of the clock, and
// everything that the gateway says between them. Private to the room.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "gateway/client_session.h"

namespace fm::gateway {

// Where the next end of an interval of a schema stands.
struct IntervalMark {
  dbn::Schema schema;
  Nanos end;
};

class LiveStream {
 public:
  LiveStream(const SessionContext& context, const AuthRequest& auth, LineReader& lines,
             Outbox& outbox, ChunkMerger& chunks, std::uint64_t session);

  // Sends all that `requests` ask for, and what later lines of the client do. `refusal`: a line
  // before the start that could not be served; the client learns of it, and the session ends.
  // Success: everything was sent, or a fault ended the session.
  [[nodiscard]] Status run(std::vector<SubscribeRequest> requests,
                           const std::optional<Error>& refusal);

 private:
  [[nodiscard]] Status begin(std::vector<SubscribeRequest>& requests);
  [[nodiscard]] Status subscribe_all(std::vector<SubscribeRequest> requests);
  [[nodiscard]] std::vector<std::string> apply_age_limit(std::vector<SubscribeRequest>& requests);
  [[nodiscard]] Nanos first_moment(const std::vector<SubscribeRequest>& requests) const;
  [[nodiscard]] Status serve();
  [[nodiscard]] Result<bool> step();
  [[nodiscard]] Status send(const FeedRun& feed);
  [[nodiscard]] Result<bool> skips(const RecordRun& run);
  [[nodiscard]] Status warn_of_slow_reading(dbn::Schema schema);
  [[nodiscard]] Status fire(Nanos mark, std::optional<Nanos> next_record);
  [[nodiscard]] Status catch_up();
  [[nodiscard]] Status finish();
  [[nodiscard]] Status wait(std::optional<Nanos> next_record);
  [[nodiscard]] Status take_lines(Nanos patience);
  [[nodiscard]] Status take_line(const std::string& line);
  [[nodiscard]] Status refuse(const Error& error);
  [[nodiscard]] Status heartbeat_if_due();
  [[nodiscard]] Status tell(dbn::RecordView record) { return outbox_.send_message(record, now()); }

  // The virtual now.
  [[nodiscard]] Nanos now() const;
  [[nodiscard]] Nanos next_mark() const;
  [[nodiscard]] bool is_over(std::optional<Nanos> next_record) const;
  void add_marks(dbn::Schema schema);

  const SessionContext& context_;
  const AuthRequest& auth_;
  LineReader& lines_;
  Outbox& outbox_;
  ChunkMerger& chunks_;
  std::uint64_t session_;
  Subscriptions subscriptions_;
  TimeRange range_;     // of the dataset's files
  Nanos position_ = 0;  // of records and marks sent; never falls
  Date day_;            // for which symbols are resolved
  std::vector<IntervalMark> marks_;
  bool caught_up_ = false;   // with the virtual now
  bool is_closing_ = false;  // after an error that ends the session
  Nanos lines_polled_ = 0;
  std::map<dbn::Schema, Nanos> warned_;  // when, by real time
  std::map<dbn::Schema, bool> skipping_;
};

}  // namespace fm::gateway
