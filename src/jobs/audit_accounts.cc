#include "jobs/audit_accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "databento/historical_client.h"
#include "dbn/enums.h"
#include "jobs/backup.h"
#include "jobs/text.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using quality::AuditReport;
using quality::BackupAccount;
using quality::DownloadRequest;
using quality::KeptTable;
using quality::Seam;

constexpr Second kHour = 3'600;

std::string moment(const std::optional<Second>& at) { return at ? iso_second(*at) : "none"; }

std::string age_of(Second at, Second now) {
  const Second hours = std::max<Second>(now - at, 0) / kHour;
  return hours < 48 ? plural(static_cast<std::uint64_t>(hours), "hour")
                    : plural(static_cast<std::uint64_t>(hours / 24), "day");
}

std::string overlap_of(const Seam& seam) {
  if (!seam.first_live || !seam.last_history) return "nothing to compare";
  const std::uint64_t compared = seam.equal + seam.different + seam.only_live + seam.only_history;
  if (compared == 0)
    return seam.missing_dates == 0
               ? "no overlap, no date missing"
               : fmt::format("{} missing", plural(seam.missing_dates, "trade date"));
  if (seam.is_good()) return fmt::format("{}, equal", plural(seam.equal, "row"));
  return fmt::format("{} equal, {} different, {} only live, {} only historical",
                     with_commas(seam.equal), with_commas(seam.different),
                     with_commas(seam.only_live), with_commas(seam.only_history));
}

std::string days_of(const KeptTable& table) {
  return table.days ? plural(static_cast<std::uint64_t>(*table.days), "day") : "for ever";
}

std::string backup_line(const BackupAccount& backup, Second now) {
  if (!backup.state_known) return "unknown: the lake has no ops.sqlite beside it";
  std::string out = "none is recorded; `frontmonth backup DIR` makes one";
  if (backup.made)
    out = fmt::format("{}, {} ago, into {}; {}", iso_second(*backup.made),
                      age_of(*backup.made, now), backup.directory,
                      backup.verified ? "read back and found equal" : "not read back (--verify)");
  if (backup.failed)
    out += fmt::format("; the one of {} failed: {}", iso_second(*backup.failed), backup.error);
  return out;
}

databento::DataRequest request_of(const DownloadRequest& planned, const std::string& dataset) {
  databento::DataRequest request;
  request.dataset = dataset;
  request.schema = dbn::parse_schema(planned.schema).value();
  for (const std::string& root : planned.roots) request.symbols.push_back(root + ".FUT");
  const auto nanos = [](Date date) {
    return static_cast<Nanos>(date.first_second()) * kNanosPerSecond;
  };
  request.start = nanos(planned.from);
  request.end = nanos(planned.to);
  return request;
}

}  // namespace

Result<BackupAccount> read_backup_account(Env& env, const std::string& state_dir) {
  BackupAccount account;
  auto state = ops::State::open_to_read(env, ops::state_file(state_dir));
  if (!state) {
    if (state.error().code() == Code::kNotFound) return account;
    return std::unexpected(std::move(state).error());
  }
  FM_ASSIGN(BackupRecord record, last_backup(*state));
  account.state_known = true;
  account.made = record.made;
  account.directory = std::move(record.directory);
  account.verified = record.verified;
  account.failed = record.failed;
  account.error = std::move(record.error);
  return account;
}

Result<std::vector<KeptTable>> read_kept_tables(const lake::Lake& lake,
                                                const RetentionRules& rules) {
  FM_ASSIGN(const std::vector<TableRetention> found, look_at_retention(lake, rules));
  std::vector<KeptTable> kept;
  kept.reserve(found.size());
  for (const TableRetention& table : found)
    kept.push_back({table.table, table.days, table.oldest, table.partitions, table.expired});
  return kept;
}

void ask_costs(Env& env, const AuditOptions& options, AuditReport& report) {
  if (report.plan.empty()) return;
  if (!options.key) {
    report.why_no_cost = options.why_no_key.empty() ? "no API key was given" : options.why_no_key;
    return;
  }
  const auto client = databento::HistoricalClient::create(env, *options.key, options.service);
  if (!client) {
    report.why_no_cost = client.error().message();
    return;
  }
  for (DownloadRequest& planned : report.plan) {
    const auto cost = (*client)->get_cost(request_of(planned, report.dataset));
    if (cost) {
      planned.cost_usd = *cost;
      continue;
    }
    // A service that refuses the key, or is not there, is not asked again for each request.
    report.why_no_cost = cost.error().message();
    return;
  }
}

std::string table_of(const std::vector<std::vector<std::string>>& lines, std::size_t texts) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); ++c)
      text += c < texts ? fmt::format("{}{:<{}}", c == 0 ? "" : "  ", line[c], widths[c])
                        : fmt::format("  {:>{}}", line[c], widths[c]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string accounts_text(const AuditReport& report) {
  std::string out;
  if (!report.seams.empty()) {
    std::vector<std::vector<std::string>> lines{
        {"root", "last historical bar", "first live bar", "overlap"}};
    for (const Seam& seam : report.seams)
      lines.push_back(
          {seam.root, moment(seam.last_history), moment(seam.first_live), overlap_of(seam)});
    out += "\nFrom history to live:\n" + table_of(lines, 4);
  }
  if (!report.kept.empty()) {
    std::vector<std::vector<std::string>> lines{
        {"table", "kept", "oldest", "partitions", "expired"}};
    for (const KeptTable& table : report.kept)
      lines.push_back({table.table, days_of(table), table.oldest ? table.oldest->iso() : "none",
                       with_commas(table.partitions), with_commas(table.expired)});
    out += "\nKept:\n" + table_of(lines, 3);
  }
  return out + "\nLast backup: " + backup_line(report.backup, report.made_at) + "\n";
}

std::string accounts_json(const AuditReport& report) {
  const auto at = [](const std::optional<Second>& second) {
    return second ? '"' + iso_second(*second) + '"' : std::string("null");
  };
  std::string out = R"("seams":[)";
  for (const Seam& seam : report.seams)
    out += fmt::format(
        R"({}{{"root":{},"table":{},"last_history":{},"first_live":{},"missing_dates":{},)"
        R"("equal":{},"different":{},"only_live":{},"only_history":{}}})",
        out.back() == '[' ? "" : ",", json_quoted(seam.root), json_quoted(seam.table),
        at(seam.last_history), at(seam.first_live), seam.missing_dates, seam.equal, seam.different,
        seam.only_live, seam.only_history);
  out += R"(],"retention":[)";
  for (const KeptTable& table : report.kept)
    out += fmt::format(R"({}{{"table":{},"days":{},"oldest":{},"partitions":{},"expired":{}}})",
                       out.back() == '[' ? "" : ",", json_quoted(table.table),
                       table.days ? std::to_string(*table.days) : "null",
                       table.oldest ? '"' + table.oldest->iso() + '"' : "null", table.partitions,
                       table.expired);
  const BackupAccount& backup = report.backup;
  const std::string age =
      backup.made ? std::to_string(std::max<Second>(report.made_at - *backup.made, 0)) : "null";
  out += fmt::format(
      R"(],"backup":{{"known":{},"made":{},"age_seconds":{},"directory":{},"verified":{},)"
      R"("failed":{},"error":{}}})",
      backup.state_known, at(backup.made), age,
      backup.made ? json_quoted(backup.directory) : std::string("null"), backup.verified,
      at(backup.failed), backup.failed ? json_quoted(backup.error) : std::string("null"));
  return out;
}

std::string accounts_html(const AuditReport& report, std::string (*html)(std::string_view)) {
  std::string out;
  if (!report.seams.empty()) {
    out +=
        "<h2>From history to live</h2>\n<table><thead><tr><th>root<th>last historical "
        "bar<th>first live bar<th>overlap</tr></thead>\n";
    for (const Seam& seam : report.seams)
      out += fmt::format("<tr class=w-{}><td>{}<td>{}<td>{}<td>{}</tr>\n",
                         seam.is_good() ? "info" : "wrong", html(seam.root),
                         moment(seam.last_history), moment(seam.first_live), overlap_of(seam));
    out += "</table>\n";
  }
  if (!report.kept.empty()) {
    out +=
        "<h2>Kept</h2>\n<table><thead><tr><th>table<th>kept<th>oldest<th>partitions<th>expired"
        "</tr></thead>\n";
    for (const KeptTable& table : report.kept)
      out += fmt::format("<tr><td>{}<td>{}<td>{}<td class=n>{}<td class=n>{}</tr>\n",
                         html(table.table), days_of(table),
                         table.oldest ? table.oldest->iso() : "none", with_commas(table.partitions),
                         with_commas(table.expired));
    out += "</table>\n";
  }
  return out + fmt::format("<h2>Last backup</h2>\n<p>{}</p>\n",
                           html(backup_line(report.backup, report.made_at)));
}

}  // namespace fm::jobs
