#include "jobs/lake_segment.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/log.h"
#include "jobs/session_window.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

Nanos nanos_of(Second second) {
  return second <= 0 ? 0 : static_cast<Nanos>(second) * kNanosPerSecond;
}

Status check_cvd_flag(const LakeRun& run, const std::string& root, const RootState& state) {
  if (!state.before || run.options.replace) return {};
  return std::unexpected(
      Error(Code::kInvalidArgument,
            fmt::format("a CVD base is given for {}, but the lake has its {} already (CVD {})",
                        root, state.before->trade_date.iso(), state.before->cvd_close))
          .hint("Leave it out, or run with --replace to begin anew from the given value."));
}

// Where the ticker's CVD begins when no stored date goes before: what the user says, else what was
// said when the first of the stored dates was made.
Status set_base(const LakeRun& run, const std::string& root, const LakeSegment& segment,
                RootState& state) {
  if (const auto given = run.options.cvd_base.find(root); given != run.options.cvd_base.end()) {
    FM_TRY(check_cvd_flag(run, root, state));
    state.cvd_base = given->second;
    state.cvd_base_date.reset();
    state.set_base = true;
    return {};
  }
  if (state.before) {
    state.cvd_base = state.before->cvd_base;
    state.cvd_base_date = state.before->cvd_base_date;
    return {};
  }
  const auto first = segment.stored.lower_bound({root, state.first_date});
  if (first != segment.stored.end() && first->first.ticker == root && first->second.cvd_base_date) {
    state.cvd_base = first->second.cvd_base;
    state.set_base = true;
  }
  return {};
}

Status read_root(const LakeRun& run, const std::string& root, Second back, LakeSegment& segment) {
  RootState state;
  state.first_date = first_trade_date(run.calendar, root, segment.from);
  FM_ASSIGN(state.before, newest_account_before(run.lake, root, state.first_date));
  if (state.before && run.engine.front_month == market::FrontMonthRule::kPreviousSessionVolume) {
    FM_ASSIGN(state.volumes_before,
              read_contract_volumes(run.lake, root, state.before->trade_date));
  }
  lake::ReadRange within;
  within.root = root;
  within.from = state.first_date;
  if (back != kNoEnd) {
    within.before = first_trade_date(run.calendar, root, back);
    lake::ReadRange beyond;
    beyond.root = root;
    beyond.from = within.before;
    beyond.rows_max = 1;
    FM_ASSIGN(const std::vector<SessionAccount> next, read_accounts(run.lake, beyond));
    if (!next.empty()) {
      const Second open = bounds_of(run.calendar, root, next.front().trade_date).open;
      segment.to = std::min(segment.to, std::max(back, open - kWindowMarginSeconds));
    }
  }
  FM_ASSIGN(std::vector<SessionAccount> stored, read_accounts(run.lake, within));
  for (SessionAccount& account : stored) {
    const DateKey key{root, account.trade_date};
    segment.stored.emplace(key, std::move(account));
  }
  FM_TRY(set_base(run, root, segment, state));
  segment.roots.emplace(root, std::move(state));
  return {};
}

Status check_parameters(const LakeRun& run, const LakeSegment& segment) {
  if (run.options.replace) return {};
  for (const auto& [key, account] : segment.stored) {
    if (account.parameters_hash == run.parameters_hash) continue;
    return std::unexpected(
        Error(Code::kConflict,
              fmt::format("{} {} was made with {}, this run has {}", key.ticker,
                          key.trade_date.iso(), account.parameters, run.parameters))
            .hint("Use the stored parameters, or run with --replace."));
  }
  return {};
}

Result<std::string> hash_once(LakeRun& run, const std::string& path) {
  if (const auto known = run.hash_of_path.find(path); known != run.hash_of_path.end())
    return known->second;
  FM_ASSIGN(const Hash128 hash, hash_file(run.env, path));
  return run.hash_of_path.emplace(path, hash.hex()).first->second;
}

// Whether a recorded input can be read again. Errors when it cannot and the user has not said that
// it does not matter.
Result<bool> is_still_there(LakeRun& run, const RecordedInput& input, const DateKey& of) {
  auto hash = hash_once(run, input.path);
  if (hash && *hash == input.hash) return true;
  const bool gone = !hash && hash.error().code() == Code::kNotFound;
  if (!hash && !gone) return std::unexpected(std::move(hash).error());
  const std::string what =
      fmt::format("{}: {} {} was also made from it, and it {}", input.path, of.ticker,
                  of.trade_date.iso(), gone ? "is gone" : "has another content since");
  if (!run.options.replace)
    return std::unexpected(
        Error(gone ? Code::kNotFound : Code::kConflict, what)
            .hint("Bring it back as it was, or run with --replace to do without it."));
  log_warning("{}; the trade date is made without it", what);
  return false;
}

struct ReadAgain {
  InputFile file;
  std::string hash;
};

Result<std::vector<ReadAgain>> inputs_to_read_again(LakeRun& run, const LakeSegment& segment) {
  std::set<std::string> known_hashes, new_paths;
  for (const NewInput& input : run.new_inputs) {
    known_hashes.insert(input.hash);
    new_paths.insert(input.file.path);
  }
  std::vector<ReadAgain> again;
  for (const auto& [key, account] : segment.stored) {
    for (const RecordedInput& input : account.inputs) {
      if (known_hashes.contains(input.hash)) continue;
      // A new version of the file is among the new inputs; that no records get lost is checked date
      // by date.
      if (new_paths.contains(input.path)) continue;
      FM_ASSIGN(const bool there, is_still_there(run, input, key));
      known_hashes.insert(input.hash);
      if (!there) continue;
      FM_ASSIGN(const FileInfo info, run.env.info(input.path));
      ReadAgain& file = again.emplace_back();
      file.file.path = input.path;
      file.file.size_bytes = info.size_bytes;
      file.hash = input.hash;
    }
  }
  return again;
}

Status plan_files(LakeRun& run, LakeSegment& segment) {
  FM_ASSIGN(const std::vector<ReadAgain> again, inputs_to_read_again(run, segment));
  InputList list;
  std::map<std::string, std::pair<std::string, bool>> by_path;  // hash, is new
  for (const NewInput& input : run.new_inputs) {
    list.files.push_back(input.file);
    by_path[input.file.path] = {input.hash, true};
  }
  for (const ReadAgain& input : again) {
    list.files.push_back(input.file);
    by_path[input.file.path] = {input.hash, false};
  }
  std::ranges::sort(list.files, {}, &InputFile::path);
  FM_ASSIGN(segment.plan, plan_inputs(run.env, std::move(list), run.options.salvage));
  // What lies wholly outside is not opened again.
  std::erase_if(segment.plan.inputs, [&](const PlannedInput& input) {
    const auto& head = input.head;
    const bool before = head.end && second_of(*head.end) < segment.from;
    return before && !by_path[input.file.path].second;
  });
  for (const PlannedInput& input : segment.plan.inputs) {
    const auto& [hash, is_new] = by_path[input.file.path];
    segment.hashes.push_back(hash);
    segment.is_new.push_back(is_new);
    if (!is_new) ++segment.files_reread;
  }
  return {};
}

}  // namespace

ArrivalWindow LakeSegment::window() const {
  return {nanos_of(from), to == kNoEnd ? kUndefTime : nanos_of(to)};
}

RootState& LakeSegment::root(const LakeRun& run, std::string_view ticker) {
  if (const auto known = roots.find(ticker); known != roots.end()) return known->second;
  RootState state;
  state.first_date = first_trade_date(run.calendar, ticker, from);
  if (const auto given = run.options.cvd_base.find(std::string(ticker));
      given != run.options.cvd_base.end()) {
    state.cvd_base = given->second;
    state.set_base = true;
  }
  return roots.emplace(ticker, std::move(state)).first->second;
}

Result<std::optional<Covered>> covered_by_new_inputs(LakeRun& run) {
  InputList list;
  for (const NewInput& input : run.new_inputs) list.files.push_back(input.file);
  FM_ASSIGN(const InputPlan plan, plan_inputs(run.env, std::move(list), run.options.salvage));
  // Files of a folder that hold something else have dropped out.
  std::set<std::string> kept;
  std::optional<Covered> covered;
  for (const PlannedInput& input : plan.inputs) {
    kept.insert(input.file.path);
    const FeedHead& head = input.head;
    if (!head.first_arrival && !head.start) continue;
    const Nanos first =
        std::min(head.first_arrival.value_or(kUndefTime), head.start.value_or(kUndefTime));
    Nanos last = head.first_arrival.value_or(first);
    if (head.end) last = std::max(last, *head.end - 1);
    if (!covered) covered = Covered{second_of(first), second_of(last) + 1};
    covered->from = std::min(covered->from, second_of(first));
    covered->until = std::max(covered->until, second_of(last) + 1);
  }
  std::erase_if(run.new_inputs,
                [&](const NewInput& input) { return !kept.contains(input.file.path); });
  for (const SkippedFile& skipped : plan.skipped)
    log_info("skipped {}: {}", skipped.path, skipped.why);
  return covered;
}

Result<LakeSegment> plan_segment(LakeRun& run, Second from, Second until) {
  LakeSegment segment;
  segment.from = widen_to_front(run.calendar, from);
  const Second back = until == kNoEnd ? kNoEnd : widen_to_back(run.calendar, until);
  FM_ASSIGN(const std::vector<std::string> roots, roots_in(run.lake));
  for (const std::string& root : roots) FM_TRY(read_root(run, root, back, segment));
  FM_TRY(check_parameters(run, segment));
  FM_TRY(plan_files(run, segment));
  return segment;
}

}  // namespace fm::jobs
