// The server under load: a cached answer asked for by wrk, and event streams to many clients. The
// server has one core, its clients the other.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <optional>
#include <thread>

#include "candles/engine.h"
#include "live_watch.h"
#include "market/session.h"
#include "market/universe.h"
#include "net/http_client.h"
#include "process.h"
#include "rows.h"
#include "server/row_hub.h"
#include "server/server.h"

namespace fm::bench {
namespace {

constexpr int kServerCore = 0;
constexpr int kClientCore = 1;
constexpr int kConnections = 64;
constexpr int kLoadSeconds = 10;
constexpr std::size_t kClients = 500;
constexpr int kTickers = 40;
constexpr int kStreamSeconds = 20;

// The calling thread, and those it starts.
void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// A client of one's own for each stream, and both ends of it in this process.
void allow_many_sockets() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Milliseconds, whatever unit wrk took.
Result<double> latency_after(std::string_view report, std::string_view word) {
  FM_ASSIGN(const double value, figure_after(report, word));
  std::string_view unit = report.substr(report.find(word) + word.size());
  unit = unit.substr(0, unit.find('\n'));
  if (unit.ends_with("us")) return value / 1000;
  if (unit.ends_with("ms")) return value;
  return value * 1000;
}

Result<std::string> run_wrk(const Context& context, const std::string& url) {
  const std::string path = join(context.data.directory, "wrk.txt");
  FM_TRY(context.env->make_directories(context.data.directory));
  const auto ran = run_process(
      {"sh", "-c",
       fmt::format(
           "taskset -c {} wrk -t1 -c{} -d{}s --latency -H 'Accept-Encoding: gzip' '{}' > '{}'",
           kClientCore, kConnections, kLoadSeconds, url, path)});
  if (!ran) return std::unexpected(ran.error());
  FM_ASSIGN(std::string report, read_text(*context.env, path));
  if (report.find("Non-2xx") != std::string::npos ||
      report.find("Socket errors") != std::string::npos)
    return fail(Code::kCheckFailed, "wrk met errors: {}", report);
  return report;
}

// All threads of the server on its core, and what it asks on that of the caller.
Result<std::unique_ptr<server::Server>> start_server(Env& env, const std::string& lake,
                                                     server::RowHub* hub) {
  Result<std::unique_ptr<server::Server>> made = nullptr;
  std::thread([&] {
    pin_to(kServerCore);
    made = server::Server::create(env, {.port = 0, .lake = lake, .streams_max = kClients},
                                  {.rows = hub});
    if (!made) return;
    if (const Status started = (*made)->start(); !started) made = std::unexpected(started.error());
  }).join();
  return made;
}

}  // namespace

Result<std::vector<Limit>> http_cached(const Context& context) {
  FM_ASSIGN(const std::string lake, make_api_lake(context));
  FM_ASSIGN(const auto server, start_server(*context.env, lake, nullptr));
  const std::string url = fmt::format(
      "http://127.0.0.1:{}/api/candles?root=ES&resolution=1m&limit=500", server->port());
  FM_ASSIGN(const auto client, net::HttpClient::create(*context.env));
  FM_ASSIGN(const auto answer,
            client->send({.url = url, .headers = {{"Accept-Encoding", "gzip"}}}));
  if (answer.status != 200) return fail(Code::kCheckFailed, "{}: {}", url, answer.body);
  const double cpu_before = cpu_seconds();
  FM_ASSIGN(const std::string report, run_wrk(context, url));
  const double cpu = cpu_seconds() - cpu_before;
  FM_ASSIGN(const double per_second, figure_after(report, "Requests/sec:"));
  FM_ASSIGN(const double p99, latency_after(report, "99%"));
  const std::string work = fmt::format(
      "/api/candles, 500 minutes ({} KiB) asked for again, {} connections of wrk, one core",
      answer.body.size() >> 10, kConnections);
  const double requests = per_second * kLoadSeconds;
  return std::vector<Limit>{
      {.id = "http_cached",
       .work = work,
       .value = per_second,
       .unit = "requests/s",
       .limit = 10'000,
       .note = fmt::format("{:.0f} us of the server's CPU each", cpu / requests * 1e6)},
      {.id = "http_cached_p99",
       .work = "the same: time of an answer, p99",
       .value = p99,
       .unit = "ms",
       .limit = 20,
       .at_most = true}};
}

namespace {

// One event stream's client: reads events and keeps how old each was.
class StreamClient {
 public:
  explicit StreamClient(int socket) : socket_(socket) {}
  ~StreamClient() { ::close(socket_); }
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  // False when the server has closed the connection.
  bool read(Env& env) {
    std::array<char, 16 << 10> piece;
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got <= 0) return false;
    const Nanos now = env.monotonic();
    unread_.append(piece.data(), static_cast<std::size_t>(got));
    for (std::size_t end = unread_.find("\n\n"); end != std::string::npos;
         end = unread_.find("\n\n")) {
      // The last column of the event's only row: when it was made.
      const std::size_t last = unread_.rfind(',', unread_.find("]]"));
      Nanos sent = 0;
      if (unread_.find("\"rows\":[[") < end &&
          std::from_chars(unread_.data() + last + 1, unread_.data() + end, sent).ec == std::errc())
        ages_ms_.push_back((static_cast<double>(now) - static_cast<double>(sent)) / 1e6);
      unread_.erase(0, end + 2);
    }
    return true;
  }
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::vector<double>& ages_ms() { return ages_ms_; }

 private:
  int socket_;
  std::string unread_;
  std::vector<double> ages_ms_;
};

Result<std::unique_ptr<StreamClient>> connect_stream(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::unexpected(errno_error(errno, "open", "a client's socket"));
  auto client = std::make_unique<StreamClient>(socket);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view kAsk = "GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(socket, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kAsk.size()))
    return std::unexpected(errno_error(errno, "connect", "a client"));
  return client;
}

// Reads what comes to all clients on one thread, for so long.
Status read_all(Env& env, std::vector<std::unique_ptr<StreamClient>>& clients, Nanos until) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) return std::unexpected(errno_error(errno, "poll", "the clients"));
  for (const auto& client : clients) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = client.get()}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, client->socket(), &event);
  }
  Status status;
  std::array<epoll_event, 128> events{};
  while (status && env.monotonic() < until) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 50);
    for (int i = 0; i < count; ++i)
      if (!static_cast<StreamClient*>(events[static_cast<std::size_t>(i)].data.ptr)->read(env))
        status = fail(Code::kCheckFailed, "a stream's client was dropped");
  }
  ::close(poll);
  return status;
}

// A feed's side of the hub: a row of every ticker at once, each second, as an engine gives them
// when a second ends.
class Feed {
 public:
  Feed(Env& env, server::RowHub& hub)
      : env_(env),
        hub_(hub),
        engine_(market::Universe::builtin(), market::Calendar::builtin(), {}, silent_) {
    for (int i = 0; i < kTickers; ++i) {
      const std::string root = fmt::format("T{:02}", i);
      engine_.resume(root, {});
      candles::CandleRow row{};
      row.ticker = static_cast<candles::TickerId>(i);
      row.symbol = engine_.intern(root + "M5");
      row.trade_date = Date(2025, 6, 16);
      row.open = row.high = row.low = row.close = 6012 * kPriceScale + kPriceScale / 4;
      row.volume = row.ask_volume = 1834;
      rows_.push_back(row);
    }
  }
  ~Feed() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  void start() {
    thread_ = std::thread([this] { run(); });
  }

 private:
  class Silent final : public candles::Output {
    void candles(std::span<const candles::CandleRow>) override {}
    void seconds(std::span<const candles::SecondRow>) override {}
    void session(const candles::SessionRow&) override {}
    void rejected(const candles::Rejection&) override {}
  };

  void run() {
    pin_to(kServerCore);
    const Nanos begin = env_.monotonic();
    for (Second second = 0; !stopping_; ++second) {
      const Nanos due = begin + static_cast<Nanos>(second) * kNanosPerSecond;
      while (!stopping_ && env_.monotonic() < due) env_.sleep_for(1'000'000);
      for (candles::CandleRow& row : rows_) {
        row.time = kFirstSecond + second;
        // How old an event is, its client learns by this column.
        row.cvd_close = static_cast<std::int64_t>(env_.monotonic());
      }
      hub_.rows(rows_, engine_);
    }
  }

  static constexpr Second kFirstSecond = 1'750'080'600;

  Env& env_;
  server::RowHub& hub_;
  Silent silent_;
  candles::Engine engine_;
  std::vector<candles::CandleRow> rows_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

double p99_of(std::vector<double>& values) {
  const auto at =
      static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace

Result<std::vector<Limit>> http_streams(const Context& context) {
  Env& env = *context.env;
  allow_many_sockets();
  FM_ASSIGN(const std::string lake, make_api_lake(context));
  FM_TRY(ensure_file(env, context.data, eight_contracts(context.data), "eight", ".dbn"));
  std::optional<server::RowHub> hub;
  std::optional<Feed> feed;
  std::thread([&] {
    pin_to(kServerCore);
    hub.emplace(env);
    feed.emplace(env, *hub);
  }).join();
  FM_ASSIGN(const auto server, start_server(env, lake, &*hub));
  // Wherever there is room: `up` has both in one process, and a hub reads the feed. This one has no
  // clients, so that theirs get rows alone that say how old they are.
  server::RowHub reader(env);
  Result<PacedFeed> live = fail(Code::kInternal, "no feed was started");
  std::thread trades([&] {
    live = run_paced_feed(
        context, std::min<std::uint64_t>(context.data.records, kPacedPerSecond * kStreamSeconds),
        {&reader});
  });
  Status status;
  std::vector<std::unique_ptr<StreamClient>> clients;
  std::thread([&] {
    pin_to(kClientCore);
    for (std::size_t i = 0; i < kClients && status; ++i) {
      auto client = connect_stream(server->port());
      if (client)
        clients.push_back(*std::move(client));
      else
        status = std::unexpected(client.error());
    }
    while (status && hub->figures().clients < kClients) env.sleep_for(1'000'000);
    if (!status) return;
    feed->start();
    status = read_all(env, clients, env.monotonic() + kStreamSeconds * kNanosPerSecond);
  }).join();
  trades.join();
  FM_TRY(status);
  if (!live) return std::unexpected(live.error());
  double worst = 0;
  for (const auto& client : clients) {
    const std::size_t count = client->ages_ms().size();
    if (count < std::size_t{kTickers} * (kStreamSeconds - 2))
      return fail(Code::kCheckFailed, "a client got {} events only", count);
    worst = std::max(worst, p99_of(client->ages_ms()));
  }
  return std::vector<Limit>{
      {.id = "http_streams_p99",
       .work =
           fmt::format("{} event streams, {} tickers a row a second, beside a feed of {} trades a "
                       "second: age of a row at the client that has it worst, p99",
                       kClients, kTickers, kPacedPerSecond),
       .value = worst,
       .unit = "ms",
       .limit = 250,
       .at_most = true},
      {.id = "http_streams_update_p99",
       .work = "the same, at the feed: a trade arrives → it is captured and its row updated",
       .value = live->handled.quantile_ms(0.99),
       .unit = "ms",
       .limit = 0.2,
       .at_most = true,
       .note =
           fmt::format("median {:.3f} ms, longest {:.3f} ms, of {}", live->handled.quantile_ms(0.5),
                       live->handled.quantile_ms(1), live->handled.count())}};
}

}  // namespace fm::bench
