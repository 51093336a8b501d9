#include "jobs/fetch.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/sha256.h"
#include "base/testing_fault_env.h"
#include "databento/testing_scripted_http.h"
#include "dbn/writer.h"
#include "jobs/fetch_batch.h"
#include "jobs/fetch_parts.h"

namespace fm::jobs {
namespace {

using databento::FileEncoding;
using databento::testing::answer;
using databento::testing::ok;
using databento::testing::ScriptedHttp;

constexpr std::string_view kKey = "db-0123456789abcdefghijklmnPLANT";
constexpr Nanos kMonday = 1'750'032'000 * kNanosPerSecond;  // 2025-06-16

const Secret& key() {
  static const Secret secret{std::string(kKey)};
  return secret;
}

class Agreeing final : public FetchObserver {
 public:
  Status agree_to(const FetchCost& cost) override {
    asked.push_back(to_text(cost));
    if (!agrees) return fail(Code::kInvalidArgument, "no");
    return {};
  }
  void at(std::string_view, std::uint64_t, std::uint64_t) override { ++progress; }
  void waiting(std::string_view what, std::optional<std::uint64_t>) override {
    waits.emplace_back(what);
  }

  bool agrees = true;
  std::vector<std::string> asked;
  std::vector<std::string> waits;
  int progress = 0;
};

// The zstd DBN that the service gives for a request.
std::string data(const databento::DataRequest& request, std::uint32_t records = 3) {
  dbn::Metadata metadata;
  metadata.dataset = request.dataset;
  metadata.schema = request.schema;
  metadata.stype_in = request.stype_in;
  metadata.start = request.start;
  metadata.end = request.end;
  metadata.limit = request.limit;
  metadata.symbols = request.symbols;
  std::vector<std::byte> bytes;
  auto sink = std::make_unique<dbn::ZstdSink>(std::make_unique<dbn::MemorySink>(bytes));
  dbn::Writer writer = dbn::Writer::open(std::move(sink), metadata).value();
  for (std::uint32_t i = 0; i < records; ++i) {
    dbn::Mbp1Msg record{};
    record.header.rtype = dbn::RType::kMbp1;
    record.sequence = i;
    EXPECT_TRUE(writer.write(record));
  }
  EXPECT_TRUE(writer.finish());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

FetchOptions options_of(const std::string& directory, int days = 1) {
  FetchOptions options;
  options.service.retries = {.attempts_max = 2, .first_delay = 1'000, .delay_max = 1'000};
  options.request = {.dataset = "GLBX.MDP3",
                     .schema = dbn::Schema::kTbbo,
                     .symbols = {"ES.FUT", "NQ.FUT"},
                     .stype_in = dbn::SType::kParent,
                     .start = kMonday,
                     .end = kMonday + static_cast<Nanos>(days) * kNanosPerDay};
  options.directory = directory;
  options.split = days > 1 ? Split::kDay : Split::kNone;
  options.poll_delay = 1'000'000;
  return options;
}

databento::DataRequest day_of(const FetchOptions& options, int day) {
  databento::DataRequest request = options.request;
  request.start = kMonday + static_cast<Nanos>(day) * kNanosPerDay;
  request.end = request.start + kNanosPerDay;
  return request;
}

Result<FetchReport> run(FetchOptions options, std::vector<std::string> answers, Agreeing& observer,
                        std::vector<std::string>* requests = nullptr) {
  ScriptedHttp http(std::move(answers));
  options.service.url = http.url();
  StopSignal stop;
  auto report = run_fetch(Env::posix(), options, key(), stop, observer);
  if (requests != nullptr) *requests = http.requests();
  return report;
}

TEST(FetchParts, CutsARangeAndNamesItsFilesAsTheVendorDoes) {
  struct {
    const char* start;
    const char* end;
    Split split;
    std::vector<std::string> names;
  } const cases[] = {
      {"2025-06-16T00:00:00Z",
       "2025-06-17T00:00:00Z",
       Split::kNone,
       {"glbx-mdp3-20250616-20250616.tbbo.dbn.zst"}},
      {"2025-06-16T00:00:00Z",
       "2025-06-18T00:00:00Z",
       Split::kDay,
       {"glbx-mdp3-20250616.tbbo.dbn.zst", "glbx-mdp3-20250617.tbbo.dbn.zst"}},
      {"2024-12-12T00:00:00Z",
       "2024-12-23T00:00:00Z",
       Split::kWeek,
       {"glbx-mdp3-20241212-20241214.tbbo.dbn.zst", "glbx-mdp3-20241215-20241221.tbbo.dbn.zst",
        "glbx-mdp3-20241222-20241222.tbbo.dbn.zst"}},
      {"2025-12-01T00:00:00Z",
       "2026-01-02T00:00:00Z",
       Split::kMonth,
       {"glbx-mdp3-20251201-20251231.tbbo.dbn.zst", "glbx-mdp3-20260101-20260101.tbbo.dbn.zst"}},
      {"2024-06-02T00:00:00Z",
       "2025-06-02T00:00:00Z",
       Split::kYear,
       {"glbx-mdp3-20240602-20241231.tbbo.dbn.zst", "glbx-mdp3-20250101-20250601.tbbo.dbn.zst"}},
      {"2025-06-16T13:30:00Z",
       "2025-06-17T00:00:00Z",
       Split::kDay,
       {"glbx-mdp3-20250616T133000-20250617.tbbo.dbn.zst"}},
      {"2025-06-16T13:30:00.5Z",
       "2025-06-16T14:00:00Z",
       Split::kNone,
       {"glbx-mdp3-1750080600500000000-20250616T140000.tbbo.dbn.zst"}}};
  for (const auto& one : cases) {
    FetchOptions options = options_of(".");
    options.request.start = parse_iso_nanos(one.start).value();
    options.request.end = parse_iso_nanos(one.end).value();
    options.split = one.split;
    const auto parts = parts_of(options).value();
    std::vector<std::string> names;
    for (const FetchPart& part : parts) names.push_back(part.name);
    EXPECT_EQ(names, one.names);
    EXPECT_EQ(parts.front().request.start, options.request.start);
    EXPECT_EQ(parts.back().request.end, options.request.end);
    for (std::size_t i = 1; i < parts.size(); ++i)
      EXPECT_EQ(parts[i].request.start, *parts[i - 1].request.end);
  }
  FetchOptions endless = options_of(".");
  endless.request.end = kMonday + 20'000 * kNanosPerDay;
  endless.split = Split::kDay;
  EXPECT_EQ(parts_of(endless).error().code(), Code::kInvalidArgument);
}

TEST(Fetch, ShowsTheCostAndFetchesEveryPartOnce) {
  TestDirectory directory;
  const FetchOptions options = options_of(directory.path(), 2);
  Agreeing observer;
  std::vector<std::string> requests;
  const auto report =
      run(options,
          {ok("6"), ok("480"), ok("1.5"), ok(data(day_of(options, 0))),
           answer(206, data(day_of(options, 1)), "X-Warning: [\"Symbology: X\"]\r\n")},
          observer, &requests);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(observer.asked, std::vector<std::string>{"6 records, 480 bytes, US$ 1.50, in 2 files"});
  EXPECT_GT(observer.progress, 0);
  ASSERT_EQ(report->files.size(), 2U);
  EXPECT_EQ(report->files[1].records, 3U);
  EXPECT_TRUE(report->partial);
  EXPECT_EQ(report->warnings, std::vector<std::string>{"Symbology: X"});
  EXPECT_EQ(Env::posix().list(directory.path())->size(), 2U);
  // One price for both days.
  EXPECT_EQ(requests.size(), 5U);
  const std::string json = to_json(*report);
  EXPECT_NE(json.find(R"("state":"fetched"})"), std::string::npos) << json;
  EXPECT_EQ(json.find(kKey.substr(3, 20)), std::string::npos);

  Agreeing again;
  const auto repeated = run(options, {}, again, &requests);
  ASSERT_TRUE(repeated) << repeated.error().message();
  EXPECT_TRUE(again.asked.empty());
  EXPECT_TRUE(requests.empty());
  EXPECT_EQ(repeated->files[0].how, FetchedHow::kAlreadyThere);
  EXPECT_EQ(repeated->files[0].records, 3U);
}

TEST(Fetch, ContinuesWithWhatIsMissingOrDamaged) {
  TestDirectory directory;
  const FetchOptions options = options_of(directory.path(), 3);
  const auto write = [&](const char* name, const std::string& text) {
    ASSERT_TRUE(write_text_atomically(Env::posix(), directory.file(name), text));
  };
  write("glbx-mdp3-20250616.tbbo.dbn.zst", data(day_of(options, 0), 9));
  const std::string damaged = data(day_of(options, 1));
  write("glbx-mdp3-20250617.tbbo.dbn.zst", damaged.substr(0, damaged.size() - 3));
  Agreeing observer;
  const auto report =
      run(options,
          {ok("6"), ok("480"), ok("1"), ok(data(day_of(options, 1))), ok(data(day_of(options, 2)))},
          observer);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files[0].how, FetchedHow::kAlreadyThere);
  EXPECT_EQ(report->files[0].records, 9U);
  EXPECT_EQ(report->files[1].how, FetchedHow::kFetched);
  EXPECT_EQ(report->files[2].how, FetchedHow::kFetched);
}

TEST(Fetch, KeepsFilesOfOtherRequests) {
  TestDirectory directory;
  const FetchOptions options = options_of(directory.path());
  const std::string path = directory.file("glbx-mdp3-20250616-20250616.tbbo.dbn.zst");
  struct {
    const char* says;
    databento::DataRequest held;
  } cases[] = {{"other symbols", options.request},
               {"its limit is 5, expected none", options.request},
               {"its stype_in is raw_symbol", options.request}};
  cases[0].held.symbols = {"CL.FUT"};
  cases[1].held.limit = 5;
  cases[2].held.stype_in = dbn::SType::kRawSymbol;
  for (const auto& one : cases) {
    ASSERT_TRUE(write_text_atomically(Env::posix(), path, data(one.held)));
    Agreeing observer;
    const auto report = run(options, {}, observer);
    ASSERT_FALSE(report) << one.says;
    EXPECT_EQ(report.error().code(), Code::kConflict);
    EXPECT_NE(report.error().message().find(one.says), std::string::npos)
        << report.error().message();
    EXPECT_TRUE(observer.asked.empty());
  }
  FetchOptions overwriting = options;
  overwriting.overwrite = true;
  Agreeing observer;
  const auto report =
      run(overwriting, {ok("3"), ok("240"), ok("1"), ok(data(options.request))}, observer);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(look_at(Env::posix(), path, parts_of(options)->at(0), FileEncoding::kDbn)->state,
            Existing::State::kSame);
}

TEST(Fetch, NothingIsBilledWithoutAgreement) {
  TestDirectory directory;
  const std::vector<std::string> prices = {ok("6"), ok("480"), ok("5.01")};
  {
    Agreeing refusing;
    refusing.agrees = false;
    std::vector<std::string> requests;
    const auto report = run(options_of(directory.path()), prices, refusing, &requests);
    EXPECT_EQ(report.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(requests.size(), 3U);
  }
  FetchOptions bounded = options_of(directory.path());
  bounded.max_cost_dollars = 5;
  Agreeing observer;
  const auto report = run(bounded, prices, observer);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kInvalidArgument);
  EXPECT_NE(report.error().message().find("US$ 5.01; more than the 5.00 allowed"),
            std::string::npos)
      << report.error().message();
  EXPECT_TRUE(observer.asked.empty());
  EXPECT_TRUE(Env::posix().list(directory.path())->empty());
}

TEST(Fetch, OptionsThatDoNotGoTogether) {
  TestDirectory directory;
  FetchOptions options = options_of(directory.path(), 2);
  options.request.limit = 5;
  Agreeing observer;
  EXPECT_EQ(run(options, {}, observer).error().code(), Code::kInvalidArgument);
  options.request.limit.reset();
  options.request.end.reset();
  EXPECT_EQ(run(options, {}, observer).error().code(), Code::kInvalidArgument);
}

TEST(Fetch, ABrokenStreamLeavesNoFile) {
  TestDirectory directory;
  const FetchOptions options = options_of(directory.path());
  const std::string whole = data(options.request, 1'000);
  const std::string cut =
      fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  whole.size(), whole.substr(0, whole.size() / 2));
  Agreeing observer;
  const auto report = run(options, {ok("1000"), ok("80000"), ok("1"), cut}, observer);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kTruncated);
  EXPECT_TRUE(report.error().can_retry());
  EXPECT_TRUE(Env::posix().list(directory.path())->empty());
}

std::string job(std::string_view state) {
  return ok(
      fmt::format(R"({{"id":"GLBX-20250617-AAAAAAAAAA","state":"{}","progress":50}})", state));
}

std::string file_list(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string list;
  for (const auto& [file_name, text] : files)
    list += fmt::format(
        R"({}{{"filename":"{}","size":{},"hash":"sha256:{}","urls":{{"https":"https://x/v0/{}"}}}})",
        list.empty() ? "" : ",", file_name, text.size(), sha256_of(text), file_name);
  return ok("[" + list + "]");
}

TEST(Fetch, SubmitsABatchJobOnceWaitsAndDownloadsIt) {
  TestDirectory directory;
  FetchOptions options = options_of(directory.path(), 2);
  options.batch = true;
  const std::string text = data(options.request);
  const std::string list = file_list({{"metadata.json", "{}"}, {"a.dbn.zst", text}});
  Agreeing observer;
  // The first run dies while it waits.
  std::vector<std::string> requests;
  const auto died = run(options,
                        {ok("6"), ok("480"), ok("1"), job("queued"), job("processing"),
                         answer(404, R"({"detail":"Not Found"})")},
                        observer, &requests);
  ASSERT_FALSE(died);
  EXPECT_EQ(observer.waits, std::vector<std::string>{"GLBX-20250617-AAAAAAAAAA is processing"});
  EXPECT_NE(requests.at(3).find("split_duration=day"), std::string::npos);

  Agreeing again;
  const auto report = run(options, {job("done"), list, ok("{}"), ok(text)}, again, &requests);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(again.asked.empty());
  EXPECT_TRUE(
      requests.at(0).starts_with("GET /v0/batch.get_job_details?job_id=GLBX-20250617-AAAAAAAAAA "));
  EXPECT_EQ(report->job_id, "GLBX-20250617-AAAAAAAAAA");
  const std::string folder = directory.file("GLBX-20250617-AAAAAAAAAA");
  EXPECT_EQ(read_text(Env::posix(), join(folder, "a.dbn.zst")).value(), text);
  EXPECT_EQ(Env::posix().list(folder)->size(), 2U);

  const auto repeated = run(options, {job("done"), list}, again);
  ASSERT_TRUE(repeated) << repeated.error().message();
  EXPECT_EQ(repeated->files.at(1).how, FetchedHow::kAlreadyThere);

  const auto expired = run(options, {job("expired")}, again);
  ASSERT_FALSE(expired);
  EXPECT_NE(expired.error().advice().find(kJobsFile), std::string::npos);
}

TEST(Fetch, RemembersJobsByTheirWholeRequest) {
  TestDirectory directory;
  Env& env = Env::posix();
  FetchOptions options = options_of(directory.path());
  const std::string request = request_text(options);
  options.request.symbols = {"NQ.FUT", "ES.FUT"};
  EXPECT_EQ(request_text(options), request);
  options.request.symbols = {"NQ.FUT"};
  EXPECT_NE(request_text(options), request);
  EXPECT_EQ(find_job(env, directory.path(), request).value(), "");
  ASSERT_TRUE(remember_job(env, directory.path(), request, "A"));
  ASSERT_TRUE(remember_job(env, directory.path(), request_text(options), "B"));
  ASSERT_TRUE(remember_job(env, directory.path(), request, "C"));
  EXPECT_EQ(find_job(env, directory.path(), request).value(), "C");
  ASSERT_TRUE(write_text_atomically(env, directory.file(kJobsFile), "no tab\n"));
  EXPECT_EQ(find_job(env, directory.path(), request).error().code(), Code::kCorrupt);
}

TEST(Fetch, AStopEndsTheWaitAndSaysThatItCanGoOn) {
  TestDirectory directory;
  FetchOptions options = options_of(directory.path());
  options.batch = true;
  options.poll_delay = 60 * kNanosPerSecond;
  ScriptedHttp http({ok("6"), ok("480"), ok("1"), job("queued"), job("queued")});
  options.service.url = http.url();
  StopSignal stop;
  class Stopping final : public FetchObserver {
   public:
    explicit Stopping(StopSignal& signal) : signal_(&signal) {}
    Status agree_to(const FetchCost&) override { return {}; }
    void at(std::string_view, std::uint64_t, std::uint64_t) override {}
    void waiting(std::string_view, std::optional<std::uint64_t>) override { signal_->request(); }

   private:
    StopSignal* signal_;
  } observer(stop);
  const auto report = run_fetch(Env::posix(), options, key(), stop, observer);
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().can_retry());
  EXPECT_NE(report.error().message().find("stopped"), std::string::npos);
}

}  // namespace
}  // namespace fm::jobs
