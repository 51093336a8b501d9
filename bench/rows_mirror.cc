// The mirror beside curl, and what planning and a live cycle take. The cloud is the tests' double
// of it, on loopback.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "baselines/curl_upload.h"
#include "cloud.h"
#include "google/mirror.h"
#include "google/mirror_upload.h"
#include "lake/changes_log.h"
#include "lake/testing_rows.h"
#include "process.h"
#include "rows.h"

namespace fm::bench {
namespace {

constexpr std::uint64_t kFileBytes = 16 << 20;
constexpr int kUploads = 4;
// Bytes that no two files share; what is in them matters to nobody here.
Result<std::vector<std::string>> make_files(Env& env, const std::string& directory,
                                            std::uint64_t count) {
  FM_TRY(env.make_directories(directory));
  std::vector<std::string> files;
  std::vector<std::uint64_t> words(kFileBytes / sizeof(std::uint64_t));
  std::uint64_t state = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    for (std::uint64_t& word : words) {
      state = state * 6364136223846793005 + 1442695040888963407;
      word = state;
    }
    files.push_back(join(directory, fmt::format("{}.parquet", i)));
    FM_ASSIGN(const auto file, env.create(files.back(), Create::kTruncate));
    FM_TRY(file->write(std::as_bytes(std::span(words))));
    FM_TRY(file->close());
  }
  return files;
}

double seconds_since(Env& env, Nanos begin) {
  return static_cast<double>(env.monotonic() - begin) / static_cast<double>(kNanosPerSecond);
}

google::MirrorOptions mirror_options(const Cloud& cloud) {
  google::MirrorOptions options;
  options.endpoints = cloud.endpoints;
  options.destination = {
      .project = std::string(kProject), .bucket = std::string(kBucket), .prefix = "lake"};
  options.tables = {&table::candles_1m()};
  options.upload_threads = kUploads;
  return options;
}

struct Mirrored {
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<ops::State> state;
  std::unique_ptr<google::Mirror> mirror;
};

Result<Mirrored> open_mirror(Env& env, const Cloud& cloud, const std::string& directory) {
  Mirrored mirrored;
  FM_ASSIGN(mirrored.lake, lake::Lake::open(env, join(directory, "lake")));
  FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(join(directory, "state"))));
  mirrored.state = std::make_unique<ops::State>(std::move(state));
  FM_ASSIGN(mirrored.mirror,
            google::Mirror::open(env, *mirrored.lake, *mirrored.state, *cloud.tokens,
                                 cloud.transports, mirror_options(cloud)));
  return mirrored;
}

// A manifest that names one file, as a commit writes it.
Status write_manifest(Env& env, const lake::Lake& lake, std::string_view root, Date day,
                      const std::string& part) {
  lake::Manifest manifest;
  manifest.table = "market_data.candles_1m";
  const lake::PartitionKey key{std::string(root), day};
  FM_ASSIGN(manifest.partition, key.directory(table::candles_1m()));
  manifest.version = 1;
  manifest.created = manifest.began = manifest.since = env.now();
  manifest.files = {{.name = part,
                     .rows = 1,
                     .bytes = 1'000,
                     .first_key = {},
                     .last_key = {},
                     .since = manifest.created}};
  manifest.rows = 1;
  manifest.hash = part;
  const std::string path =
      fmt::format("{}/{}.json", lake.manifests_of(table::candles_1m()), manifest.partition);
  FM_TRY(env.make_directories(parent_of(path)));
  FM_ASSIGN(const auto file, env.create(path, Create::kTruncate));
  FM_TRY(file->write(lake::encode(manifest)));
  FM_TRY(file->close());
  return lake::ChangesLog(env, lake.directory()).add(manifest.table, manifest.partition);
}

std::string part_name(std::uint64_t number) { return fmt::format("{:032x}", number); }

}  // namespace

Result<Row> mirror_upload_row(const Context& context) {
  Env& env = *context.env;
  const std::string directory = join(context.data.directory, "mirror");
  const std::uint64_t count = context.data.records >= 10'000'000 ? 64 : 8;  // 1 GiB, 128 MiB
  FM_TRY(remove_tree(env, directory));
  FM_ASSIGN(const auto cloud, start_cloud(env, join(directory, "objects")));
  FM_ASSIGN(const auto files, make_files(env, join(directory, "files"), count));
  auto run = std::make_shared<int>(0);
  const auto name_of = [run](std::size_t i) { return fmt::format("run-{}/{}", *run, i); };
  Row row{.id = "mirror_upload",
          .work = fmt::format("upload of {} files of 16 MiB to the double of Cloud Storage", count),
          .baseline = "curl, four at a time",
          .unit = "bytes",
          .amount = static_cast<double>(count * kFileBytes),
          .at_least = 0.7,
          .aim = {},
          .baseline_at_least = {},
          .note = {},
          .measure_ours = {},
          .measure_baseline = {}};
  row.measure_ours = [&env, cloud, files, run, name_of]() -> Result<double> {
    ++*run;
    std::vector<google::FileToUpload> uploads;
    for (std::size_t i = 0; i < files.size(); ++i) uploads.push_back({files[i], name_of(i)});
    const Nanos begin = env.monotonic();
    const auto results = google::upload_all(uploads, kUploads, cloud->endpoints,
                                            std::string(kBucket), [&] { return cloud->api(env); });
    const double seconds = seconds_since(env, begin);
    for (const auto& result : results)
      if (!result) return std::unexpected(result.error());
    return seconds;
  };
  row.measure_baseline = [&env, cloud, files, run, name_of, directory]() -> Result<double> {
    ++*run;
    FM_ASSIGN(const Secret bearer, cloud->tokens->bearer());
    CurlUpload upload{.endpoint = cloud->endpoints.storage,
                      .bucket = std::string(kBucket),
                      .authorization = std::string(bearer.reveal()),
                      .files = files,
                      .names = {},
                      .at_a_time = kUploads,
                      .config_file = join(directory, "curl.config")};
    for (std::size_t i = 0; i < files.size(); ++i) upload.names.push_back(name_of(i));
    return run_curl_upload(env, upload);
  };
  return row;
}

Result<std::vector<Limit>> mirror_planning(const Context& context) {
  Env& env = *context.env;
  const std::string directory = join(context.data.directory, "mirror-plan");
  constexpr int kRoots = 34;
  constexpr std::uint64_t kParts = 100'000;
  constexpr int kFresh = 10;
  constexpr int kRuns = 5;
  FM_TRY(remove_tree(env, directory));
  FM_ASSIGN(const auto cloud, start_cloud(env, join(directory, "objects")));
  FM_ASSIGN(Mirrored mirrored, open_mirror(env, *cloud, directory));
  std::vector<ops::MirrorPart> parts;
  const google::Destination destination = mirror_options(*cloud).destination;
  const auto root_of = [](std::uint64_t i) { return fmt::format("R{:02}", i % kRoots); };
  const auto day_of = [](std::uint64_t i) {
    return Date(2000, 1, 1) + static_cast<std::int32_t>(i / kRoots);
  };
  for (std::uint64_t i = 0; i < kParts; ++i) {
    FM_TRY(write_manifest(env, *mirrored.lake, root_of(i), day_of(i), part_name(i)));
    const lake::PartitionKey key{root_of(i), day_of(i)};
    FM_ASSIGN(const std::string partition, key.directory(table::candles_1m()));
    parts.push_back({.destination = destination.name(),
                     .table = "market_data.candles_1m",
                     .partition = partition,
                     .part = part_name(i),
                     .date = key.date,
                     .object = destination.object_of(table::candles_1m(), key, part_name(i)),
                     .rows = 1,
                     .bytes = 1'000,
                     .stage = ops::MirrorStage::kVerified});
  }
  FM_TRY(mirrored.state->record_mirror(parts));
  // What was written within two seconds is looked at again.
  env.sleep_for(3 * kNanosPerSecond);
  const Nanos before = env.monotonic();
  FM_ASSIGN(const google::MirrorPlan first, mirrored.mirror->plan());
  const double cold_ms = seconds_since(env, before) * 1e3;
  if (first.files != 0) return fail(Code::kInternal, "{} files to upload; expected 0", first.files);
  std::vector<double> milliseconds;
  for (int run = 0; run < kRuns; ++run) {
    for (int i = 0; i < kFresh; ++i) {
      const auto number = static_cast<std::uint64_t>(kParts + run * kFresh + i);
      FM_TRY(
          write_manifest(env, *mirrored.lake, root_of(number), day_of(number), part_name(number)));
    }
    const Nanos begin = env.monotonic();
    FM_ASSIGN(const google::MirrorPlan plan, mirrored.mirror->plan());
    milliseconds.push_back(seconds_since(env, begin) * 1e3);
    if (plan.files != static_cast<std::uint64_t>((run + 1) * kFresh))
      return fail(Code::kInternal, "{} files to upload; expected {}", plan.files,
                  (run + 1) * kFresh);
  }
  std::ranges::sort(milliseconds);
  return std::vector{
      Limit{.id = "mirror_planning",
            .work = "mirror: plan with 100,000 parts in state, 10 new",
            .value = milliseconds[kRuns / 2],
            .unit = "ms",
            .limit = 50,
            .at_most = true,
            .note = fmt::format("the first look, at every manifest: {:.0f} ms", cold_ms)}};
}

Result<std::vector<Limit>> mirror_cycle(const Context& context) {
  Env& env = *context.env;
  const std::string directory = join(context.data.directory, "mirror-cycle");
  constexpr int kRoots = 34;
  constexpr double kCycleSeconds = 300;
  FM_TRY(remove_tree(env, directory));
  FM_ASSIGN(const auto cloud, start_cloud(env, join(directory, "objects")));
  FM_ASSIGN(Mirrored mirrored, open_mirror(env, *cloud, directory));
  const Date day(2025, 6, 16);
  std::uint64_t requests = 0;
  double cpu = 0;
  for (std::int64_t minute = 0; minute < 3; ++minute) {
    for (int root = 0; root < kRoots; ++root)
      FM_TRY(lake::append_minute(*mirrored.lake, fmt::format("R{:02}", root), day, minute));
    const std::uint64_t before = cloud->cloud->requests();
    FM_ASSIGN(const double seconds, time_cpu([&]() -> Status {
                FM_ASSIGN(const google::CycleReport report, mirrored.mirror->cycle());
                if (report.parts_waiting == 0 && report.parts_uploaded == kRoots) return {};
                return fail(Code::kInternal, "{} parts uploaded, {} waiting", report.parts_uploaded,
                            report.parts_waiting);
              }));
    requests = std::max(requests, cloud->cloud->requests() - before);
    cpu = std::max(cpu, seconds);
  }
  return std::vector{
      Limit{.id = "mirror_requests",
            .work = "mirror: one live cycle of 34 roots, a part each",
            .value = static_cast<double>(requests),
            .unit = "requests",
            .limit = 40,
            .at_most = true},
      Limit{.id = "mirror_cpu",
            .work = "mirror: the same every five minutes",
            .value = cpu / kCycleSeconds * 100,
            .unit = "% of a core",
            .limit = 2,
            .at_most = true,
            .note = "with the double of the cloud, which works in the same process"}};
}

}  // namespace fm::bench
