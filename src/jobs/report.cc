#include "jobs/report.h"

#include <algorithm>

#include "jobs/text.h"
#include "jobs/text_rows.h"
#include "market/contract.h"

namespace fm::jobs {
namespace {

TickerReport& ticker_report(CandlesReport& report, std::string_view ticker) {
  const auto at = std::ranges::lower_bound(report.tickers, ticker, {}, &TickerReport::ticker);
  if (at != report.tickers.end() && at->ticker == ticker) return *at;
  TickerReport fresh;
  fresh.ticker = ticker;
  return *report.tickers.insert(at, std::move(fresh));
}

void append_tickers_json(const CandlesReport& report, std::string& out) {
  out += "\"tickers\":[";
  for (const TickerReport& ticker : report.tickers) {
    if (out.back() != '[') out += ',';
    out += "{\"ticker\":";
    append_json_string(ticker.ticker, out);
    out += fmt::format(
        ",\"accepted\":{},\"spreads\":{},\"off_session\":{},\"left_out\":{},\"switches\":{},"
        "\"rows\":{},\"volume\":{},\"last_cvd\":{},\"last_contract\":",
        ticker.accepted, ticker.spreads, ticker.off_session, ticker.left_out, ticker.switches,
        ticker.rows, ticker.volume, ticker.last_cvd ? std::to_string(*ticker.last_cvd) : "null");
    append_json_string(ticker.last_contract, out);
    out += '}';
  }
  out += ']';
}

}  // namespace

std::string_view root_of_spread(std::string_view symbol) {
  const std::string_view first = symbol.substr(0, symbol.find_first_of("- :"));
  if (market::is_outright(first)) return market::root_of(first);
  const bool names_root = symbol.size() > first.size() && symbol[first.size()] == ':' &&
                          first.size() <= 3 && first != "UD";
  return names_root ? first : std::string_view();
}

void add_engine_counts(const candles::Engine& engine, CandlesReport& report) {
  const candles::Stats stats = engine.stats();
  report.records += stats.records;
  report.accepted += stats.accepted;
  report.rows += stats.rows;
  for (std::size_t i = 0; i < candles::kReasonCount; ++i) {
    if (stats.rejected[i] > 0)
      report.rejected[std::string(name(static_cast<candles::Reason>(i)))] += stats.rejected[i];
  }
  for (const candles::TickerStats& from : stats.tickers) {
    TickerReport& to = ticker_report(report, from.ticker);
    to.accepted += from.accepted;
    to.volume += from.volume;
    to.rows += from.rows;
    to.switches += from.switches;
    to.off_session += from.off_session;  // has no trade date, so rejects() knows no ticker for it
    if (from.cvd_close) to.last_cvd = from.cvd_close;
    if (!from.stints.empty()) to.last_contract = from.stints.back().second;
    auto& stints = report.stints[from.ticker];
    stints.insert(stints.end(), from.stints.begin(), from.stints.end());
  }
  for (const candles::RejectCount& reject : engine.rejects()) {
    if (!reject.ticker || reject.reason == candles::Reason::kOffSession) continue;
    ticker_report(report, engine.ticker(*reject.ticker)).left_out += reject.count;
  }
  for (candles::SymbolId id = 1; id < engine.symbol_count(); ++id) {
    const std::uint64_t count = engine.not_outright(id);
    if (count == 0) continue;
    const std::string_view root = root_of_spread(engine.symbol(id));
    // Roots that trade spreads only have no line of their own.
    const auto at = std::ranges::lower_bound(report.tickers, root, {}, &TickerReport::ticker);
    if (at != report.tickers.end() && at->ticker == root) at->spreads += count;
  }
}

double CandlesReport::records_per_second() const {
  return elapsed == 0 ? 0
                      : static_cast<double>(records) * static_cast<double>(kNanosPerSecond) /
                            static_cast<double>(elapsed);
}

std::string to_text(const CandlesReport& report) {
  std::string out = fmt::format("{:<6}{:>14}{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}  {}\n", "ticker",
                                "trades in", "spreads", "off-session", "other", "switches",
                                "candles", "last CVD", "front month");
  for (const TickerReport& ticker : report.tickers) {
    out += fmt::format("{:<6}{:>14}{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}  {}\n", ticker.ticker,
                       with_commas(ticker.accepted), with_commas(ticker.spreads),
                       with_commas(ticker.off_session), with_commas(ticker.left_out),
                       with_commas(ticker.switches), with_commas(ticker.rows),
                       ticker.last_cvd ? with_commas(*ticker.last_cvd) : "", ticker.last_contract);
  }
  out +=
      fmt::format("{} records in {} files, {} accepted, {} candles, {:.2f} s, {:.2f} M records/s\n",
                  with_commas(report.records), report.files, with_commas(report.accepted),
                  with_commas(report.rows),
                  static_cast<double>(report.elapsed) / static_cast<double>(kNanosPerSecond),
                  report.records_per_second() / 1e6);
  if (!report.rejected.empty()) {
    out += "left out:";
    for (const auto& [reason, count] : report.rejected)
      out += fmt::format(" {} {}", reason, with_commas(count));
    out += '\n';
  }
  if (!report.quarantine_file.empty())
    out += fmt::format("{} of them are in {}\n", with_commas(report.quarantined),
                       report.quarantine_file);
  if (report.partitions_written + report.partitions_unchanged > 0)
    out += fmt::format("trade dates: {} written, {} unchanged\n", report.partitions_written,
                       report.partitions_unchanged);
  if (report.files_reread > 0)
    out += fmt::format("{} files read again that the lake had recorded for the same trade dates\n",
                       report.files_reread);
  if (report.spilled_bytes > 0)
    out += fmt::format("{:.1f} MiB of rows were held in a file beside the output, removed since\n",
                       static_cast<double>(report.spilled_bytes) / (1 << 20));
  for (const SalvageReport& damage : report.salvaged)
    out += fmt::format("salvaged {}: {}\n", damage.file, damage.what);
  if (report.rebuild_hint)
    out += fmt::format(
        "{} later trade dates no longer follow from the ones before them: run "
        "`frontmonth candles --rebuild-from {}`\n",
        report.stale.size(), report.rebuild_hint->iso());
  return out;
}

std::string to_json(const CandlesReport& report) {
  std::string out = "{";
  append_tickers_json(report, out);
  out += fmt::format(
      ",\"files\":{},\"files_reread\":{},\"files_skipped\":{},\"records\":{},\"accepted\":{},"
      "\"rows\":{},\"rejected\":{{",
      report.files, report.files_reread, report.files_skipped, report.records, report.accepted,
      report.rows);
  for (const auto& [reason, count] : report.rejected)
    out += fmt::format("{}\"{}\":{}", out.back() == '{' ? "" : ",", reason, count);
  out += "},\"stints\":{";
  for (const auto& [ticker, stints] : report.stints) {
    if (out.back() != '{') out += ',';
    append_json_string(ticker, out);
    out += ":[";
    for (const auto& [second, symbol] : stints)
      out += fmt::format("{}[{},\"{}\"]", out.back() == '[' ? "" : ",", second, symbol);
    out += ']';
  }
  out += fmt::format("}},\"quarantined\":{},\"quarantine_file\":", report.quarantined);
  append_json_string(report.quarantine_file, out);
  out += ",\"salvaged\":[";
  for (const SalvageReport& damage : report.salvaged) {
    out += out.back() == '[' ? "{\"file\":" : ",{\"file\":";
    append_json_string(damage.file, out);
    out += ",\"what\":";
    append_json_string(damage.what, out);
    out += '}';
  }
  out += fmt::format("],\"partitions_written\":{},\"partitions_unchanged\":{},\"stale\":[",
                     report.partitions_written, report.partitions_unchanged);
  for (const std::string& stale : report.stale) {
    if (out.back() != '[') out += ',';
    append_json_string(stale, out);
  }
  out += fmt::format(
      "],\"rebuild_from\":{},\"input_bytes\":{},\"output_bytes\":{},\"spilled_bytes\":{},"
      "\"elapsed_ns\":{}}}\n",
      report.rebuild_hint ? fmt::format("\"{}\"", report.rebuild_hint->iso()) : "null",
      report.input_bytes, report.output_bytes, report.spilled_bytes, report.elapsed);
  return out;
}

}  // namespace fm::jobs
