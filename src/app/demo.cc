#include "app/demo.h"

#include <algorithm>
#include <map>

#include "app/chart.h"
#include "app/progress.h"
#include "app/session_chart.h"
#include "base/assert.h"
#include "base/json_text.h"
#include "base/signals.h"
#include "gateway/live_server.h"
#include "jobs/config.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "synth/files.h"
#include "table/catalogue.h"

namespace fm::app {
namespace {

// In the folder from the first moment on: what made it, and the proof that replacing it destroys
// nothing else.
constexpr const char* kMarker = "demo.txt";
constexpr const char* kDataset = "GLBX.MDP3";
// A gateway without a key of its own takes every key of the right length.
constexpr const char* kAnyKey = "db-frontmonth-demo-0000000000000";

std::string marker_text(const DemoOptions& options) {
  return fmt::format("made by frontmonth demo, safe to delete\ntrades {}\ndate {}\n",
                     options.trades, options.date.iso());
}

// True when an earlier demo with other options was removed.
Result<bool> prepare_directory(Env& env, const DemoOptions& options) {
  const std::string& directory = options.directory;
  const std::string marker = join(directory, kMarker);
  FM_TRY(env.make_directories(directory));
  FM_ASSIGN(const auto names, env.list(directory));
  bool replaced = false;
  if (!names.empty()) {
    const auto made_by = read_text(env, marker, 4'096);
    if (!made_by) {
      return std::unexpected(
          Error(Code::kAlreadyExists, fmt::format("{}: holds files that no demo made", directory))
              .hint("Name another folder by --dir."));
    }
    if (*made_by == marker_text(options)) return false;
    for (const auto& name : names) {
      if (name != kMarker) FM_TRY(remove_tree(env, join(directory, name)));
    }
    replaced = true;
  }
  FM_TRY(write_text_atomically(env, marker, marker_text(options)));
  return replaced;
}

// The root with the most trades.
std::string busiest(const jobs::CandlesReport& report) {
  FM_ASSERT(!report.tickers.empty());
  return std::ranges::max(report.tickers, {}, &jobs::TickerReport::accepted).ticker;
}

Status draw(Env& env, const jobs::Config& config, const jobs::Registry& registry,
            DemoReport& report) {
  FM_ASSIGN(auto chart, session_chart(env, config, registry.universe(), registry.calendar(),
                                      report.root, report.trade_date));
  chart.footer = fmt::format("Synthetic trades \u00b7 frontmonth {} demo", FM_VERSION);
  FM_TRY(write_png(env, chart, report.png));
  return write_svg(env, chart, report.svg);
}

// Nobody watches: it takes a second.
class NoObserver final : public jobs::LiveObserver {
 public:
  void at(const jobs::LiveStatus&) override {}
};

// The trades as a live feed, from a gateway on a free port of this machine, at full speed.
Status stream(Env& env, DemoReport& report) {
  const std::string paths[] = {report.trades_file};
  FM_ASSIGN(auto archive, gateway::Archive::open(env, paths));
  gateway::LiveServerOptions server;
  server.port = 0;
  server.speed = gateway::kSpeedMax;
  FM_ASSIGN(const auto gateway,
            gateway::LiveServer::start(env, std::move(archive), std::move(server)));

  jobs::LiveJobOptions live;
  live.lake = report.lake;
  live.session.host = "127.0.0.1";
  live.session.port = gateway->port();
  live.session.dataset = kDataset;
  live.session.subscriptions = {{dbn::Schema::kTbbo, dbn::SType::kRawSymbol, {"ALL_SYMBOLS"}}};
  live.start = 0;
  live.until_end = true;
  StopSignal stop;
  NoObserver observer;
  const Nanos start = env.monotonic();
  FM_ASSIGN(report.live, jobs::run_live(env, live, Secret(kAnyKey), stop, observer));
  report.live_elapsed = env.monotonic() - start;
  if (stop.requested())
    return std::unexpected(Error(Code::kTimedOut, "stopped before the day was over").retryable());
  return {};
}

// What both lakes hold, partition by partition, by the content of the cells.
Result<std::map<std::string, std::string>> contents_of(Env& env, const std::string& lake) {
  std::map<std::string, std::string> contents;
  const auto view = lake::Lake::view(env, lake);
  for (const table::Table* table : {&table::candles_1m(), &table::candles_1s()}) {
    FM_ASSIGN(const std::vector<lake::Manifest> manifests, view->partitions(*table));
    for (const lake::Manifest& manifest : manifests)
      contents[fmt::format("{} {}", manifest.table, manifest.partition)] = manifest.hash;
  }
  return contents;
}

Status compare_with_batch(Env& env, DemoReport& report, jobs::Progress& progress) {
  jobs::CandlesOptions candles;
  candles.inputs = {report.trades_file};
  candles.lake = join(report.directory, "batch/lake");
  FM_ASSIGN(report.candles, jobs::run_candles(env, candles, progress));
  FM_ASSIGN(const auto live, contents_of(env, report.lake));
  FM_ASSIGN(const auto batch, contents_of(env, candles.lake));
  for (const auto& [partition, hash] : batch) {
    const auto same = live.find(partition);
    if (same != live.end() && same->second == hash) continue;
    return fail(Code::kCheckFailed, "{}: the live feed and the batch run give different rows",
                partition);
  }
  if (live.size() != batch.size())
    return fail(Code::kCheckFailed, "the live feed made {} partitions and the batch run {}",
                live.size(), batch.size());
  report.partitions_equal = live.size();
  return {};
}

struct Row {
  std::vector<std::string> cells;
};

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].cells.size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], row.cells[i].size());
  std::string out;
  for (const auto& row : rows) {
    out += "  ";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool is_text = i == 0 || i + 1 == widths.size();
      out += is_text ? fmt::format("{:<{}}", row.cells[i], i == 0 ? widths[i] : 0)
                     : fmt::format("{:>{}}", row.cells[i], widths[i]);
      if (i + 1 < widths.size()) out += "  ";
    }
    out += '\n';
  }
  return out;
}

std::string count(std::uint64_t value) { return grouped(static_cast<std::int64_t>(value)); }

// "ESM5 > ESU5", however often it went to and fro.
std::string contracts_of(const jobs::CandlesReport& report, const std::string& ticker) {
  const auto found = report.stints.find(ticker);
  if (found == report.stints.end() || found->second.empty()) return "";
  const std::string& first = found->second.front().second;
  const std::string& last = found->second.back().second;
  return first == last ? first : fmt::format("{} > {}", first, last);
}

std::string table_text(const jobs::CandlesReport& report) {
  std::vector<Row> rows = {{{"root", "trades in", "spreads", "off session", "other", "switches",
                             "candles", "last CVD", "front month"}}};
  jobs::TickerReport total;
  for (const auto& ticker : report.tickers) {
    const std::uint64_t in =
        ticker.accepted + ticker.spreads + ticker.off_session + ticker.left_out;
    rows.push_back(
        {{ticker.ticker, count(in), count(ticker.spreads), count(ticker.off_session),
          count(ticker.left_out), count(ticker.switches), count(ticker.rows),
          ticker.last_cvd ? grouped(*ticker.last_cvd) : "", contracts_of(report, ticker.ticker)}});
    total.accepted += in;
    total.spreads += ticker.spreads;
    total.off_session += ticker.off_session;
    total.left_out += ticker.left_out;
    total.switches += ticker.switches;
    total.rows += ticker.rows;
  }
  rows.push_back({{"all", count(total.accepted), count(total.spreads), count(total.off_session),
                   count(total.left_out), count(total.switches), count(total.rows), "", ""}});
  return aligned(rows);
}

double seconds(Nanos duration) { return static_cast<double>(duration) / 1e9; }

}  // namespace

Result<DemoReport> run_demo(Env& env, const DemoOptions& options, jobs::Progress& progress) {
  DemoReport report;
  report.directory = options.directory;
  FM_ASSIGN(report.replaced_other, prepare_directory(env, options));
  FM_ASSIGN(const auto registry, jobs::Registry::load(env, ""));

  report.trades_file = join(options.directory, "trades.dbn.zst");
  progress.at({.stage = "making trades"});
  const Nanos start = env.monotonic();
  FM_ASSIGN(const auto written,
            synth::write_file(env, report.trades_file, registry.universe(), registry.calendar(),
                              {.first_date = options.date, .days = 1, .trades = options.trades}));
  report.synth_elapsed = env.monotonic() - start;
  report.trade_date = written.trade_dates.front();
  FM_ASSIGN(const auto info, env.info(report.trades_file));
  report.trades_bytes = info.size_bytes;

  jobs::Config config;
  config.lake = join(options.directory, "lake");
  config.state_dir = jobs::default_state_dir(config.lake);
  FM_ASSIGN(const jobs::Config defaults, jobs::load_config(env, {"/dev/null", {}, {}}));
  config.query = defaults.query;
  report.lake = config.lake;

  progress.at({.stage = "streaming"});
  FM_TRY(stream(env, report));
  progress.at({.stage = "comparing with a batch run"});
  FM_TRY(compare_with_batch(env, report, progress));
  if (report.candles.tickers.empty())
    return fail(Code::kInvalidArgument, "{} trades are too few for a candle", options.trades);

  report.root = busiest(report.candles);
  report.png = join(options.directory, report.root + ".png");
  report.svg = join(options.directory, report.root + ".svg");
  progress.at({.stage = "drawing"});
  FM_TRY(draw(env, config, registry, report));
  return report;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+=:,@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::vector<std::string> next_commands(const DemoReport& report, const std::string& program) {
  const std::string self = shell_word(program);
  const std::string lake = shell_word(report.lake);
  const std::string trades = shell_word(report.trades_file);
  const auto in_folder = [&](const char* name) { return shell_word(join(report.directory, name)); };
  return {
      fmt::format("{} query \"SELECT time, symbol, close, volume, vd, cvd_close FROM candles_1m "
                  "WHERE ticker = '{}' "
                  "ORDER BY time DESC LIMIT 10\" --lake {}",
                  self, report.root, lake),
      fmt::format("{} query 'SELECT ticker, first_symbol, last_symbol, volume, cvd_close FROM "
                  "candle_sessions' "
                  "--lake {}",
                  self, lake),
      fmt::format(
          "{} query 'SELECT job, status, rows_processed, started_at FROM job_runs' --lake {}", self,
          lake),
      fmt::format("{} dump {} --pretty --symbols --limit 3", self, trades),
      fmt::format("{} candles {} -o {} --stats {}", self, trades, in_folder("candles.csv"),
                  in_folder("stats.json")),
      fmt::format("{} schema candles_1m --engine bigquery", self),
      fmt::format("{} doctor --lake {}", self, lake),
  };
}

std::string to_text(const DemoReport& report, const std::string& program) {
  const auto& candles = report.candles;
  std::string text;
  if (report.replaced_other)
    text +=
        fmt::format("{} held a demo with other options; it was replaced.\n\n", report.directory);
  text += fmt::format("Made {} trades of {} in {:.2f} s: {} ({})\n", count(candles.records),
                      report.trade_date.iso(), seconds(report.synth_elapsed), report.trades_file,
                      short_bytes(report.trades_bytes));
  text += fmt::format(
      "Streamed live in {:.2f} s, {} records/s: replay gateway, capture log, candles, lake: {}\n",
      seconds(report.live_elapsed),
      short_count(static_cast<double>(candles.records) /
                  std::max(seconds(report.live_elapsed), 1e-3)),
      report.lake);
  if (report.live.feed.dropped > 0)
    text += fmt::format("{} of them were in the log already.\n", count(report.live.feed.dropped));
  const bool unchanged = candles.partitions_written == 0 && candles.partitions_unchanged > 0;
  text += fmt::format(
      "A batch run over the same file ({:.2f} s, {} trades/s) gives the same rows: {} partitions, "
      "cell by cell{}.\n\n",
      seconds(candles.elapsed), short_count(candles.records_per_second()), report.partitions_equal,
      unchanged ? " (unchanged: they were there)" : "");
  text += table_text(candles);
  text += fmt::format("\nPicture of {}: {}\n            and: {}\n", report.root, report.png,
                      report.svg);
  text += fmt::format("Any tool reads the candles: {}/market_data/candles_1m/*/*/*.parquet\n",
                      report.lake);
  text += "\nLook further:\n";
  for (const auto& command : next_commands(report, program)) text += fmt::format("  {}\n", command);
  return text;
}

std::string to_json(const DemoReport& report) {
  std::string candles = jobs::to_json(report.candles);
  while (candles.ends_with('\n')) candles.pop_back();
  return fmt::format(
      "{{\"directory\":{},\"trades_file\":{},\"trade_date\":\"{}\",\"lake\":{},\"root\":{},\"png\":"
      "{},\"svg\":{},"
      "\"live_seconds\":{:.3f},\"partitions_equal\":{},\"candles\":{}}}\n",
      json_quoted(report.directory), json_quoted(report.trades_file), report.trade_date.iso(),
      json_quoted(report.lake), json_quoted(report.root), json_quoted(report.png),
      json_quoted(report.svg), seconds(report.live_elapsed), report.partitions_equal, candles);
}

}  // namespace fm::app
