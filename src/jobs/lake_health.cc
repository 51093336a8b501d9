#include "jobs/lake_health.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/yaml.h"
#include "jobs/config.h"
#include "jobs/halts.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr Nanos kLookInterval = kNanosPerSecond;
constexpr Nanos kStateInterval = 10 * kNanosPerSecond;
// A folder's time may stand still for two changes that are so close.
constexpr Nanos kTimeGrain = 2 * kNanosPerSecond;
// Contracts are read from the rows themselves: few in one look, and each not again so soon.
constexpr int kContractsPerLook = 2;
constexpr Nanos kContractInterval = 600 * kNanosPerSecond;
// A halt that nothing ends is believed for so long: status records come by themselves, and may have
// stopped coming.
constexpr Second kHaltBelieved = kSecondsPerDay;

// What a line needs to know of the rows of a root and table.
struct Known {
  Nanos folder_modified = 0;
  Nanos looked_at = 0;
  std::optional<lake::Manifest> newest;
  std::optional<Second> last_row;
  bool is_date = false;
};

// The newest candle's contract.
struct Contract {
  std::string symbol;
  std::uint64_t version = 0;  // of the manifest that it was read from
  std::string partition;
  Nanos read_at = 0;  // monotonic
};

// Of the newest row of a partition. Tables by dates have no timestamp in their key.
std::optional<Second> last_row_of(const table::Table& table, const lake::Manifest& manifest,
                                  bool& is_date) {
  std::optional<Second> last;
  for (const lake::DataFile& file : manifest.files)
    if (file.last_second) last = std::max(last.value_or(0), *file.last_second);
  if (last) return last;
  is_date = true;
  for (const lake::DataFile& file : manifest.files) {
    const auto cells = Yaml::parse(file.last_key, manifest.partition);
    if (!cells) continue;
    const auto items = cells->items();
    for (std::size_t i = 0; i < std::min(items.size(), table.key.size()); ++i) {
      if (table.columns[table.column_index(table.key[i])].type != table::Type::kDate) continue;
      const auto date = items[i].date();
      if (date) last = std::max(last.value_or(0), date->first_second());
    }
  }
  return last;
}

}  // namespace

struct LakeHealth::State {
  State(Env& real, LakeHealthOptions given)
      : env(real), options(std::move(given)), lake(lake::Lake::view(env, options.lake)) {
    if (options.state_dir.empty()) options.state_dir = default_state_dir(options.lake);
  }

  void look();
  void look_at_table(const FreshnessRule& rule, Nanos now);
  Status look_at_root(const table::Table& table, const std::string& root, Known& known, Nanos now);
  Status read_state(Nanos now);
  Status read_statuses(Nanos now);
  void read_contracts();
  void judge_lines(Second now);
  [[nodiscard]] HealthLine line_of(const FreshnessRule& rule, const std::string& root,
                                   const Known& known, Second now) const;
  [[nodiscard]] bool is_kept(const FreshnessRule& rule, const std::string& root, const Known& known,
                             Second now, Second wall) const;
  [[nodiscard]] std::optional<Second> seen_to(const FreshnessRule& rule, const std::string& root,
                                              const Known& known) const;
  [[nodiscard]] std::set<std::string> roots_of(const table::Table& table);
  [[nodiscard]] std::string halted(const std::string& root, const Known& known, Second now) const;
  [[nodiscard]] std::uint64_t rejected(const std::string& root, Date day) const;
  [[nodiscard]] std::uint64_t gaps_between(Second from, Second to) const;

  Env& env;
  LakeHealthOptions options;
  std::unique_ptr<lake::Lake> lake;
  std::optional<Registry> registry;
  std::mutex mutex;
  // What the parts of this process say.
  std::map<std::string, std::vector<std::string>, std::less<>> expected;  // roots by table
  std::map<std::pair<std::string, std::string>, Second> seen;             // by table and root
  std::optional<Second> replay;                                           // its clock
  // Of its own: who tells does not wait for a look at the lake.
  mutable std::mutex told_mutex;
  RunningHalts told_halts;  // by records of a feed
  // What was found.
  std::map<std::string, std::pair<Nanos, std::vector<std::string>>> folders;  // roots by table
  std::map<std::pair<std::string, std::string>, Known> known;                 // by table and root
  std::map<std::string, Contract> contracts;                                  // by root
  RunningHalts stored_halts;  // by the records in the lake
  Nanos statuses_modified = 0;
  Nanos statuses_looked_at = 0;
  std::optional<ops::State> state;
  std::vector<ops::Rejects> rejects;
  std::vector<ops::StoredGap> gaps;
  std::string state_problem;
  HealthReport report;
  std::optional<Nanos> looked_at;  // monotonic, as the next one
  std::optional<Nanos> state_looked_at;
};

std::set<std::string> LakeHealth::State::roots_of(const table::Table& table) {
  const std::string folder = lake->manifests_of(table);
  auto& [modified, roots] = folders[std::string(table.name)];
  const auto info = env.info(folder);
  if (!info) {
    roots.clear();
  } else if (info->modified != modified || info->modified + kTimeGrain > env.now()) {
    if (auto listed = lake->roots(table)) {
      roots = *std::move(listed);
      modified = info->modified;
    } else {
      report.problem = listed.error().message();
    }
  }
  std::set<std::string> all(roots.begin(), roots.end());
  if (const auto wanted = expected.find(table.name); wanted != expected.end())
    all.insert(wanted->second.begin(), wanted->second.end());
  return all;
}

Status LakeHealth::State::look_at_root(const table::Table& table, const std::string& root,
                                       Known& found, Nanos now) {
  const auto info = env.info(join(lake->manifests_of(table), "p_root=" + root));
  if (!info) {
    found = {};
    return {};
  }
  const bool unchanged = found.looked_at != 0 && info->modified == found.folder_modified &&
                         found.folder_modified + kTimeGrain < found.looked_at;
  if (unchanged) return {};
  FM_ASSIGN(found.newest, lake->newest(table, root));
  found.folder_modified = info->modified;
  found.looked_at = now;
  if (!found.newest) return {};
  if (found.newest->rows > 0) {
    found.last_row = last_row_of(table, *found.newest, found.is_date);
    return {};
  }
  if (found.last_row) return {};  // a feed's new day without rows yet
  FM_ASSIGN(const auto all, lake->partitions(table, root));
  const auto last = std::find_if(all.rbegin(), all.rend(),
                                 [](const lake::Manifest& one) { return one.rows > 0; });
  if (last != all.rend()) found.last_row = last_row_of(table, *last, found.is_date);
  return {};
}

void LakeHealth::State::look_at_table(const FreshnessRule& rule, Nanos now) {
  const table::Table& table = *table::find_table(rule.table);
  for (const std::string& root : roots_of(table)) {
    Known& found = known[{std::string(rule.table), root}];
    if (const Status looked = look_at_root(table, root, found, now); !looked)
      report.problem = looked.error().message();
  }
}

Status LakeHealth::State::read_state(Nanos now) {
  const std::string file = ops::state_file(options.state_dir);
  if (!env.exists(file)) {
    state.reset();
    return {};
  }
  if (!state) {
    FM_ASSIGN(state, ops::State::open_to_read(env, file));
  }
  constexpr int kDays = 7;  // the trade date in hand may have begun before a long weekend
  const Nanos from =
      (replay ? static_cast<Nanos>(*replay) * kNanosPerSecond : now) - kDays * kNanosPerDay;
  FM_ASSIGN(rejects, state->rejects(Date::of_second(second_of(from))));
  FM_ASSIGN(gaps, state->gaps_since(from, ops::Gaps::kOpen));
  return {};
}

Status LakeHealth::State::read_statuses(Nanos now) {
  const auto info = env.info(lake->manifests_of(table::databento_status()));
  if (!info) {
    stored_halts = {};
    return {};
  }
  if (info->modified == statuses_modified && statuses_modified + kTimeGrain < statuses_looked_at)
    return {};
  const Second clock = replay ? *replay : second_of(now);
  FM_ASSIGN(Halts halts, read_halts(*lake, Date::of_second(clock - kHaltBelieved)));
  stored_halts = std::move(halts.running);
  statuses_modified = info->modified;
  statuses_looked_at = now;
  return {};
}

// Why nothing trades; empty where it may. Rows after a halt's begin say that trading goes on.
std::string LakeHealth::State::halted(const std::string& root, const Known& found,
                                      Second now) const {
  const auto of = [&](const RunningHalts& halts) -> std::string {
    const auto of_root = halts.by_root().find(root);
    if (of_root == halts.by_root().end()) return {};
    for (const auto& [contract, halt] : of_root->second) {
      const bool holds = halt.since <= now && now < halt.since + kHaltBelieved;
      if (holds && found.last_row.value_or(0) <= halt.since)
        return fmt::format("{} since {} ({})", contract, chicago_time(halt.since),
                           status_reason(halt.reason));
    }
    return {};
  };
  std::string told;
  {
    const std::lock_guard lock(told_mutex);
    told = of(told_halts);
  }
  return told.empty() ? of(stored_halts) : told;
}

void LakeHealth::State::read_contracts() {
  const table::Table& table = table::candles_1m();
  int read = 0;
  for (const auto& [place, found] : known) {
    if (read == kContractsPerLook) return;
    if (place.first != table.name || !found.newest || found.newest->rows == 0) continue;
    Contract& contract = contracts[place.second];
    const bool same_day = contract.partition == found.newest->partition;
    if (same_day && (contract.version == found.newest->version ||
                     env.monotonic() < contract.read_at + kContractInterval))
      continue;
    ++read;
    contract.partition = found.newest->partition;
    contract.version = found.newest->version;
    contract.read_at = env.monotonic();
    const auto rows = lake->read(table, {.root = place.second,
                                         .from = found.newest->key().date,
                                         .newest_first = true,
                                         .rows_max = 1,
                                         .columns = {"symbol"}});
    if (!rows) continue;  // a line without its contract; it is read again with the next version
    table::RowBatch batch(table, 64);
    if (const auto more = (*rows)->next(batch); more && *more && batch.size() > 0)
      contract.symbol = batch.text(table.column_index("symbol"), 0);
  }
}

bool LakeHealth::State::is_kept(const FreshnessRule& rule, const std::string& root,
                                const Known& found, Second now, Second wall) const {
  if (const auto* listed = registry->universe().find(root);
      listed != nullptr && listed->last_trade_date &&
      *listed->last_trade_date < Date::of_second(now))
    return false;
  if (const auto wanted = expected.find(rule.table); wanted != expected.end())
    if (std::ranges::find(wanted->second, root) != wanted->second.end()) return true;
  // A load of old files is a new commit of old rows.
  return found.newest && found.last_row && second_of(found.newest->created) + kKeptFor >= wall &&
         *found.last_row + kKeptFor >= now;
}

std::optional<Second> LakeHealth::State::seen_to(const FreshnessRule& rule, const std::string& root,
                                                 const Known& found) const {
  std::optional<Second> to;
  if (found.newest && rule.pace == FreshnessRule::Pace::kStream) to = found.newest->final_to;
  for (const std::string& which : {std::string(), root}) {
    const auto said = seen.find({std::string(rule.table), which});
    if (said != seen.end()) to = std::max(to.value_or(0), said->second);
  }
  return to;
}

std::uint64_t LakeHealth::State::rejected(const std::string& root, Date day) const {
  std::int64_t count = 0;
  for (const ops::Rejects& of_date : rejects) {
    if (of_date.ticker != root || of_date.date != day) continue;
    for (const auto& [reason, records] : of_date.counts) count += records;
  }
  return static_cast<std::uint64_t>(count);
}

std::uint64_t LakeHealth::State::gaps_between(Second from, Second to) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(gaps, [&](const ops::StoredGap& gap) {
    return second_of(gap.gap.to) >= from && second_of(gap.gap.from) < to;
  }));
}

HealthLine LakeHealth::State::line_of(const FreshnessRule& rule, const std::string& root,
                                      const Known& found, Second wall) const {
  const bool is_replayed = replay && rule.pace == FreshnessRule::Pace::kStream;
  const Second now = is_replayed ? *replay : wall;
  const table::Table& table = *table::find_table(rule.table);
  const auto& calendar = registry->calendar();
  const auto family = calendar.template_of(root);
  const Judgement made = judge(rule, calendar, family,
                               {.now = now,
                                .last_row = found.last_row,
                                .is_date = found.is_date,
                                .seen_to = seen_to(rule, root, found),
                                .is_kept = is_kept(rule, root, found, now, wall),
                                .halted = halted(root, found, now)});
  HealthLine line;
  line.root = root;
  line.table = rule.table;
  line.last_row = found.last_row;
  if (found.last_row) line.age_s = now - *found.last_row;
  line.expected = made.expected;
  line.expected_by = made.expected_by;
  line.next_open = made.next_open;
  line.reason = made.reason;
  if (is_replayed && made.expected != Expected::kNone)
    line.reason +=
        fmt::format("{}as of {} in the replay", line.reason.empty() ? "" : ", ", iso_second(now));
  line.light = made.light;
  if (const auto of_root = contracts.find(root); of_root != contracts.end())
    line.contract = of_root->second.symbol;
  const auto trade_date = trade_date_now(calendar, family, now);
  if (!trade_date) return line;
  const auto spans = calendar.spans_of(family, *trade_date);
  if (rule.pace == FreshnessRule::Pace::kStream) {
    line.rejected_today = rejected(root, *trade_date);
    if (!spans.empty()) line.gaps_today = gaps_between(spans.front().open, spans.back().close);
  }
  if (table.layout != table::LakeLayout::kRootDay || !found.newest) return line;
  const Date today = table.partition_column == "ts_date" ? Date::of_second(now) : *trade_date;
  line.rows_today = found.newest->key().date == today ? found.newest->rows : 0;
  return line;
}

void LakeHealth::State::judge_lines(Second now) {
  report.lines.clear();
  std::set<std::string> roots;
  for (const auto& [place, found] : known) roots.insert(place.second);
  for (const std::string& root : roots)
    for (const FreshnessRule& rule : freshness_rules()) {
      const auto found = known.find({std::string(rule.table), root});
      if (found == known.end()) continue;
      HealthLine line = line_of(rule, root, found->second, now);
      if (line.last_row || line.expected != Expected::kNone)
        report.lines.push_back(std::move(line));
    }
}

void LakeHealth::State::look() {
  report.problem.clear();
  if (!registry) {
    auto loaded = Registry::load(env, options.universe_file);
    if (!loaded) {
      report.problem = loaded.error().message();
      return;
    }
    registry = *std::move(loaded);
  }
  const Nanos now = env.now();
  for (const FreshnessRule& rule : freshness_rules()) look_at_table(rule, now);
  if (const Status read = read_statuses(now); !read) report.problem = read.error().message();
  if (!state_looked_at || env.monotonic() >= *state_looked_at + kStateInterval) {
    state_looked_at = env.monotonic();
    const Status read = read_state(now);
    state_problem = read ? "" : read.error().message();
    if (!read) state.reset();
  }
  if (report.problem.empty()) report.problem = state_problem;
  read_contracts();
  judge_lines(second_of(now));
  report.disk.reset();
  if (const auto space = env.disk_space(env.exists(options.lake) ? options.lake : "."))
    report.disk = {options.lake, space->free_bytes, space->total_bytes};
}

LakeHealth::LakeHealth(Env& env, const LakeHealthOptions& options)
    : state_(std::make_unique<State>(env, options)) {}
LakeHealth::~LakeHealth() = default;

void LakeHealth::expect(std::string_view table, std::vector<std::string> roots) {
  const std::lock_guard lock(state_->mutex);
  state_->expected.insert_or_assign(std::string(table), std::move(roots));
}

void LakeHealth::seen(std::string_view table, std::string_view root, Second to) {
  const std::lock_guard lock(state_->mutex);
  Second& known = state_->seen[{std::string(table), std::string(root)}];
  known = std::max(known, to);
}

void LakeHealth::replayed(std::optional<Second> clock) {
  const std::lock_guard lock(state_->mutex);
  state_->replay = clock;
}

void LakeHealth::status(std::string_view contract, Second at, std::int32_t action,
                        std::int32_t reason) {
  const std::lock_guard lock(state_->told_mutex);
  state_->told_halts.add(contract, at, action, reason);
}

HealthReport LakeHealth::health() const {
  const std::lock_guard lock(state_->mutex);
  const Nanos now = state_->env.monotonic();
  if (!state_->looked_at || now >= *state_->looked_at + kLookInterval) {
    state_->looked_at = now;
    state_->look();
    state_->report.asof = second_of(state_->env.now());
  }
  return state_->report;
}

}  // namespace fm::jobs
