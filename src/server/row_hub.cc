#include "server/row_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread.h"
#include "candles/engine.h"
#include "jobs/candle_rows.h"
#include "server/row_events.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

using candles::CandleRow;

// A second's row is final when the stream's clock has passed it by 60 s, or after 65 s of silence:
// whatever the feed did, what lies so far behind the newest row is final.
constexpr Second kFinalAfter = 66;
// How long the hub's thread sleeps when nothing comes: it looks for what is due.
constexpr auto kLook = std::chrono::milliseconds(250);

std::string group_of(const RowSubscription& subscription) {
  std::string group = subscription.all_columns ? "all" : "chart";
  for (const std::string& root : subscription.roots) group += "," + root;
  return group;
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

bool RowHub::Client::takes(std::string_view root) const {
  return subscription.roots.empty() || std::ranges::binary_search(subscription.roots, root);
}

std::uint32_t RowHub::Names::id_of(std::string_view text) {
  const auto found = ids.find(text);
  if (found != ids.end()) return found->second;
  const auto id = static_cast<std::uint32_t>(texts.size());
  texts.emplace_back(text);
  ids.emplace(text, id);
  return id;
}

RowHub::RowHub(Env& env, RowHubOptions options)
    : env_(env), options_(options), epoch_(fmt::format("{:08x}", env.random() & 0xFFFF'FFFF)) {
  thread_ = std::thread([this] {
    name_thread("fm-rows-out");
    run();
  });
}

RowHub::~RowHub() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
  for (const auto& client : clients_) client->stream->close();
}

void RowHub::rows(std::span<const CandleRow> rows, const candles::Engine& names) {
  const std::lock_guard lock(queue_mutex_);
  for (const CandleRow& row : rows) {
    if (queue_.size() >= options_.queue_rows_max) {
      queue_lost_ = true;
      ++rows_lost_;
      continue;
    }
    queue_.push_back(row);
    queue_.back().ticker = tickers_.id_of(names.ticker(row.ticker));
    queue_.back().symbol = symbols_.id_of(names.symbol(row.symbol));
    ++rows_taken_;
  }
  changed_.notify_all();
}

bool RowHub::wait_for_work() {
  std::unique_lock lock(queue_mutex_);
  changed_.wait_for(lock, kLook, [&] {
    return stopping_ || !queue_.empty() || queue_lost_ || flush_done_ < flush_asked_;
  });
  return !stopping_;
}

RowHub::Drained RowHub::drain() {
  Drained drained;
  const std::lock_guard lock(queue_mutex_);
  drained.rows.swap(queue_);
  drained.tickers = tickers_.texts;
  drained.symbols = symbols_.texts;
  drained.lost = std::exchange(queue_lost_, false);
  return drained;
}

void RowHub::run() {
  while (wait_for_work()) {
    std::uint64_t asked = 0;
    {
      const std::lock_guard lock(queue_mutex_);
      asked = flush_asked_;
    }
    Drained drained = drain();
    const bool lost = drained.lost;
    if (!drained.rows.empty()) publish(std::move(drained));
    if (lost) begin_anew("rows were lost");
    beat();
    const std::lock_guard lock(queue_mutex_);
    flush_done_ = asked;
    changed_.notify_all();
  }
}

void RowHub::flush() {
  std::unique_lock lock(queue_mutex_);
  const std::uint64_t mine = ++flush_asked_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return flush_done_ >= mine || stopping_; });
}

void RowHub::publish(Drained drained) {
  // By root, each in the order in which the rows came; of one key the last is what counts.
  std::map<std::string, std::map<Second, CandleRow>> by_root;
  for (const CandleRow& row : drained.rows) by_root[drained.tickers[row.ticker]][row.time] = row;

  Clients clients;
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    ticker_names_ = std::move(drained.tickers);
    symbol_names_ = std::move(drained.symbols);
    const std::uint64_t before = sequence_;
    std::vector<CandleRow> rows;
    for (const auto& [root, keyed] : by_root) {
      rows.clear();
      for (const auto& [time, row] : keyed) rows.push_back(row);
      add_event(root, rows);
    }
    clients = clients_;
    for (auto event = ring_.rbegin(); event != ring_.rend() && event->sequence > before; ++event)
      events.push_back(*event);
    std::ranges::reverse(events);
    trim_ring();
  }
  send(clients, events);
}

// With the lock held.
void RowHub::add_event(const std::string& root, std::span<const CandleRow> rows) {
  const bool is_known = roots_.contains(root);
  if (!is_known && roots_.size() >= options_.roots_max) return;
  table::RowBatch batch(table::candles_1m(), rows.size());
  jobs::append_rows(batch, rows, {.tickers = ticker_names_, .symbols = symbol_names_});
  Root& known = roots_[root];
  remember(known, rows);

  ++sequence_;
  const std::string name = id(sequence_);
  const RowEvent event{.id = name,
                       .root = root,
                       .rows = &batch,
                       .names_columns = !is_known,
                       .final_to = known.rows.rbegin()->first - kFinalAfter};
  ring_.push_back({.sequence = sequence_,
                   .at = env_.monotonic(),
                   .root = root,
                   .chart = shared(row_event(event, chart_event_columns())),
                   .all = shared(row_event(event, all_event_columns()))});
  ring_bytes_ += ring_.back().bytes();
  ++figures_.events;
}

void RowHub::remember(Root& root, std::span<const CandleRow> rows) {
  for (const CandleRow& row : rows) root.rows[row.time] = row;
  while (root.rows.size() > options_.tail_rows_max) root.rows.erase(root.rows.begin());
  root.front_month = symbol_names_[root.rows.rbegin()->second.symbol];
  root.version = ++versions_;
}

void RowHub::trim_ring() {
  const Nanos now = env_.monotonic();
  while (!ring_.empty() && (ring_bytes_ > options_.ring_bytes_max ||
                            now > ring_.front().at + options_.ring_age_max)) {
    ring_bytes_ -= ring_.front().bytes();
    ring_.pop_front();
  }
}

void RowHub::send(const Clients& clients, std::span<const Event> events) {
  std::map<std::string_view, std::shared_ptr<const std::string>> texts;
  Clients gone;
  for (const auto& client : clients) {
    auto [text, is_new] = texts.try_emplace(client->group);
    if (is_new) {
      std::string joined;
      for (const Event& event : events)
        if (client->takes(event.root)) joined += *event.text(client->subscription.all_columns);
      text->second = shared(std::move(joined));
    }
    if (!text->second->empty() && !client->stream->send(text->second)) gone.push_back(client);
  }
  drop(gone);
}

void RowHub::send_to_all(std::string text) {
  Clients clients, gone;
  {
    const std::lock_guard lock(mutex_);
    clients = clients_;
  }
  const auto one = shared(std::move(text));
  for (const auto& client : clients)
    if (client->stream->is_closed() || !client->stream->send(one)) gone.push_back(client);
  drop(gone);
}

void RowHub::drop(const Clients& gone) {
  if (gone.empty()) return;
  const std::lock_guard lock(mutex_);
  figures_.dropped += std::erase_if(
      clients_, [&](const auto& client) { return std::ranges::find(gone, client) != gone.end(); });
}

// What was lost cannot be said any more: everyone reads anew, and nobody resumes from before.
void RowHub::begin_anew(std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    epoch_ = fmt::format("{:08x}", env_.random() & 0xFFFF'FFFF);
    ring_.clear();
    ring_bytes_ = 0;
    for (auto& [name, root] : roots_) {
      root.rows.clear();
      root.version = ++versions_;
    }
    figures_.reset += clients_.size();
  }
  send_to_all(event_text("reset", fmt::format(R"({{"reason":"{}"}})", reason)));
}

void RowHub::beat() {
  const Nanos now = env_.monotonic();
  if (now >= next_status_) {
    next_status_ = now + options_.status_interval;
    const std::lock_guard asking(status_mutex_);
    if (status_) send_to_all(event_text("status", status_()));
  }
  if (now >= next_beat_) {
    next_beat_ = now + options_.beat_interval;
    send_to_all(": beat\n\n");
  }
}

void RowHub::set_status(std::function<std::string()> status) {
  const std::lock_guard asking(status_mutex_);
  status_ = std::move(status);
}

std::string RowHub::id(std::uint64_t sequence) const {
  return fmt::format("{}-{}", epoch_, sequence);
}

void RowHub::subscribe(std::shared_ptr<net::EventStream> stream, RowSubscription subscription) {
  std::ranges::sort(subscription.roots);
  auto client = std::make_shared<Client>();
  client->group = group_of(subscription);
  client->stream = std::move(stream);
  client->subscription = std::move(subscription);

  const std::lock_guard lock(mutex_);
  send_columns(*client);
  if (!client->subscription.last_event_id.empty()) {
    const bool resumed = replay(*client);
    ++(resumed ? figures_.resumed : figures_.reset);
    if (!resumed &&
        !client->stream->send(shared(event_text(
            "reset", R"({"reason":"what was missed is no longer kept"})", id(sequence_)))))
      return;
  } else if (!client->stream->send(
                 shared(fmt::format("id: {}\n: from here on\n\n", id(sequence_))))) {
    return;
  }
  clients_.push_back(std::move(client));
}

// What the rows of the known roots are made of; those of further ones say it in their first event.
void RowHub::send_columns(const Client& client) const {
  std::string text;
  const bool all = client.subscription.all_columns;
  for (const auto& [root, known] : roots_)
    if (client.takes(root))
      text += row_event({.root = root, .names_columns = true},
                        all ? all_event_columns() : chart_event_columns());
  // A client that is gone by now shows at the next one.
  if (!text.empty()) static_cast<void>(client.stream->send(shared(std::move(text))));
}

bool RowHub::replay(const Client& client) {
  const auto last = parse_event_id(client.subscription.last_event_id);
  if (!last || last->epoch != epoch_ || last->sequence > sequence_) return false;
  const std::uint64_t oldest = ring_.empty() ? sequence_ + 1 : ring_.front().sequence;
  if (last->sequence + 1 < oldest) return false;
  std::string missed;
  for (const Event& event : ring_)
    if (event.sequence > last->sequence && client.takes(event.root))
      missed += *event.text(client.subscription.all_columns);
  return missed.empty() || client.stream->send(shared(std::move(missed)));
}

RowTail RowHub::tail(std::string_view root) {
  const std::lock_guard lock(mutex_);
  RowTail tail{.rows = {}, .position = id(sequence_)};
  const auto found = roots_.find(root);
  if (found == roots_.end() || found->second.rows.empty()) return tail;
  Root& known = found->second;
  if (known.batch_version != known.version) {
    std::vector<CandleRow> all;
    all.reserve(known.rows.size());
    for (const auto& [time, row] : known.rows) all.push_back(row);
    auto batch = std::make_shared<table::RowBatch>(table::candles_1m(), all.size());
    jobs::append_rows(*batch, all, {.tickers = ticker_names_, .symbols = symbol_names_});
    known.batch = std::move(batch);
    known.batch_version = known.version;
  }
  tail.rows = known.batch;
  tail.version = known.version;
  return tail;
}

std::uint64_t RowHub::version(std::string_view root) const {
  const std::lock_guard lock(mutex_);
  const auto found = roots_.find(root);
  return found == roots_.end() ? 0 : found->second.version;
}

std::string RowHub::front_month(std::string_view root) const {
  const std::lock_guard lock(mutex_);
  const auto found = roots_.find(root);
  return found == roots_.end() ? "" : found->second.front_month;
}

std::vector<std::string> RowHub::roots() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  names.reserve(roots_.size());
  for (const auto& [name, root] : roots_) names.push_back(name);
  return names;
}

RowHubFigures RowHub::figures() const {
  RowHubFigures figures;
  {
    const std::lock_guard lock(mutex_);
    figures = figures_;
    figures.clients = clients_.size();
    figures.ring_bytes = ring_bytes_;
  }
  const std::lock_guard lock(queue_mutex_);
  figures.rows = rows_taken_;
  figures.rows_lost = rows_lost_;
  return figures;
}

}  // namespace fm::server
