#include "jobs/doctor_checks.h"

#include <date/tz.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <xxhash.h>
#include <zstd.h>

#include "base/assert.h"
#include "base/text_file.h"
#include "jobs/registry.h"
#include "lake/query.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
// A day of trades of every root, its candles and the room to rewrite them.
constexpr std::uint64_t kLeastFree = 2 * kGibibyte;
constexpr std::uint64_t kComfortablyFree = 20 * kGibibyte;

// No clock that is right is before this; machines without a battery start in 1970 or at their
// image's date.
const Date kNotBefore(2025, 1, 1);
const Date kNotAfter(2100, 1, 1);
constexpr Nanos kClockTolerance = 60 * kNanosPerSecond;

void add(DoctorReport& report, Verdict verdict, std::string_view subject, std::string found,
         std::string mend = "") {
  report.findings.push_back({verdict, std::string(subject), std::move(found), std::move(mend)});
}

// The folder itself, or the nearest one above it that exists.
std::string existing_part_of(Env& env, const std::string& folder) {
  std::string part = folder;
  while (!env.exists(part) && part != "." && part != "/") part = parent_of(part);
  return part;
}

// Makes, links and swaps files below `folder` as a commit does, and removes them.
Status try_out(Env& env, const std::string& folder, bool is_lake) {
  const std::string probe = join(folder, fmt::format(".frontmonth-doctor-{:016x}", env.random()));
  const std::string one = join(probe, "one");
  const std::string other = join(probe, "other");
  const auto attempt = [&]() -> Status {
    FM_TRY(env.make_directories(one));
    FM_TRY(write_text_atomically(env, join(one, "file"), "probe"));
    if (!is_lake) return {};
    FM_TRY(env.make_directories(other));
    FM_TRY(env.hard_link(join(one, "file"), join(other, "link")));
    return env.exchange(one, other);
  };
  Status tried = attempt();
  // The first error is the one to report.
  const Status removed = remove_tree(env, probe);
  return tried ? removed : tried;
}

std::string mend_for(const Error& error, const std::string& folder) {
  switch (error.code()) {
    case Code::kPermission:
      return fmt::format("Give this user the right to write to {}, or name another folder.",
                         folder);
    case Code::kUnsupported:
      return "Use a file system that swaps directories (ext4, xfs, btrfs, tmpfs), on this machine.";
    case Code::kNoSpace:
      return "Free some space, or name a folder on another disk.";
    default:
      return error.advice().empty() ? "See that the folder and its disk are in order."
                                    : error.advice();
  }
}

// "v1.4.4", from the engine itself over an empty lake: it loads, and it answers.
Result<std::string> duckdb_version(Env& env) {
  const auto nothing = lake::Lake::view(env, "/nonexistent");
  FM_ASSIGN(const auto query, lake::Query::open(*nothing));
  TextFile out;
  FM_TRY(query->run("SELECT version()", lake::Format::kCsv, out));
  const auto line = out.text().find('\n');
  std::string version = line == std::string::npos ? out.text() : out.text().substr(line + 1);
  while (version.ends_with('\n')) version.pop_back();
  return version;
}

std::string gibibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(kGibibyte));
}

}  // namespace

void examine_libraries(Env& env, DoctorReport& report) {
  add(report, Verdict::kGood, "program",
      fmt::format("frontmonth {}, compiler {}", FM_VERSION, __VERSION__));
  add(report, Verdict::kGood, "libraries",
      fmt::format("sqlite {}, zstd {}, simdjson {}.{}.{}, fmt {}.{}.{}, xxhash {}.{}.{}",
                  sqlite3_libversion(), ZSTD_versionString(), int{simdjson::SIMDJSON_VERSION_MAJOR},
                  int{simdjson::SIMDJSON_VERSION_MINOR}, int{simdjson::SIMDJSON_VERSION_REVISION},
                  FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
                  XXH_versionNumber() / 10'000, XXH_versionNumber() / 100 % 100,
                  XXH_versionNumber() % 100));
  const auto duckdb = duckdb_version(env);
  if (duckdb)
    add(report, Verdict::kGood, "duckdb", *duckdb);
  else
    add(report, Verdict::kProblem, "duckdb", duckdb.error().message(),
        "Install frontmonth again: its own libduckdb.so does not work.");
}

void examine_universe(Env& env, const Config& config, DoctorReport& report) {
  const std::string name = config.universe.empty() ? "built in" : config.universe;
  const auto registry = Registry::load(env, config.universe);
  if (!registry) {
    add(report, Verdict::kProblem, "universe", registry.error().message(),
        "Mend that file, or leave the key `universe` empty for the built-in registry.");
    return;
  }
  add(report, Verdict::kGood, "universe",
      fmt::format("{}, {} roots", name, registry->universe().roots().size()));
}

void examine_time_zones(DoctorReport& report) {
  const std::string mend = "Install the time zone database: apt-get install tzdata";
  try {
    const auto* chicago = date::locate_zone("America/Chicago");
    const auto offset_hours = [&](Date day) {
      const auto noon = date::sys_seconds(std::chrono::seconds(day.first_second() + 18 * 3'600));
      return std::chrono::duration_cast<std::chrono::hours>(chicago->get_info(noon).offset).count();
    };
    // One winter and one summer that are history: the data say CST and CDT or they are broken.
    if (offset_hours(Date(2024, 1, 15)) != -6 || offset_hours(Date(2024, 7, 15)) != -5) {
      add(report, Verdict::kProblem, "time zones", "America/Chicago has wrong offsets for 2024",
          mend);
      return;
    }
    add(report, Verdict::kGood, "time zones", "America/Chicago, with daylight saving");
  } catch (const std::exception& problem) {
    add(report, Verdict::kProblem, "time zones", problem.what(), mend);
  }
}

void examine_folder(Env& env, std::string_view subject, const std::string& folder, bool is_lake,
                    DoctorReport& report) {
  const std::string part = existing_part_of(env, folder);
  const std::string where =
      part == folder ? folder : fmt::format("{} (does not exist yet; {} does)", folder, part);
  const auto info = env.info(part);
  if (info && !info->is_directory) {
    add(report, Verdict::kProblem, subject, fmt::format("{} is no folder", part),
        "Name another folder.");
    return;
  }
  if (const auto tried = try_out(env, part, is_lake); !tried) {
    add(report, Verdict::kProblem, subject, tried.error().message(), mend_for(tried.error(), part));
    return;
  }
  const auto space = env.disk_space(part);
  if (!space) {
    add(report, Verdict::kProblem, subject, space.error().message(),
        "See that the disk is in order.");
    return;
  }
  const std::string found =
      fmt::format("{}: writable, {} of {} free", where, gibibytes(space->free_bytes),
                  gibibytes(space->total_bytes));
  if (space->free_bytes < kLeastFree)
    add(report, Verdict::kProblem, subject, found,
        "Free some space, or name a folder on another disk.");
  else if (space->free_bytes < kComfortablyFree)
    add(report, Verdict::kWarning, subject, found, "A busy year of all roots takes about 20 GiB.");
  else
    add(report, Verdict::kGood, subject, found);
}

void examine_state(Env& env, const Config& config, DoctorReport& report) {
  const std::string file = ops::state_file(config.state_dir);
  if (!env.exists(file)) {
    add(report, Verdict::kGood, "state",
        fmt::format("{}: not there yet, the first job makes it", file));
    return;
  }
  auto state = ops::State::open_to_read(env, file);
  const Status checked =
      state ? state->check_integrity() : Status(std::unexpected(std::move(state).error()));
  if (checked)
    add(report, Verdict::kGood, "state",
        fmt::format("{}: whole, schema {}", file, ops::State::schema_version()));
  else
    add(report, Verdict::kProblem, "state", checked.error().message(),
        checked.error().advice().empty()
            ? "Restore it from a backup, or move it away: a new one is made."
            : checked.error().advice());
}

void examine_clock(Env& env, const Config& config, DoctorReport& report) {
  const Nanos now = env.now();
  const Date today = Date::of_second(second_of(now));
  const std::string found = iso_second(second_of(now));
  const std::string mend = "Set the clock, and keep it by NTP: timedatectl set-ntp true";
  if (today < kNotBefore || kNotAfter < today) {
    add(report, Verdict::kProblem, "clock", found + " cannot be", mend);
    return;
  }
  // What a job has written cannot be from the future.
  const auto written = env.info(ops::state_file(config.state_dir));
  if (written && written->modified > now + kClockTolerance) {
    add(report, Verdict::kProblem, "clock",
        fmt::format("{}, but ops.sqlite was written at {}", found,
                    iso_second(second_of(written->modified))),
        mend);
    return;
  }
  add(report, Verdict::kGood, "clock", found);
}

}  // namespace fm::jobs
