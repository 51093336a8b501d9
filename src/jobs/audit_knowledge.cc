#include "jobs/audit_knowledge.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "jobs/halts.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using quality::FileRange;
using quality::Interval;

std::vector<std::string> split_roots(std::string_view text) {
  std::vector<std::string> roots;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    roots.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return roots;
}

// The UTC dates that the vendor's name of a file says it covers, whether or not it has rows of all
// of them: "glbx-mdp3-20231225.ohlcv-1m.dbn.zst", "glbx-mdp3-20230601-20230630.ohlcv-1m.csv".
std::optional<Interval> dates_in_name(std::string_view path) {
  constexpr std::size_t kDigits = 8;
  std::string_view name = base_name(path);
  name = name.substr(0, name.find('.'));
  const auto take_last = [&]() -> std::optional<Date> {
    if (name.size() <= kDigits || name[name.size() - kDigits - 1] != '-') return std::nullopt;
    const auto date = Date::parse(name.substr(name.size() - kDigits));
    if (!date) return std::nullopt;
    name.remove_suffix(kDigits + 1);
    return *date;
  };
  const auto last = take_last();
  if (!last) return std::nullopt;
  const Date first = take_last().value_or(*last);
  return Interval{first.first_second(), (*last + 1).first_second()};
}

Status read_files(ops::State& state, AuditKnowledge& knowledge) {
  FM_ASSIGN(const std::vector<ops::LoadedFile> loads, state.loads());
  std::set<std::string_view> contents;  // the same file under another path covers nothing twice
  for (const ops::LoadedFile& file : loads) {
    if (file.status != ops::LoadStatus::kSuccess || !file.schema || !file.roots ||
        !file.range_start || !file.range_end || !contents.insert(file.content_hash).second)
      continue;
    // Of the rows; a quiet contract's day goes on behind its last one.
    Interval range{second_of(*file.range_start), second_of(*file.range_end) + 1};
    if (const auto dates = dates_in_name(file.path))
      range = {std::min(range.from, dates->from), std::max(range.to, dates->to)};
    knowledge.files.push_back({.path = file.path,
                               .schema = *file.schema,
                               .roots = split_roots(*file.roots),
                               .range = range});
  }
  return {};
}

// Days of which the vendor has said that it does not vouch for them, by the last word on each.
Status read_conditions(ops::State& state, std::string_view dataset, AuditKnowledge& knowledge) {
  FM_ASSIGN(const auto rows, state.rows(table::data_quality_events()));
  const table::Table& events = table::data_quality_events();
  const std::size_t check = events.column_index("check_type");
  const std::size_t payload = events.column_index("payload");
  std::map<Date, std::string> conditions;
  simdjson::dom::parser parser;
  table::RowBatch batch(events);
  while (true) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) break;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      if (batch.is_null(check, row) || batch.text(check, row) != "vendor_condition" ||
          batch.is_null(payload, row))
        continue;
      std::string_view of_dataset, day, condition;
      simdjson::dom::element object;
      const simdjson::padded_string json(batch.text(payload, row));
      if (parser.parse(json).get(object) || object["dataset"].get_string().get(of_dataset) ||
          object["date"].get_string().get(day) || object["condition"].get_string().get(condition) ||
          of_dataset != dataset)
        continue;
      if (const auto date = Date::parse(day)) conditions[*date] = condition;
    }
  }
  for (const auto& [date, condition] : conditions) {
    const Interval whole{date.first_second(), (date + 1).first_second()};
    if (condition == "available") continue;
    (condition == "missing" ? knowledge.missing : knowledge.degraded).push_back(whole);
  }
  return {};
}

Status read_feed_gaps(ops::State& state, std::string_view dataset, AuditKnowledge& knowledge) {
  FM_ASSIGN(const std::vector<ops::StoredGap> gaps, state.gaps(dataset, ops::Gaps::kAll));
  for (const ops::StoredGap& stored : gaps)
    (stored.repaired ? knowledge.repaired : knowledge.lost)
        .push_back({second_of(stored.gap.from), second_of(stored.gap.to) + 1});
  knowledge.lost = quality::joined(std::move(knowledge.lost));
  knowledge.repaired = quality::joined(std::move(knowledge.repaired));
  return {};
}

// While any contract of a root is halted and no contract trades, the root is.
Status read_halt_times(const lake::Lake& lake, AuditKnowledge& knowledge) {
  FM_ASSIGN(Halts halts, read_halts(lake));
  knowledge.halts = std::move(halts.over);
  // A halt that no record ends lasts for the rest of its day.
  for (const auto& [root, contracts] : halts.running.by_root())
    for (const auto& [contract, halt] : contracts)
      knowledge.halts[root].push_back(
          {halt.since, (Date::of_second(halt.since) + 1).first_second()});
  return {};
}

}  // namespace

quality::Knowledge AuditKnowledge::of(std::string_view root, std::string_view schema) const {
  quality::Knowledge out;
  if (const auto found = halts.find(root); found != halts.end()) {
    out.halts_known = true;
    out.halted = found->second;
  }
  if (schema.empty()) return out;
  out.covered = quality::covered_times(files, root, schema);
  out.coverage_known = !out.covered.empty();
  out.degraded = degraded;
  out.gaps = missing;
  return out;
}

Result<AuditKnowledge> read_audit_knowledge(Env& env, const lake::Lake& lake,
                                            const std::string& state_dir,
                                            std::string_view dataset) {
  AuditKnowledge knowledge;
  FM_TRY(read_halt_times(lake, knowledge));
  auto state = ops::State::open_to_read(env, ops::state_file(state_dir));
  if (!state && state.error().code() == Code::kNotFound) return knowledge;
  if (!state) return std::unexpected(state.error());
  knowledge.has_state = true;
  FM_TRY(read_files(*state, knowledge));
  FM_TRY(read_conditions(*state, dataset, knowledge));
  FM_TRY(read_feed_gaps(*state, dataset, knowledge));
  return knowledge;
}

}  // namespace fm::jobs
