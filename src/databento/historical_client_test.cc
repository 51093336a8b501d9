#include "databento/historical_client.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "base/testing_fault_env.h"
#include "databento/testing_scripted_http.h"
#include "dbn/testing_records.h"

namespace fm::databento {
namespace {

using dbn::testing::Bytes;
using dbn::testing::bytes_of;
using dbn::testing::compress;
using dbn::testing::first_of;
using dbn::testing::sample_tbbo;
using dbn::testing::tbbo_file;
using dbn::testing::operator+;
using testing::answer;
using testing::chunked;
using testing::ok;
using testing::ScriptedHttp;
using testing::text_of;

constexpr std::string_view kKey = "db-0123456789abcdefghijklmnPLANT";

const Secret& key() {
  static const Secret secret{std::string(kKey)};
  return secret;
}

HistoricalOptions at(const ScriptedHttp& http) {
  return {.url = http.url(),
          .retries = {.attempts_max = 3, .first_delay = 1'000, .delay_max = 1'000}};
}

std::unique_ptr<HistoricalClient> client_of(Env& env, const ScriptedHttp& http) {
  return HistoricalClient::create(env, key(), at(http)).value();
}

DataRequest one_day() {
  return {.dataset = "GLBX.MDP3",
          .schema = dbn::Schema::kTbbo,
          .symbols = {"ES.FUT", "NQ.FUT"},
          .stype_in = dbn::SType::kParent,
          .start = 1'750'032'000 * kNanosPerSecond,
          .end = 1'750'118'400 * kNanosPerSecond,
          .limit = 7};
}

void expect_no_key(const Error& error) {
  EXPECT_EQ((error.message() + error.advice()).find(kKey.substr(3, 20)), std::string::npos)
      << error.message();
}

TEST(HistoricalClient, AsksForCountSizeAndCost) {
  ScriptedHttp http({ok("2973"), ok("237840"), ok("0.0123")});
  const auto client = client_of(Env::posix(), http);
  EXPECT_EQ(client->get_record_count(one_day()).value(), 2'973U);
  EXPECT_EQ(client->get_billable_size(one_day()).value(), 237'840U);
  EXPECT_DOUBLE_EQ(client->get_cost(one_day()).value(), 0.0123);
  const std::string request = http.requests().at(2);
  EXPECT_TRUE(request.starts_with("POST /v0/metadata.get_cost HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Authorization: Basic "), std::string::npos);
  EXPECT_TRUE(request.ends_with(
      "\r\n\r\ndataset=GLBX.MDP3&schema=tbbo&symbols=ES.FUT%2CNQ.FUT&stype_in=parent"
      "&start=1750032000000000000&end=1750118400000000000&limit=7"))
      << request;
}

TEST(HistoricalClient, ReadsTheLists) {
  ScriptedHttp http(
      {ok(R"(["GLBX.MDP3","XNAS.ITCH"])"), ok(R"(["trades","a-schema-of-tomorrow"])"),
       ok(R"([{"name":"length","type":"uint8_t"}])"),
       ok(R"([{"publisher_id":1,"dataset":"GLBX.MDP3","venue":"GLBX","description":"CME"}])"),
       ok(R"([{"mode":"historical-streaming","unit_prices":{"tbbo":28,"trades":28.5}}])"),
       ok(R"({"start":"2010-06-06T00:00:00.000000000Z","end":"2025-06-17T00:00:00+00:00",
              "schema":{"tbbo":{"start":"2010-06-06","end":"2025-06-16T10:00:00.5Z"}}})"),
       ok(R"([{"date":"2025-06-16","condition":"degraded","last_modified_date":"2025-06-18"},
              {"date":"2025-06-17","condition":"missing","last_modified_date":null}])"),
       ok(R"({"result":{"ES.c.0":[{"d0":"2023-01-01","d1":"2023-03-19","s":"206299"}]},
              "symbols":["ES.c.0","X"],"partial":["ES.c.0"],"not_found":["X"],"status":1})")});
  const auto client = client_of(Env::posix(), http);
  EXPECT_EQ(client->list_datasets().value(), (std::vector<std::string>{"GLBX.MDP3", "XNAS.ITCH"}));
  EXPECT_EQ(client->list_schemas("GLBX.MDP3").value().at(1), "a-schema-of-tomorrow");
  EXPECT_EQ(client->list_fields(dbn::Schema::kTrades, FileEncoding::kDbn).value().at(0).type,
            "uint8_t");
  EXPECT_EQ(client->list_publishers().value().at(0).venue, "GLBX");
  EXPECT_DOUBLE_EQ(client->list_unit_prices("GLBX.MDP3").value().at(0).dollars_per_gib.at("trades"),
                   28.5);
  const DatasetRange range = client->get_dataset_range("GLBX.MDP3").value();
  EXPECT_EQ(iso_nanos(range.start), "2010-06-06T00:00:00.000000000Z");
  EXPECT_EQ(iso_nanos(range.end), "2025-06-17T00:00:00.000000000Z");
  EXPECT_EQ(iso_nanos(range.schemas.at("tbbo").second), "2025-06-16T10:00:00.500000000Z");
  const auto days =
      client->get_dataset_condition("GLBX.MDP3", Date(2025, 6, 16), Date(2025, 6, 17)).value();
  EXPECT_EQ(days.at(0).condition, "degraded");
  EXPECT_EQ(days.at(0).last_modified, Date(2025, 6, 18));
  EXPECT_EQ(days.at(1).last_modified, std::nullopt);
  const Resolution resolution =
      client
          ->resolve("GLBX.MDP3", {"ES.c.0", "X"}, dbn::SType::kContinuous,
                    dbn::SType::kInstrumentId, Date(2023, 1, 1), Date(2023, 4, 1))
          .value();
  EXPECT_EQ(resolution.mappings.at(0).raw_symbol, "ES.c.0");
  EXPECT_EQ(resolution.mappings.at(0).intervals.at(0).symbol, "206299");
  EXPECT_EQ(resolution.not_found, std::vector<std::string>{"X"});
  const auto requests = http.requests();
  EXPECT_TRUE(requests.at(2).starts_with(
      "GET /v0/metadata.list_fields?schema=trades&encoding=dbn HTTP/1.1"));
  EXPECT_NE(requests.at(7).find("start_date=2023-01-01&end_date=2023-04-01"), std::string::npos);
}

TEST(HistoricalClient, AnswersThatAreNotWhatWasAskedFor) {
  const char* const bodies[] = {"",
                                "null",
                                "[]",
                                "{}",
                                "-1",
                                "1e400",
                                "\"5\"",
                                "<html>",
                                "[1]",
                                R"([{}])",
                                R"({"start":5})",
                                R"({"result":[]})"};
  using Ask = std::function<Status(HistoricalClient&)>;
  const auto as_status = [](const auto& result) -> Status {
    if (result) return {};
    return std::unexpected(result.error());
  };
  const std::vector<Ask> asks = {
      [&](HistoricalClient& c) { return as_status(c.get_record_count(one_day())); },
      [&](HistoricalClient& c) { return as_status(c.get_dataset_range("X")); },
      [&](HistoricalClient& c) { return as_status(c.get_job("J")); },
      [&](HistoricalClient& c) {
        return as_status(c.resolve("X", {"A"}, dbn::SType::kParent, dbn::SType::kInstrumentId,
                                   Date(2025, 1, 1), Date(2025, 1, 2)));
      }};
  for (const char* const body : bodies) {
    for (const Ask& ask : asks) {
      ScriptedHttp http({ok(body)});
      const Status status = ask(*client_of(Env::posix(), http));
      ASSERT_FALSE(status) << body;
      EXPECT_EQ(status.error().code(), Code::kCorrupt) << body;
      EXPECT_NE(status.error().message().find("expected"), std::string::npos);
    }
  }
}

TEST(HistoricalClient, SaysWhatTheServiceRefused) {
  struct {
    std::string answer;
    const char* says;
    const char* advises;
    bool can_retry;
  } const cases[] = {
      {answer(422, R"({"detail":{"case":"data_end_after_available_end","message":"Too late.",
                     "status_code":422,"docs":"https://databento.com/docs/x","payload":{}}})",
              "request-id: abc-1\r\n"),
       "metadata.get_cost: the service refused: Too late. (HTTP 422, "
       "data_end_after_available_end, request abc-1)",
       "https://databento.com/docs/x", false},
      {answer(404, R"({"detail":"Not Found"})"), "Not Found (HTTP 404)", "", false},
      {answer(401, R"({"detail":{"case":"auth_authentication_failed","message":"No."}})"),
       "No. (HTTP 401, auth_authentication_failed)", "Check the key", false},
      {answer(400, "<html>bad</html>"), "<html>bad</html> (HTTP 400)", "", false},
      {answer(302, "", "Location: http://elsewhere/\r\n"), "(HTTP 302)", "", false},
      {answer(503, ""), "it gave no reason (HTTP 503)", "", true},
      {answer(429, R"({"detail":"slow down"})"), "slow down (HTTP 429)", "", true},
  };
  for (const auto& one : cases) {
    ScriptedHttp http({one.answer, one.answer, one.answer});
    const auto cost = client_of(Env::posix(), http)->get_cost(one_day());
    ASSERT_FALSE(cost);
    EXPECT_EQ(cost.error().code(), Code::kRefused) << cost.error().message();
    EXPECT_NE(cost.error().message().find(one.says), std::string::npos) << cost.error().message();
    EXPECT_TRUE(cost.error().advice().starts_with(one.advises)) << cost.error().advice();
    EXPECT_EQ(cost.error().can_retry(), one.can_retry);
    EXPECT_EQ(http.requests().size(), one.can_retry ? 3U : 1U);
    expect_no_key(cost.error());
  }
}

TEST(HistoricalClient, TriesAgainWhenThatMayHelp) {
  FaultEnv env;
  env.set_now(1'750'000'000 * kNanosPerSecond);
  ScriptedHttp http(
      {answer(429, "", "Retry-After: 17\r\n"), "HTTP/1.1 200 OK\r\nContent-Le", ok("5")});
  EXPECT_EQ(client_of(env, http)->get_record_count(one_day()).value(), 5U);
  EXPECT_GE(env.now(), 1'750'000'017 * kNanosPerSecond);
  EXPECT_EQ(http.requests().size(), 3U);
}

TEST(HistoricalClient, RefusesRequestsThatNoServiceTakes) {
  ScriptedHttp http({});
  const auto client = client_of(Env::posix(), http);
  const auto refused = [&](auto change) {
    DataRequest request = one_day();
    change(request);
    const auto cost = client->get_cost(request);
    return !cost && cost.error().code() == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](DataRequest& r) { r.dataset = ""; }));
  EXPECT_TRUE(refused([](DataRequest& r) { r.symbols.clear(); }));
  EXPECT_TRUE(refused([](DataRequest& r) { r.symbols.assign(2'001, "A"); }));
  EXPECT_TRUE(refused([](DataRequest& r) { r.symbols = {"A,B"}; }));
  EXPECT_TRUE(refused([](DataRequest& r) { r.end = r.start; }));
  EXPECT_TRUE(refused([](DataRequest& r) { r.limit = 0; }));
  for (const char* const url : {"ftp://x", "hist.databento.com", "http://a b", "http://k@host"})
    EXPECT_EQ(HistoricalClient::create(Env::posix(), key(), {.url = url}).error().code(),
              Code::kInvalidArgument)
        << url;
  const Secret bad("k:e:y:k:e:y:k:e:y");
  EXPECT_EQ(HistoricalClient::create(Env::posix(), bad).error().code(), Code::kInvalidArgument);
}

// ---- timeseries.get_range

struct Cut {
  const char* what;
  std::string answer;
  Code code;
};

std::vector<Cut> cuts() {
  const Bytes whole = tbbo_file(3, 1'000);
  const std::string packed = text_of(compress(whole));
  const std::string half = packed.substr(0, packed.size() / 2);
  const std::string partial_record = text_of(compress(first_of(whole, whole.size() - 30)));
  const std::string head = fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", packed.size());
  return {
      {"closed early, by its length", head + half, Code::kTruncated},
      {"closed within a chunk", chunked({half, half}, false).substr(0, 120 + half.size()),
       Code::kTruncated},
      {"no last chunk", chunked({packed}, false), Code::kTruncated},
      {"frame not finished", chunked({half}, true), Code::kTruncated},
      {"frame not finished, with a length", ok(half), Code::kTruncated},
      {"no length, cut", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + half, Code::kTruncated},
      {"partial last record", ok(partial_record), Code::kTruncated},
      {"nothing", ok(""), Code::kTruncated},
      {"not zstd", ok(text_of(whole)), Code::kCorrupt},
      {"no data", answer(204, ""), Code::kTruncated},
      {"elsewhere", answer(302, "x"), Code::kRefused}};
}

TEST(GetRange, NoFormEndsWellWhenTheAnswerIsCut) {
  for (const Cut& cut : cuts()) {
    TestDirectory directory;
    const std::string path = directory.file("es.dbn.zst");
    {
      ScriptedHttp http({cut.answer});
      const auto got = client_of(Env::posix(), http)->get_range_to_file(one_day(), {}, path);
      ASSERT_FALSE(got) << cut.what;
      EXPECT_EQ(got.error().code(), cut.code) << cut.what << ": " << got.error().message();
      EXPECT_TRUE(Env::posix().list(directory.path())->empty()) << cut.what;
      expect_no_key(got.error());
    }
    {
      ScriptedHttp http({cut.answer});
      std::uint64_t count = 0;
      const auto got = client_of(Env::posix(), http)
                           ->get_range_records(one_day(), [&](const dbn::RecordBlock& block) {
                             count += block.record_count;
                             return Status();
                           });
      ASSERT_FALSE(got) << cut.what;
      EXPECT_EQ(got.error().code(), cut.code) << cut.what << ": " << got.error().message();
      EXPECT_LE(count, 1'000U);
    }
    if (std::string_view(cut.what) == "partial last record") continue;  // bytes are not looked into
    ScriptedHttp http({cut.answer});
    const auto got =
        client_of(Env::posix(), http)->get_range(one_day(), {}, [](std::span<const std::byte>) {
          return Status();
        });
    ASSERT_FALSE(got) << cut.what;
    EXPECT_EQ(got.error().code(), cut.code) << cut.what << ": " << got.error().message();
  }
}

TEST(GetRange, EveryFormGivesWhatWasSent) {
  const Bytes whole = tbbo_file(3, 20'000);
  const std::string packed = text_of(compress(whole));
  const std::string sent = chunked({packed.substr(0, 1'000), packed.substr(1'000)}, true);
  const std::string partly = answer(206, packed, "X-Warning: [\"Symbology: 1 not found\"]\r\n");
  TestDirectory directory;
  const std::string path = directory.file("es.dbn.zst");
  ScriptedHttp http({sent, sent, partly});
  const auto client = client_of(Env::posix(), http);

  const Delivered to_file = client->get_range_to_file(one_day(), {}, path).value();
  EXPECT_EQ(to_file.records, 20'000U);
  EXPECT_EQ(to_file.bytes, packed.size());
  EXPECT_EQ(read_text(Env::posix(), path).value(), packed);
  EXPECT_EQ(Env::posix().list(directory.path())->size(), 1U);

  Bytes records;
  dbn::Metadata metadata;
  const Delivered decoded =
      client
          ->get_range_records(
              one_day(),
              [&](const dbn::RecordBlock& block) {
                records.insert(records.end(), block.bytes.begin(), block.bytes.end());
                return Status();
              },
              [&](const dbn::Metadata& found) {
                metadata = found;
                return Status();
              })
          .value();
  EXPECT_EQ(decoded.records, 20'000U);
  EXPECT_EQ(records, Bytes(whole.end() - static_cast<std::ptrdiff_t>(records.size()), whole.end()));
  EXPECT_EQ(metadata.symbols, std::vector<std::string>{"ESH1"});

  std::string bytes;
  const Delivered raw = client
                            ->get_range(one_day(), {},
                                        [&](std::span<const std::byte> piece) {
                                          bytes += text_of({piece.begin(), piece.end()});
                                          return Status();
                                        })
                            .value();
  EXPECT_EQ(bytes, packed);
  EXPECT_TRUE(raw.partial);
  EXPECT_EQ(raw.warnings, std::vector<std::string>{"Symbology: 1 not found"});
  EXPECT_TRUE(http.requests().at(0).ends_with(
      "&limit=7&stype_out=instrument_id&encoding=dbn&compression=zstd"));
}

TEST(GetRange, TextIsAskedForReadableAndMustEndWithALine) {
  TestDirectory directory;
  const std::string path = directory.file("es.csv");
  ScriptedHttp http(
      {ok("a,b\n1,2\n"), ok("a,b\n1,2"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na,b\n"});
  const auto client = client_of(Env::posix(), http);
  const RangeForm form{.encoding = FileEncoding::kCsv, .zstd = false};
  EXPECT_TRUE(client->get_range_to_file(one_day(), form, path));
  EXPECT_EQ(read_text(Env::posix(), path).value(), "a,b\n1,2\n");
  const auto cut = client->get_range_to_file(one_day(), form, path);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), Code::kTruncated);
  const auto unmeasured = client->get_range_to_file(one_day(), form, path);
  ASSERT_FALSE(unmeasured);
  EXPECT_EQ(unmeasured.error().code(), Code::kTruncated);
  EXPECT_EQ(read_text(Env::posix(), path).value(), "a,b\n1,2\n");
  EXPECT_TRUE(http.requests().at(0).ends_with(
      "&encoding=csv&compression=none&pretty_px=true&pretty_ts=true&map_symbols=true"));
}

TEST(GetRange, IsTriedAgainOnlyBeforeItsFirstByte) {
  const std::string packed = text_of(compress(tbbo_file(3, 10)));
  const auto ignore = [](std::span<const std::byte>) { return Status(); };
  ScriptedHttp http({answer(503, ""), "", ok(packed)});
  EXPECT_TRUE(client_of(Env::posix(), http)->get_range(one_day(), {}, ignore));

  ScriptedHttp begun({chunked({packed.substr(0, 40)}, false), ok(packed)});
  const auto got = client_of(Env::posix(), begun)->get_range(one_day(), {}, ignore);
  ASSERT_FALSE(got);
  EXPECT_EQ(begun.requests().size(), 1U);
  EXPECT_NE(got.error().advice().find("billed"), std::string::npos);
}

TEST(GetRange, AReceiverCanStopIt) {
  const std::string packed = text_of(compress(tbbo_file(3, 300'000)));
  ScriptedHttp http({ok(packed)});
  const auto got = client_of(Env::posix(), http)
                       ->get_range_records(one_day(), [](const dbn::RecordBlock&) -> Status {
                         return fail(Code::kNoSpace, "enough");
                       });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kNoSpace);
  EXPECT_EQ(got.error().message(), "enough");
}

TEST(GetRange, AFullDiskLeavesNoFile) {
  FaultEnv env;
  TestDirectory directory;
  ScriptedHttp http({ok(text_of(compress(tbbo_file(3, 1'000))))});
  env.fail_call(Call::kWrite, 1, ENOSPC);
  const auto got =
      client_of(env, http)->get_range_to_file(one_day(), {}, directory.file("es.dbn.zst"));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kNoSpace);
  EXPECT_TRUE(Env::posix().list(directory.path())->empty());
}

TEST(HistoricalClient, CancelEndsACallAndAllLaterOnes) {
  FaultEnv env;
  ScriptedHttp http({answer(503, "", "Retry-After: 60\r\n")});
  HistoricalOptions options = at(http);
  const auto client = HistoricalClient::create(Env::posix(), key(), options).value();
  std::thread canceller([&] {
    Env::posix().sleep_for(50'000'000);
    client->cancel();
  });
  const Nanos before = Env::posix().monotonic();
  EXPECT_FALSE(client->get_cost(one_day()));
  EXPECT_LT(Env::posix().monotonic() - before, 10 * kNanosPerSecond);
  canceller.join();
  const auto later = client->get_cost(one_day());
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code(), Code::kDisconnected);
  EXPECT_FALSE(later.error().can_retry());
}

}  // namespace
}  // namespace fm::databento
