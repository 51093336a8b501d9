#include "gateway/live_server.h"

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/thread.h"
#include "gateway/client_session.h"

namespace fm::gateway {
namespace {

// Beyond kClientsMax, so many may wait to be told that they are too many; others are closed.
constexpr std::size_t kRefusedMax = 16;
constexpr Nanos kAcceptPatience = kNanosPerSecond / 4;

Nanos earliest_start(const Archive& archive) {
  Nanos earliest = kUndefTime;
  for (const ArchiveFile& file : archive.files()) earliest = std::min(earliest, file.start);
  return earliest;
}

}  // namespace

struct LiveServer::State {
  struct Client {
    std::unique_ptr<Socket> socket;
    std::thread thread;
    bool is_done = false;
  };

  State(Env& real, std::shared_ptr<const Archive> files, LiveServerOptions wanted)
      : env(real),
        archive(std::move(files)),
        options(std::move(wanted)),
        clock(env, earliest_start(*archive), options.speed),
        refusals_left(options.faults.refusals()),
        auth_failures_left(options.faults.auth_failures()),
        context{env, archive, options, clock, stopping, [this] { return admit(); }} {}

  void accept_clients();
  void accept_one(std::unique_ptr<Socket> socket);
  void run_client(Client& client, std::uint64_t number, bool is_over_limit);
  Result<std::uint64_t> admit();
  void reap();
  void end_all();

  Env& env;
  std::shared_ptr<const Archive> archive;
  LiveServerOptions options;
  LiveClock clock;
  std::unique_ptr<Listener> listener;
  std::atomic<bool> stopping = false;
  std::uint64_t refusals_left;  // of the accepting thread alone

  std::mutex mutex;  // of everything below
  std::condition_variable ended_changed;
  bool is_ended = false;
  std::uint64_t auth_failures_left;
  LiveStats stats;
  std::list<Client> clients;

  SessionContext context;
  std::thread thread;
};

Result<std::uint64_t> LiveServer::State::admit() {
  const std::scoped_lock lock(mutex);
  if (auth_failures_left > 0) {
    --auth_failures_left;
    return fail(Code::kRefused, "Authentication failed.");
  }
  return ++stats.sessions;
}

void LiveServer::State::run_client(Client& client, std::uint64_t number, bool is_over_limit) {
  name_thread(fmt::format("fm-client-{}", number % 10'000).c_str());
  const SessionResult result = run_session(context, *client.socket, is_over_limit);
  log_info("client {}: ended after {} records: {}", client.socket->peer(), result.records,
           result.end ? "all was sent" : result.end.error().message());
  client.socket->shut_down();
  const std::scoped_lock lock(mutex);
  client.is_done = true;
  stats.records += result.records;
  if (options.once && result.was_started) {
    is_ended = true;
    ended_changed.notify_all();
  }
}

void LiveServer::State::reap() {
  std::list<Client> done;
  {
    const std::scoped_lock lock(mutex);
    for (auto at = clients.begin(); at != clients.end();) {
      const auto next = std::next(at);
      if (at->is_done) done.splice(done.end(), clients, at);
      at = next;
    }
  }
  for (Client& client : done) client.thread.join();
}

void LiveServer::State::accept_one(std::unique_ptr<Socket> socket) {
  const std::scoped_lock lock(mutex);
  const std::uint64_t number = ++stats.connections;
  if (refusals_left > 0) {
    --refusals_left;
    return;
  }
  if (clients.size() >= kClientsMax + kRefusedMax) {
    log_warning("client {}: closed, {} are connected", socket->peer(), clients.size());
    return;
  }
  const bool is_over_limit = clients.size() >= kClientsMax;
  if (is_over_limit)
    log_warning("client {}: refused, {} are connected", socket->peer(), kClientsMax);
  Client& client = clients.emplace_back();
  client.socket = std::move(socket);
  client.thread = std::thread(
      [this, &client, number, is_over_limit] { run_client(client, number, is_over_limit); });
}

void LiveServer::State::accept_clients() {
  name_thread("fm-gateway");
  while (!stopping) {
    auto socket = listener->accept(kAcceptPatience);
    reap();
    if (socket) {
      accept_one(*std::move(socket));
    } else if (socket.error().code() != Code::kTimedOut) {
      if (stopping) return;
      log_warning("gateway: {}", socket.error().message());
      if (socket.error().code() == Code::kDisconnected) break;
      env.sleep_for(kAcceptPatience);  // out of descriptors, say: it may pass
    }
  }
  const std::scoped_lock lock(mutex);
  is_ended = true;
  ended_changed.notify_all();
}

void LiveServer::State::end_all() {
  stopping = true;
  listener->shut_down();
  if (thread.joinable()) thread.join();
  {
    const std::scoped_lock lock(mutex);
    for (Client& client : clients) client.socket->shut_down();
  }
  // Nobody adds clients any more.
  for (Client& client : clients) client.thread.join();
  const std::scoped_lock lock(mutex);
  clients.clear();
  is_ended = true;
  ended_changed.notify_all();
}

LiveServer::LiveServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveServer::~LiveServer() { stop(); }

Result<std::unique_ptr<LiveServer>> LiveServer::start(Env& env,
                                                      std::shared_ptr<const Archive> archive,
                                                      LiveServerOptions options) {
  FM_ASSIGN(auto listener, env.listen(options.host, options.port));
  auto state = std::make_unique<State>(env, std::move(archive), std::move(options));
  state->listener = std::move(listener);
  State* const raw = state.get();
  state->thread = std::thread([raw] { raw->accept_clients(); });
  return std::unique_ptr<LiveServer>(new LiveServer(std::move(state)));
}

std::uint16_t LiveServer::port() const { return state_->listener->port(); }

bool LiveServer::wait_for(Nanos patience) {
  std::unique_lock lock(state_->mutex);
  return state_->ended_changed.wait_for(lock, std::chrono::nanoseconds(patience),
                                        [this] { return state_->is_ended; });
}

void LiveServer::stop() { state_->end_all(); }

Nanos LiveServer::now() const { return state_->clock.now(); }

LiveStats LiveServer::stats() const {
  const std::scoped_lock lock(state_->mutex);
  LiveStats stats = state_->stats;
  stats.clients = state_->clients.size();
  return stats;
}

}  // namespace fm::gateway
