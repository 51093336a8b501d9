#include "jobs/load_daily.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "jobs/daily_csv.h"
#include "jobs/load_files.h"
#include "jobs/load_plan.h"
#include "jobs/load_quarantine.h"
#include "jobs/load_rule.h"
#include "jobs/open_lake.h"
#include "market/contract.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kBridgeRoot = "ZL";
constexpr std::uint64_t kFileBytesMax = std::uint64_t{64} << 20;

struct Stored {
  DailyRow row;
  Knowledge by;
  std::int64_t ingested_us = 0;
};
using Rows = std::map<std::pair<Date, std::string>, Stored>;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// "zlz25_price-history-10-03-2025.csv" → ZLZ25, "ZL=F.csv" → ZL
std::string name_of_file(std::string_view path) {
  const std::string_view name = base_name(path);
  return upper(name.substr(0, name.find_first_of("_=. ")));
}

// What is said of a form, and how its rows are stored.
struct Form {
  std::string_view schema;
  const table::Table& (*table)();
  // The name that a row is stored by, or why it is not.
  Result<std::string> (*name)(const DailyRow& row, const std::string& file_name);
  void (*append)(const std::string& name, const Stored& stored, table::RowBatch& batch);
  std::pair<std::string, Stored> (*read)(const table::RowBatch& batch, std::size_t row);
};

Result<std::string> bridge_name(const DailyRow& row, const std::string& file_name) {
  const std::string root =
      row.name.empty() ? file_name : upper(row.name.substr(0, row.name.find('=')));
  if (root != kBridgeRoot)
    return fail(Code::kUnsupported, "is of {}; the bridge is of {} alone", root, kBridgeRoot);
  if (row.date >= bridge_end())
    return fail(Code::kUnsupported, "is of {}; the exchange's own feed begins on {}",
                row.date.iso(), bridge_end().iso());
  return std::string();
}

Result<std::string> contract_name(const DailyRow& row, const std::string& file_name) {
  std::string name = row.name.empty() ? file_name : upper(row.name);
  if (!market::is_outright(name))
    return fail(Code::kUnsupported,
                "\"{}\" is no contract; expected the file's name to begin with one, such as "
                "zlz25_price-history.csv",
                name);
  return name;
}

void append_optional(const std::optional<double>& value, table::RowAppender& to) {
  value ? to.number(*value) : to.null();
}
void append_optional(const std::optional<std::int64_t>& value, table::RowAppender& to) {
  value ? to.int64(*value) : to.null();
}

void append_knowledge(const Stored& stored, table::RowAppender& to) {
  to.timestamp(stored.by.published_us).text(stored.by.source).timestamp(stored.ingested_us).end();
}

void append_bridge(const std::string&, const Stored& stored, table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.date(stored.row.date);
  for (const auto& price : stored.row.prices) append_optional(price, to);
  append_optional(stored.row.volume, to);
  append_optional(stored.row.adjusted_close, to);
  to.boolean(stored.row.is_consistent());
  append_knowledge(stored, to);
}

void append_contract(const std::string& name, const Stored& stored, table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.date(stored.row.date).text(market::root_of(name)).text(name);
  for (const auto& price : stored.row.prices) append_optional(price, to);
  append_optional(stored.row.volume, to);
  append_optional(stored.row.open_interest, to);
  to.boolean(stored.row.is_consistent());
  append_knowledge(stored, to);
}

// Reads columns in the order in which they were appended.
class CellReader {
 public:
  CellReader(const table::RowBatch& batch, std::size_t row) : batch_(batch), row_(row) {}
  [[nodiscard]] Date date() { return Date::from_days(batch_.int32s(column_++)[row_]); }
  [[nodiscard]] std::string text() { return std::string(batch_.text(column_++, row_)); }
  [[nodiscard]] std::int64_t int64() { return batch_.int64s(column_++)[row_]; }
  void skip() { ++column_; }
  void read(std::optional<double>& into) {
    if (!batch_.is_null(column_, row_)) into = batch_.doubles(column_)[row_];
    ++column_;
  }
  void read(std::optional<std::int64_t>& into) {
    if (!batch_.is_null(column_, row_)) into = batch_.int64s(column_)[row_];
    ++column_;
  }

 private:
  const table::RowBatch& batch_;
  std::size_t row_;
  std::size_t column_ = 0;
};

void read_knowledge(CellReader& from, Stored& stored) {
  from.skip();  // whether it is consistent follows from the row
  stored.by.published_us = from.int64();
  stored.by.source = from.text();
  stored.ingested_us = from.int64();
}

std::pair<std::string, Stored> read_bridge(const table::RowBatch& batch, std::size_t row) {
  CellReader from(batch, row);
  Stored stored;
  stored.row.date = from.date();
  for (auto& price : stored.row.prices) from.read(price);
  from.read(stored.row.volume);
  from.read(stored.row.adjusted_close);
  read_knowledge(from, stored);
  return {"", std::move(stored)};
}

std::pair<std::string, Stored> read_contract(const table::RowBatch& batch, std::size_t row) {
  CellReader from(batch, row);
  Stored stored;
  stored.row.date = from.date();
  from.skip();
  std::string name = from.text();
  for (auto& price : stored.row.prices) from.read(price);
  from.read(stored.row.volume);
  from.read(stored.row.open_interest);
  read_knowledge(from, stored);
  return {std::move(name), std::move(stored)};
}

const Form& form_of(DailyForm form) {
  static constexpr Form kYahoo{"yahoo-1d", table::yahoo_zl_historical_2000_2010, bridge_name,
                               append_bridge, read_bridge};
  static constexpr Form kBarchart{"barchart-1d", table::barchart_contract_1d, contract_name,
                                  append_contract, read_contract};
  return form == DailyForm::kYahoo ? kYahoo : kBarchart;
}

class DailyLoad {
 public:
  DailyLoad(Env& env, const Form& form, lake::Lake& lake, LoadQuarantine& quarantine)
      : env_(env), form_(form), lake_(lake), quarantine_(quarantine) {}

  Status read_stored() {
    FM_ASSIGN(const auto rows, lake_.read(form_.table(), {}));
    table::RowBatch batch(form_.table());
    while (true) {
      FM_ASSIGN(const bool more, rows->next(batch));
      if (!more) return {};
      for (std::size_t row = 0; row < batch.size(); ++row) {
        auto [name, stored] = form_.read(batch, row);
        const Date date = stored.row.date;
        rows_.emplace(std::pair(date, std::move(name)), std::move(stored));
      }
    }
  }

  // Takes a file's rows, all or none; counts them in the report.
  Status take(const LoadCandidate& file, const std::string& text, LoadedFileReport& report,
              ops::LoadedFile& account) {
    FM_ASSIGN(const auto lines, read_daily_csv(text));
    const Published published(*file.folder, file.info);
    const std::string file_name = name_of_file(file.path);
    std::set<std::string> roots;
    std::string first_reason;
    for (const DailyLine& line : lines) {
      ++report.rows_read;
      const auto name = line.reason.empty() ? form_.name(line.row, file_name)
                                            : Result<std::string>(std::unexpected(
                                                  Error(Code::kCorrupt, std::string(line.reason))));
      if (!name) {
        if (first_reason.empty())
          first_reason = fmt::format("line {} {}", line.number, name.error().message());
        reject(file, line, name.error(), report);
        continue;
      }
      roots.insert(name->empty() ? std::string(kBridgeRoot) : std::string(market::root_of(*name)));
      const Nanos at = static_cast<Nanos>(line.row.date.first_second()) * kNanosPerSecond;
      report.from = std::min(report.from.value_or(at), at);
      report.to = std::max(report.to.value_or(at), at);
      merge(*name, line.row, {published.at(line.row.date), account.content_hash}, report);
    }
    if (roots.empty() && !lines.empty())
      return fail(Code::kUnsupported, "none of its {} lines can be loaded: {}", lines.size(),
                  first_reason);
    for (const std::string& root : roots) report.roots += (report.roots.empty() ? "" : ",") + root;
    return {};
  }

  Status store(LoadReport& report) {
    for (const int year : changed_) {
      table::RowBatch batch(form_.table(), rows_.size());
      for (const auto& [key, stored] : rows_)
        if (key.first.year() == year) form_.append(key.second, stored, batch);
      table::BatchStream rows(batch);
      FM_ASSIGN(const lake::CommitReport commit,
                lake_.replace(form_.table(), {.root = "", .date = Date(year, 1, 1)}, rows, {}));
      ++report.partitions;
      report.partitions_changed += commit.unchanged ? 0 : 1;
    }
    return {};
  }

 private:
  void merge(const std::string& name, const DailyRow& row, const Knowledge& by,
             LoadedFileReport& report) {
    Stored fresh{
        .row = row, .by = by, .ingested_us = static_cast<std::int64_t>(env_.now() / 1'000)};
    fresh.row.name.clear();
    const auto [place, is_new] = rows_.try_emplace(std::pair(row.date, name), fresh);
    Stored& stored = place->second;
    if (is_new) {
      ++report.added;
      changed_.insert(row.date.year());
    } else if (stored.row == fresh.row) {
      ++report.unchanged;
    } else if (by < stored.by) {
      ++report.outdated;
    } else {
      ++report.corrected;
      fresh.ingested_us = stored.ingested_us;
      stored = std::move(fresh);
      changed_.insert(row.date.year());
    }
  }

  void reject(const LoadCandidate& file, const DailyLine& line, const Error& error,
              LoadedFileReport& report) {
    const LoadFault fault =
        error.code() == Code::kCorrupt ? LoadFault::kMalformed : LoadFault::kNotTaken;
    ++report.rejected[std::string(name(fault))];
    quarantine_.add({.file = file.path,
                     .unit = "line",
                     .number = line.number,
                     .fault = fault,
                     .symbol = {},
                     .record = nullptr,
                     .text = line.text,
                     .why = error.message()});
  }

  Env& env_;
  const Form& form_;
  lake::Lake& lake_;
  LoadQuarantine& quarantine_;
  Rows rows_;
  std::set<int> changed_;
};

ops::LoadedFile account_of(const LoadCandidate& file, const Form& form) {
  ops::LoadedFile account;
  account.path = file.path;
  account.size_bytes = file.info.size_bytes;
  account.modified = file.info.modified;
  account.inode = file.info.inode;
  account.schema = std::string(form.schema);
  return account;
}

void finish(const LoadedFileReport& report, Nanos now, ops::LoadedFile& account) {
  account.roots = report.roots;
  account.range_start = report.from;
  account.range_end = report.to;
  account.rows_read = report.rows_read;
  account.rows_added = report.added;
  account.rows_corrected = report.corrected;
  account.rows_unchanged = report.unchanged;
  account.rows_outdated = report.outdated;
  for (const auto& [reason, count] : report.rejected) account.rows_rejected += count;
  account.status =
      report.action == LoadAction::kLoad ? ops::LoadStatus::kSuccess : ops::LoadStatus::kRefused;
  if (!report.why.empty()) account.error_message = report.why;
  account.finished_at = now;
}

}  // namespace

Result<DailyForm> parse_daily_form(std::string_view name) {
  if (name == "yahoo") return DailyForm::kYahoo;
  if (name == "barchart") return DailyForm::kBarchart;
  return fail(Code::kInvalidArgument, "unknown form \"{}\"; expected yahoo or barchart", name);
}

std::span<const std::pair<std::string_view, const table::Table*>> daily_tables() {
  static const std::array kTables{
      std::pair(form_of(DailyForm::kYahoo).schema, &form_of(DailyForm::kYahoo).table()),
      std::pair(form_of(DailyForm::kBarchart).schema, &form_of(DailyForm::kBarchart).table())};
  return kTables;
}

Date bridge_end() { return {2010, 6, 6}; }

Result<LoadReport> run_load_daily(Env& env, const LoadOptions& options, DailyForm daily) {
  const Nanos start = env.monotonic();
  const Form& form = form_of(daily);
  if (std::ranges::find(options.inputs, kStandardInput) != options.inputs.end())
    return std::unexpected(Error(Code::kInvalidArgument,
                                 "daily files are not read from standard input: their names "
                                 "say what they are")
                               .hint("Write it to a file first."));
  FM_ASSIGN(const LoadCandidates found, find_load_files(env, options.inputs));
  FM_ASSIGN(const auto lake, open_lake(env, {.directory = options.lake,
                                             .state_dir = options.state_dir,
                                             .keep_days = options.keep_days}));
  const auto lock = lock_load(env, *lake);
  if (!lock) return std::unexpected(lock.error());
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(lake->state_dir())));
  FM_ASSIGN(const std::string run, state.begin_run({.job = "load", .parameters_json = "{}"}));
  LoadQuarantine quarantine(env, load_quarantine_file(*lake, run));
  std::vector<ops::LoadedFile> loads;
  if (!options.again) {
    FM_ASSIGN(loads, state.loads());
    FM_ASSIGN(loads, loads_in_lake(*lake, std::move(loads)));
  }
  const LoadsKnown known(std::move(loads));
  DailyLoad load(env, form, *lake, quarantine);

  LoadReport report;
  std::vector<ops::LoadedFile> accounts;
  const Status loaded = [&]() -> Status {
    FM_TRY(load.read_stored());
    for (const LoadCandidate& file : found.files) {
      LoadedFileReport& one = report.files.emplace_back();
      one.path = file.path;
      one.named = file.named;
      one.schema = form.schema;
      one.action = LoadAction::kLoad;
      ops::LoadedFile account = account_of(file, form);
      const auto text = read_text(env, file.path, kFileBytesMax);
      FM_TRY(text);
      account.content_hash = hash_of(*text).hex();
      account.started_at = env.now();
      account.run_id = run;
      if (known.of_content(account.content_hash) != nullptr) {
        one.action = LoadAction::kUnchanged;
        continue;
      }
      if (const Status taken = load.take(file, *text, one, account); !taken) {
        one.action = LoadAction::kRefused;
        one.why = taken.error().message();
      }
      finish(one, env.now(), account);
      accounts.push_back(std::move(account));
    }
    FM_TRY(load.store(report));
    return state.record_loads(accounts);
  }();
  const Status listed = quarantine.publish();
  report.quarantine = quarantine.file();
  report.skipped = found.skipped;
  ops::RunEnd end;
  if (!loaded) end.error_message = loaded.error().message();
  FM_TRY(state.finish_run(run, end));
  FM_TRY(loaded);
  FM_TRY(listed);
  report.seconds = static_cast<double>(env.monotonic() - start) / 1e9;
  return report;
}

}  // namespace fm::jobs
