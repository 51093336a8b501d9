#include "data.h"

#include "base/hash.h"
#include "base/log.h"
#include "market/session.h"
#include "market/universe.h"
#include "synth/files.h"

namespace fm::bench {
namespace {

synth::Options options_of(const DataOptions& options, std::vector<std::string> roots) {
  synth::Options result;
  result.roots = std::move(roots);
  result.days = 0;
  result.trades = options.records;
  result.trades_per_active_second = options.trades_per_active_second;
  return result;
}

}  // namespace

synth::Options eight_contracts(const DataOptions& options) {
  return options_of(options, {"ES", "NQ", "CL", "GC"});
}

synth::Options dense_days(const DataOptions& options) { return options_of(options, {"ES", "NQ"}); }

Result<std::string> ensure_file(Env& env, const DataOptions& where, const synth::Options& what,
                                const std::string& name, const std::string& ending) {
  const auto& universe = market::Universe::builtin();
  const auto& calendar = market::Calendar::builtin();
  FM_ASSIGN(synth::Generator generator, synth::Generator::create(universe, calendar, what));
  const std::string hash = hash_of(std::as_bytes(generator.next())).hex().substr(0, 8);
  const std::string path =
      join(where.directory, fmt::format("{}-{}-{}{}", name, what.trades, hash, ending));
  if (env.exists(path)) return path;

  FM_TRY(env.make_directories(where.directory));
  log_info("making {}", path);
  // Under another name until it is whole; the draft keeps the ending, which chooses the form.
  const std::string draft = join(where.directory, "draft" + ending);
  FM_TRY(synth::write_file(env, draft, universe, calendar, what));
  FM_TRY(env.rename(draft, path));
  return path;
}

}  // namespace fm::bench
