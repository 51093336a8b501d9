#include "jobs/session_account.h"

#include <simdjson.h>

#include <map>
#include <set>

#include "jobs/text_rows.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::int64_t kNanosPerMicro = 1'000;

std::string rejected_json(const candles::ReasonCounts& counts, std::int64_t& sum) {
  std::string out = "{";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    out += fmt::format("{}\"{}\":{}", out.size() > 1 ? "," : "",
                       name(static_cast<candles::Reason>(i)), counts[i]);
    sum += static_cast<std::int64_t>(counts[i]);
  }
  return out + "}";
}

std::int64_t sum_of(const std::string& rejected) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::int64_t sum = 0;
  if (parser.parse(rejected).get(object) != simdjson::SUCCESS) return 0;
  for (const auto& field : object) {
    std::int64_t count = 0;
    if (field.value.get(count) == simdjson::SUCCESS) sum += count;
  }
  return sum;
}

std::string stints_json(const std::vector<candles::SessionStint>& stints,
                        const candles::Engine& names) {
  std::string out = "[";
  for (const candles::SessionStint& stint : stints)
    out += fmt::format("{}[{},\"{}\",{}]", out.size() > 1 ? "," : "", stint.from,
                       names.symbol(stint.symbol), stint.cvd_offset);
  return out + "]";
}

// Reads a row's columns from left to right.
class RowReader {
 public:
  RowReader(const table::RowBatch& batch, std::size_t row) : batch_(batch), row_(row) {}
  std::string text() {
    const std::size_t column = column_++;
    return batch_.is_null(column, row_) ? "" : std::string(batch_.text(column, row_));
  }
  std::int64_t int64() { return batch_.int64s(column_++)[row_]; }
  std::int32_t int32() { return batch_.int32s(column_++)[row_]; }
  bool boolean() { return batch_.int8s(column_++)[row_] != 0; }
  Date date() { return Date::from_days(int32()); }
  std::optional<Date> optional_date() {
    if (!batch_.is_null(column_, row_)) return date();
    skip();
    return std::nullopt;
  }
  std::optional<Nanos> optional_nanos() {
    if (!batch_.is_null(column_, row_)) return static_cast<Nanos>(int64());
    skip();
    return std::nullopt;
  }
  void skip() { ++column_; }

 private:
  const table::RowBatch& batch_;
  std::size_t row_;
  std::size_t column_ = 0;
};

void append_text_or_null(table::RowAppender& row, const std::string& text) {
  if (text.empty()) {
    row.null();
  } else {
    row.text(text);
  }
}

void append_event(table::RowAppender& row, std::optional<Nanos> event) {
  if (event) {
    row.timestamp(static_cast<std::int64_t>(*event) / kNanosPerMicro)
        .int64(static_cast<std::int64_t>(*event));
  } else {
    row.null().null();
  }
}

Result<RecordedInput> decode_input(const simdjson::dom::element& element) {
  RecordedInput input;
  std::string_view path, hash, from, to;
  if (element["path"].get(path) != simdjson::SUCCESS ||
      element["hash"].get(hash) != simdjson::SUCCESS ||
      element["from"].get(from) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "a recorded input without path, hash or from");
  input.path = path;
  input.hash = hash;
  FM_ASSIGN(const Nanos from_time, parse_iso_nanos(from));
  input.from = second_of(from_time);
  if (element["to"].get(to) == simdjson::SUCCESS) {
    FM_ASSIGN(const Nanos to_time, parse_iso_nanos(to));
    input.to = second_of(to_time);
  }
  return input;
}

}  // namespace

std::string encode_inputs(const std::vector<RecordedInput>& inputs) {
  std::string out = "[";
  for (const RecordedInput& input : inputs) {
    out += out.size() > 1 ? ",{\"path\":" : "{\"path\":";
    append_json_string(input.path, out);
    out +=
        fmt::format(",\"hash\":\"{}\",\"from\":\"{}\",\"to\":", input.hash, iso_second(input.from));
    out += input.to ? fmt::format("\"{}\"}}", iso_second(*input.to)) : "null}";
  }
  return out + "]";
}

Result<std::vector<RecordedInput>> decode_inputs(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json).get(array) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "recorded inputs: expected a JSON array, found {:.60}", json);
  std::vector<RecordedInput> inputs;
  for (const simdjson::dom::element element : array) {
    FM_ASSIGN(RecordedInput input, decode_input(element));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

SessionAccount account_of(const FinishedSession& session, const candles::Engine& names) {
  const candles::SessionRow& row = session.row;
  SessionAccount account;
  account.ticker = names.ticker(row.ticker);
  account.trade_date = row.trade_date;
  account.first_symbol = names.symbol(row.first_contract);
  account.last_symbol = names.symbol(row.last_contract);
  account.switches = static_cast<std::int32_t>(row.switches);
  account.stints = stints_json(session.stints, names);
  account.accepted = row.accepted;
  account.rejected = rejected_json(row.rejected, account.left_out);
  account.volume = row.volume;
  account.first_event = row.first_event;
  account.last_event = row.last_event;
  account.cvd_open = row.cvd_open;
  account.cvd_close = row.cvd_close;
  account.rows_written = row.rows;
  account.seconds_written = row.seconds_written;
  account.seconds_covered = static_cast<std::int32_t>(row.seconds_covered);
  account.seconds_in_gaps = static_cast<std::int32_t>(row.seconds_in_gaps);
  account.engine_version = FM_VERSION;
  return account;
}

void append(table::RowBatch& batch, const SessionAccount& account, Nanos created_at) {
  table::RowAppender row(batch);
  row.text(account.ticker).date(account.trade_date);
  append_text_or_null(row, account.first_symbol);
  append_text_or_null(row, account.last_symbol);
  row.int32(account.switches).text(account.stints).int64(account.accepted).text(account.rejected);
  row.int64(account.volume);
  append_event(row, account.first_event);
  append_event(row, account.last_event);
  row.int64(account.cvd_open).int64(account.cvd_close).int64(account.cvd_base);
  if (account.cvd_base_date) {
    row.date(*account.cvd_base_date);
  } else {
    row.null();
  }
  row.int64(account.rows_written).int64(account.seconds_written);
  row.int32(account.seconds_covered).int32(account.seconds_in_gaps);
  row.text(encode_inputs(account.inputs)).boolean(account.complete).boolean(account.stale);
  row.text(account.parameters).text(account.parameters_hash).text(account.engine_version);
  row.timestamp(static_cast<std::int64_t>(created_at) / kNanosPerMicro).end();
}

Result<SessionAccount> account_from(const table::RowBatch& batch, std::size_t row) {
  RowReader in(batch, row);
  SessionAccount account;
  account.ticker = in.text();
  account.trade_date = in.date();
  account.first_symbol = in.text();
  account.last_symbol = in.text();
  account.switches = in.int32();
  account.stints = in.text();
  account.accepted = in.int64();
  account.rejected = in.text();
  account.left_out = sum_of(account.rejected);
  account.volume = in.int64();
  in.skip();
  account.first_event = in.optional_nanos();
  in.skip();
  account.last_event = in.optional_nanos();
  account.cvd_open = in.int64();
  account.cvd_close = in.int64();
  account.cvd_base = in.int64();
  account.cvd_base_date = in.optional_date();
  account.rows_written = in.int64();
  account.seconds_written = in.int64();
  account.seconds_covered = in.int32();
  account.seconds_in_gaps = in.int32();
  const std::string inputs = in.text();
  account.complete = in.boolean();
  account.stale = in.boolean();
  account.parameters = in.text();
  account.parameters_hash = in.text();
  account.engine_version = in.text();
  auto decoded = decode_inputs(inputs);
  if (!decoded)
    return std::unexpected(std::move(decoded).error().in(
        fmt::format("candle_sessions: {} {}", account.ticker, account.trade_date.iso())));
  account.inputs = *std::move(decoded);
  return account;
}

Result<std::vector<SessionAccount>> read_accounts(const lake::Lake& lake,
                                                  const lake::ReadRange& range) {
  FM_ASSIGN(lake::RowCursor cursor, lake.read(table::candle_sessions(), range));
  table::RowBatch batch(table::candle_sessions(), 256);
  std::vector<SessionAccount> accounts;
  for (;;) {
    FM_ASSIGN(const bool more, cursor->next(batch));
    if (!more) return accounts;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      FM_ASSIGN(SessionAccount account, account_from(batch, row));
      accounts.push_back(std::move(account));
    }
  }
}

Result<std::optional<SessionAccount>> newest_account_before(const lake::Lake& lake,
                                                            const std::string& ticker, Date date) {
  lake::ReadRange range;
  range.root = ticker;
  range.before = date;
  range.newest_first = true;
  range.rows_max = 1;
  FM_ASSIGN(std::vector<SessionAccount> accounts, read_accounts(lake, range));
  if (accounts.empty()) return std::optional<SessionAccount>();
  return std::optional<SessionAccount>(std::move(accounts.front()));
}

Result<std::vector<std::string>> roots_in(const lake::Lake& lake) {
  FM_ASSIGN(const std::vector<lake::Manifest> manifests, lake.partitions(table::candle_sessions()));
  std::set<std::string> roots;
  for (const lake::Manifest& manifest : manifests) roots.insert(manifest.key().root);
  return std::vector<std::string>(roots.begin(), roots.end());
}

Result<std::vector<std::pair<std::string, std::int64_t>>> read_contract_volumes(
    const lake::Lake& lake, const std::string& ticker, Date trade_date) {
  lake::ReadRange range;
  range.root = ticker;
  range.from = trade_date;
  range.before = trade_date + 1;
  FM_ASSIGN(lake::RowCursor cursor, lake.read(table::candle_session_contracts(), range));
  const std::size_t symbol = table::candle_session_contracts().column_index("symbol");
  const std::size_t volume = table::candle_session_contracts().column_index("volume");
  table::RowBatch batch(table::candle_session_contracts(), 256);
  std::vector<std::pair<std::string, std::int64_t>> volumes;
  for (;;) {
    FM_ASSIGN(const bool more, cursor->next(batch));
    if (!more) return volumes;
    for (std::size_t row = 0; row < batch.size(); ++row)
      volumes.emplace_back(batch.text(symbol, row), batch.int64s(volume)[row]);
  }
}

}  // namespace fm::jobs
