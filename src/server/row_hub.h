// Rows that may still change, on their way from the feed to everyone who watches. The feed's
// threads only copy them into a queue; one thread ("fm-rows-out") writes them as events, each once
// for all clients, and keeps the newest for whoever asks the API.
//
//   RowHub hub(env);
//   … run_live(…, {.readers = {&hub}});      hub.subscribe(stream, {.roots = {"ES"}});
//
// An event's id is EPOCH-SEQ. A client that comes back with the last one it had gets what it
// missed, for ten minutes; else a `reset`, upon which it reads the rows anew.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/env.h"
#include "candles/types.h"
#include "jobs/live_candles.h"
#include "net/http_server.h"
#include "server/second_tail.h"
#include "table/row_batch.h"

namespace fm::server {

struct RowHubOptions {
  std::size_t queue_rows_max = 65'536;      // beyond, rows are lost and clients are told to reset
  std::uint64_t ring_bytes_max = 32 << 20;  // of events kept for those who come back
  Nanos ring_age_max = 600 * kNanosPerSecond;
  std::size_t tail_rows_max = 1'200;  // of each root
  std::size_t roots_max = 500;        // rows of further ones are lost
  Nanos beat_interval = 15 * kNanosPerSecond;
  Nanos status_interval = 5 * kNanosPerSecond;
};

struct RowSubscription {
  std::vector<std::string> roots;  // empty: all
  bool all_columns = false;        // otherwise those of a chart
  std::string last_event_id;       // empty: from now on
};

struct RowHubFigures {
  std::size_t clients = 0;
  std::uint64_t rows = 0;       // taken
  std::uint64_t rows_lost = 0;  // because the queue was full
  std::uint64_t events = 0;     // written
  std::uint64_t resumed = 0;    // clients that got what they had missed
  std::uint64_t reset = 0;      // clients that were told to read anew
  std::uint64_t dropped = 0;    // clients that were gone or too slow
  std::uint64_t ring_bytes = 0;
};

// The newest rows of a root, in the order of time.
struct RowTail {
  std::shared_ptr<const table::RowBatch> rows;  // of candles_1m; nullptr: none
  std::string position;                         // the id of the last event that they are of
  std::uint64_t version = 0;                    // another one whenever rows may be others; 0: none
};

class RowHub final : public jobs::LiveReader {
 public:
  explicit RowHub(Env& env, RowHubOptions options = {});
  ~RowHub() override;
  RowHub(const RowHub&) = delete;
  RowHub& operator=(const RowHub&) = delete;

  // By the feeds' threads, several at once. Copies, and never waits for a client.
  void rows(std::span<const candles::CandleRow> rows, const candles::Engine& names) override;

  [[nodiscard]] bool wants_seconds() const override { return true; }
  void seconds(std::span<const candles::SecondRow> rows, const candles::Engine& names) override {
    seconds_.take(rows, names);
  }

  // From any thread; does not block. What the client missed goes out before anything new.
  void subscribe(std::shared_ptr<net::EventStream> stream, RowSubscription subscription);
  // What the data of a `status` event say, a JSON object; asked on the hub's thread. Empty: no such
  // events. When it returns, the one before is no longer being asked.
  void set_status(std::function<std::string()> status);

  [[nodiscard]] RowTail tail(std::string_view root);
  [[nodiscard]] std::optional<SecondTail::Seconds> second_tail(std::string_view root) const {
    return seconds_.of(root);
  }
  // As RowTail::version.
  [[nodiscard]] std::uint64_t version(std::string_view root) const;
  // The contract of a root's newest row; empty: none.
  [[nodiscard]] std::string front_month(std::string_view root) const;
  [[nodiscard]] std::vector<std::string> roots() const;
  [[nodiscard]] RowHubFigures figures() const;

  // Returns when everything taken so far has been sent. For tests.
  void flush();

 private:
  struct Event {
    std::uint64_t sequence = 0;
    Nanos at = 0;
    std::string root;
    std::shared_ptr<const std::string> chart, all;  // the texts
    [[nodiscard]] const auto& text(bool all_columns) const { return all_columns ? all : chart; }
    [[nodiscard]] std::uint64_t bytes() const { return chart->size() + all->size(); }
  };
  struct Client {
    std::shared_ptr<net::EventStream> stream;
    RowSubscription subscription;
    std::string group;  // clients of one group get the same text
    [[nodiscard]] bool takes(std::string_view root) const;
  };
  struct Root {
    std::map<Second, candles::CandleRow> rows;
    std::uint64_t version = 0;
    // `rows` of one version, made when somebody asks.
    std::shared_ptr<const table::RowBatch> batch;
    std::uint64_t batch_version = 0;
    std::string front_month;
  };
  using Clients = std::vector<std::shared_ptr<const Client>>;

  // Names by the ids that the queue's rows carry.
  struct Names {
    std::vector<std::string> texts;
    std::map<std::string, std::uint32_t, std::less<>> ids;
    [[nodiscard]] std::uint32_t id_of(std::string_view text);
  };
  struct Drained {
    std::vector<candles::CandleRow> rows;
    std::vector<std::string> tickers, symbols;
    bool lost = false;
  };

  void run();
  [[nodiscard]] bool wait_for_work();
  [[nodiscard]] Drained drain();
  void publish(Drained drained);
  void add_event(const std::string& root, std::span<const candles::CandleRow> rows);
  void remember(Root& root, std::span<const candles::CandleRow> rows);
  void trim_ring();
  void send(const Clients& clients, std::span<const Event> events);
  void send_to_all(std::string text);
  void drop(const Clients& gone);
  void begin_anew(std::string_view reason);
  void beat();
  [[nodiscard]] std::string id(std::uint64_t sequence) const;
  // False where the client must read anew.
  [[nodiscard]] bool replay(const Client& client);
  void send_columns(const Client& client) const;

  Env& env_;
  const RowHubOptions options_;

  // What the feeds' threads touch.
  mutable std::mutex queue_mutex_;
  std::condition_variable changed_;
  std::vector<candles::CandleRow> queue_;  // ticker and symbol are ids of the names here
  Names tickers_, symbols_;
  bool queue_lost_ = false;
  bool stopping_ = false;
  std::uint64_t rows_taken_ = 0;
  std::uint64_t rows_lost_ = 0;
  std::uint64_t flush_asked_ = 0;
  std::uint64_t flush_done_ = 0;

  SecondTail seconds_;

  mutable std::mutex mutex_;
  std::string epoch_;
  std::uint64_t sequence_ = 0;  // of the last event
  std::deque<Event> ring_;
  std::uint64_t ring_bytes_ = 0;
  std::map<std::string, Root, std::less<>> roots_;
  std::vector<std::string> ticker_names_, symbol_names_;  // of the ids in `roots_`
  std::uint64_t versions_ = 0;
  Clients clients_;
  RowHubFigures figures_;

  std::mutex status_mutex_;  // held while it is asked
  std::function<std::string()> status_;
  Nanos next_beat_ = 0;
  Nanos next_status_ = 0;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace fm::server
