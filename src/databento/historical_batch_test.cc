#include <gtest/gtest.h>

#include "base/sha256.h"
#include "base/testing_fault_env.h"
#include "databento/historical_client.h"
#include "databento/testing_scripted_http.h"

namespace fm::databento {
namespace {

using testing::answer;
using testing::chunked;
using testing::ok;
using testing::ScriptedHttp;

const Secret& key() {
  static const Secret secret("db-0123456789abcdefghijklmnPLANT");
  return secret;
}

std::unique_ptr<HistoricalClient> client_of(Env& env, const ScriptedHttp& http) {
  return HistoricalClient::create(
             env, key(),
             {.url = http.url(),
              .retries = {.attempts_max = 5, .first_delay = 1'000, .delay_max = 1'000}})
      .value();
}

std::string content() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i);
  return text;
}

BatchFile file_of(const std::string& text) {
  return {"glbx-mdp3-20250616.tbbo.dbn.zst", text.size(), sha256_of(text),
          "/v0/batch/download/U/J/glbx-mdp3-20250616.tbbo.dbn.zst"};
}

std::string rest_from(const std::string& text, std::size_t first) {
  return answer(
      206, text.substr(first),
      fmt::format("Content-Range: bytes {}-{}/{}\r\n", first, text.size() - 1, text.size()));
}

std::string cut_after(const std::string& text, std::size_t count) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                     text.size(), text.substr(0, count));
}

TEST(Batch, SubmitsAndFollowsAJob) {
  const std::string job =
      R"({"id":"GLBX-20250617-C83SEA9BN7","state":"queued","cost_usd":1.5,"dataset":"GLBX.MDP3",
          "schema":"tbbo","record_count":null,"billed_size":880,"progress":40,
          "ts_received":"2025-06-17T00:00:00Z","ts_expiration":null})";
  ScriptedHttp http({answer(429, "", "Retry-After: 0\r\n"), ok(job), ok(job),
                     ok(R"([{"id":"A","state":"done","ts_received":"2025-06-17"}])")});
  const auto client = client_of(Env::posix(), http);
  BatchRequest request;
  request.data = {.dataset = "GLBX.MDP3",
                  .symbols = {"ES.FUT"},
                  .start = 1'750'032'000 * kNanosPerSecond,
                  .end = 1'750'118'400 * kNanosPerSecond};
  request.form.encoding = FileEncoding::kJson;
  const BatchJob submitted = client->submit_job(request).value();
  EXPECT_EQ(submitted.id, "GLBX-20250617-C83SEA9BN7");
  EXPECT_EQ(submitted.cost_dollars, 1.5);
  EXPECT_EQ(submitted.record_count, std::nullopt);
  EXPECT_EQ(submitted.progress_percent, 40U);
  EXPECT_EQ(client->get_job(submitted.id)->state, "queued");
  EXPECT_EQ(client->list_jobs("done")->at(0).id, "A");
  const auto requests = http.requests();
  EXPECT_NE(requests.at(1).find("&stype_out=instrument_id&encoding=json&compression=zstd"
                                "&pretty_px=true&pretty_ts=true&map_symbols=true"
                                "&split_symbols=false&split_duration=day&delivery=download"),
            std::string::npos)
      << requests.at(1);
  EXPECT_TRUE(requests.at(3).starts_with("GET /v0/batch.list_jobs?states=done "));

  request.split_duration = "fortnight";
  EXPECT_EQ(client->submit_job(request).error().code(), Code::kInvalidArgument);
  request.split_duration = "none";
  request.split_symbols = true;
  request.data.symbols = {"ALL_SYMBOLS"};
  EXPECT_EQ(client->submit_job(request).error().code(), Code::kInvalidArgument);
}

TEST(Batch, ASubmissionWhoseFateIsUnknownIsNotRepeated) {
  ScriptedHttp http({"", ok("{}")});
  BatchRequest request;
  request.data = {.dataset = "GLBX.MDP3", .symbols = {"ES.FUT"}};
  const auto job = client_of(Env::posix(), http)->submit_job(request);
  ASSERT_FALSE(job);
  EXPECT_NE(job.error().advice().find("may have been made"), std::string::npos);
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST(Batch, ListsFilesAndRefusesNamesThatLeadElsewhere) {
  const auto list = [](std::string_view name, std::string_view hash, std::string_view url) {
    return fmt::format(
        R"([{{"filename":"{}","size":3,"hash":"{}","urls":{{"https":"{}","ftp":"f"}}}}])", name,
        hash, url);
  };
  const std::string hash = "sha256:" + sha256_of("abc");
  {
    ScriptedHttp http({ok(list("a.dbn.zst", hash, "https://elsewhere.example/v0/b/a.dbn.zst"))});
    const auto files = client_of(Env::posix(), http)->list_files("J").value();
    EXPECT_EQ(files.at(0).path, "/v0/b/a.dbn.zst");
    EXPECT_EQ(files.at(0).sha256, sha256_of("abc"));
  }
  const std::string url = "https://h/x";
  for (const std::string& body :
       {list("../a", hash, url), list("a/b", hash, url), list(".hidden", hash, url),
        list("", hash, url), list("a b", hash, url), list("a", "md5:5", url),
        list("a", "sha256:zz", url), list("a", hash, "https://h")}) {
    ScriptedHttp http({ok(body)});
    const auto files = client_of(Env::posix(), http)->list_files("J");
    ASSERT_FALSE(files) << body;
    EXPECT_EQ(files.error().code(), Code::kCorrupt);
  }
}

TEST(Batch, DownloadsOnceAndKeepsWhatIsRight) {
  const std::string text = content();
  TestDirectory directory;
  ScriptedHttp http({ok(text)});
  const auto client = client_of(Env::posix(), http);
  std::uint64_t last = 0;
  EXPECT_EQ(client
                ->download(file_of(text), directory.file("J"),
                           [&](std::uint64_t bytes, std::uint64_t total) {
                             EXPECT_GE(bytes, last);
                             EXPECT_EQ(total, text.size());
                             last = bytes;
                           })
                .value(),
            Downloaded::kFetched);
  EXPECT_EQ(last, text.size());
  EXPECT_EQ(client->download(file_of(text), directory.file("J")).value(),
            Downloaded::kAlreadyThere);
  EXPECT_EQ(http.requests().size(), 1U);
  EXPECT_EQ(read_text(Env::posix(), join(directory.file("J"), file_of(text).name)).value(), text);
}

TEST(Batch, ContinuesWhatBrokeOff) {
  const std::string text = content();
  TestDirectory directory;
  ScriptedHttp http({cut_after(text, 1'000), answer(503, ""), rest_from(text, 1'000)});
  EXPECT_EQ(client_of(Env::posix(), http)->download(file_of(text), directory.path()).value(),
            Downloaded::kResumed);
  EXPECT_EQ(read_text(Env::posix(), directory.file(file_of(text).name)).value(), text);
  EXPECT_EQ(Env::posix().list(directory.path())->size(), 1U);
  EXPECT_NE(http.requests().at(2).find("Range: bytes=1000-\r\n"), std::string::npos);
}

TEST(Batch, ContinuesWhatAnEarlierRunLeft) {
  const std::string text = content();
  TestDirectory directory;
  {
    ScriptedHttp http({cut_after(text, 700), "", "", "", ""});
    const auto broken = client_of(Env::posix(), http)->download(file_of(text), directory.path());
    ASSERT_FALSE(broken);
    EXPECT_TRUE(broken.error().can_retry());
    EXPECT_EQ(http.requests().size(), 5U);
  }
  ScriptedHttp http({rest_from(text, 700)});
  EXPECT_EQ(client_of(Env::posix(), http)->download(file_of(text), directory.path()).value(),
            Downloaded::kResumed);
  EXPECT_EQ(read_text(Env::posix(), directory.file(file_of(text).name)).value(), text);
}

TEST(Batch, BeginsAnewWhereContinuingIsNotPossible) {
  const std::string text = content();
  std::string wrong = text;
  wrong[5] = 'x';
  struct {
    const char* what;
    std::vector<std::string> answers;
  } const cases[] = {{"the server knows no ranges", {cut_after(text, 1'000), ok(text)}},
                     {"another content", {ok(wrong), ok(text)}},
                     {"the beginning was of another file",
                      {cut_after(wrong, 1'000), rest_from(text, 1'000), ok(text)}},
                     {"out of range", {cut_after(text, 1'000), answer(416, ""), ok(text)}}};
  for (const auto& one : cases) {
    TestDirectory directory;
    ScriptedHttp http(one.answers);
    const auto got = client_of(Env::posix(), http)->download(file_of(text), directory.path());
    ASSERT_TRUE(got) << one.what << ": " << got.error().message();
    EXPECT_EQ(read_text(Env::posix(), directory.file(file_of(text).name)).value(), text)
        << one.what;
    EXPECT_EQ(http.requests().size(), one.answers.size());
  }
}

TEST(Batch, GivesUpOnWhatCannotBeRight) {
  const std::string text = content();
  std::string wrong = text;
  wrong[5] = 'x';
  struct {
    const char* what;
    std::vector<std::string> answers;
    Code code;
    const char* says;
  } const cases[] = {
      {"never the right content", std::vector<std::string>(5, ok(wrong)), Code::kCorrupt,
       "SHA-256"},
      {"too much", {ok(text + "x")}, Code::kCorrupt, "more than"},
      {"another range", {cut_after(text, 1'000), rest_from(text, 999)}, Code::kCorrupt, "range"},
      {"gone", {answer(404, R"({"detail":"Not Found"})")}, Code::kRefused, "Not Found"},
      {"elsewhere", {answer(302, "x")}, Code::kRefused, "HTTP 302"}};
  for (const auto& one : cases) {
    TestDirectory directory;
    ScriptedHttp http(one.answers);
    const auto got = client_of(Env::posix(), http)->download(file_of(text), directory.path());
    ASSERT_FALSE(got) << one.what;
    EXPECT_EQ(got.error().code(), one.code) << one.what << ": " << got.error().message();
    EXPECT_NE(got.error().message().find(one.says), std::string::npos) << got.error().message();
    EXPECT_FALSE(Env::posix().exists(directory.file(file_of(text).name))) << one.what;
  }
}

TEST(Batch, ReplacesAFileThatIsNotRightAndMakesAnEmptyOne) {
  const std::string text = content();
  TestDirectory directory;
  const std::string path = directory.file(file_of(text).name);
  ASSERT_TRUE(write_text_atomically(Env::posix(), path, "something else"));
  ScriptedHttp http({ok(text)});
  const auto client = client_of(Env::posix(), http);
  EXPECT_EQ(client->download(file_of(text), directory.path()).value(), Downloaded::kFetched);
  EXPECT_EQ(read_text(Env::posix(), path).value(), text);
  BatchFile empty{"empty.csv", 0, sha256_of(""), "/x"};
  EXPECT_EQ(client->download(empty, directory.path()).value(), Downloaded::kFetched);
  EXPECT_EQ(Env::posix().info(directory.file("empty.csv"))->size_bytes, 0U);
  BatchFile outside = empty;
  outside.name = "../x";
  EXPECT_EQ(client->download(outside, directory.path()).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::databento
