#include "gateway/historical_server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/testing_fault_env.h"
#include "dbn/reader.h"
#include "gateway/testing_archive.h"
#include "gateway/testing_historical.h"
#include "net/http_client.h"

namespace fm::gateway {
namespace {

using net::HttpResponse;
using net::Parameters;
using testing::contains;
using testing::HistoricalTest;

struct Content {
  dbn::Metadata metadata;
  std::vector<std::uint32_t> sequences;
};

Result<Content> decode(const std::string& body) {
  std::unique_ptr<dbn::ByteSource> source =
      std::make_unique<dbn::MemorySource>(std::as_bytes(std::span(body)));
  if (body.starts_with("\x28\xB5\x2F\xFD"))
    source = std::make_unique<dbn::ZstdSource>(std::move(source));
  FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(source), "answer"));
  Content content{.metadata = reader.metadata(), .sequences = {}};
  for (;;) {
    FM_ASSIGN(const dbn::RecordBlock block, reader.next());
    if (block.empty()) return content;
    for (const dbn::RecordView record : block)
      if (const auto* trade = record.get_if<dbn::TradeMsg>())
        content.sequences.push_back(trade->sequence);
  }
}

TEST_F(HistoricalTest, GivesTheRecordsOfARangeInEveryCompression) {
  start();
  struct {
    Parameters more;
    std::vector<std::uint32_t> sequences;
  } const cases[] = {
      {{}, {1, 2, 3, 4, 5, 6}},
      {{{"compression", "zstd"}}, {1, 2, 3, 4, 5, 6}},
      {{{"symbols", "ESH4"}}, {1, 3, 5}},
      {{{"symbols", "ESH4,NQH4"}, {"limit", "3"}}, {1, 2, 3}},
      {{{"symbols", "1"}, {"stype_in", "instrument_id"}}, {1, 3, 5}},
      {{{"symbols", "ES.FUT"}, {"stype_in", "parent"}}, {1, 3, 5}},
      {{{"start", "2024-01-09"}}, {3, 4}},
      {{{"start", "2024-01-09T00:00:10"}, {"end", "2024-01-10"}}, {3, 4}},
      {{{"start", "1704758400000000000"}, {"end", "1704844800000000000"}}, {3, 4}},
      {{{"start", "2024-01-09T00:00:20+00:00"}, {"end", "2024-01-10T01:00:00.000Z"}}, {4, 5, 6}},
      {{{"limit", "0"}}, {1, 2, 3, 4, 5, 6}},
  };
  for (const auto& c : cases) {
    const HttpResponse response = post("timeseries.get_range", with(c.more));
    ASSERT_EQ(response.status, 200) << response.body;
    const auto content = decode(response.body);
    ASSERT_TRUE(content) << content.error().message();
    EXPECT_EQ(content->sequences, c.sequences) << net::encode_form(c.more);
    EXPECT_EQ(content->metadata.version, 3);
    EXPECT_EQ(content->metadata.schema, dbn::Schema::kTrades);
  }
}

TEST_F(HistoricalTest, MetadataSaysWhatWasAskedFor) {
  start();
  const HttpResponse response =
      post("timeseries.get_range", with({{"symbols", "ESH4,XXH4"}, {"start", "2024-01-09"}}));
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("x-warning"),
            R"(["Warning: not all symbols resolved for all of the days: XXH4"])");
  const dbn::Metadata metadata = decode(response.body)->metadata;
  EXPECT_EQ(metadata.symbols, (std::vector<std::string>{"ESH4", "XXH4"}));
  EXPECT_EQ(metadata.not_found, (std::vector<std::string>{"XXH4"}));
  EXPECT_EQ(metadata.start, testing::day(1));
  EXPECT_EQ(metadata.end, testing::day(2));
  ASSERT_EQ(metadata.mappings.size(), 1U);
  EXPECT_EQ(metadata.mappings[0].raw_symbol, "ESH4");
  EXPECT_EQ(metadata.mappings[0].intervals,
            (std::vector<dbn::MappingInterval>{{Date(2024, 1, 9), Date(2024, 1, 10), "1"}}));
}

TEST_F(HistoricalTest, GivesTextInTheAskedForm) {
  start();
  struct {
    Parameters more;
    const char* first_lines;
  } const cases[] = {
      {{{"encoding", "csv"}, {"pretty_ts", "true"}, {"pretty_px", "1"}},
       "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,"
       "ts_in_delta,sequence,symbol\n"
       "2024-01-08T00:00:10.000000000Z,2024-01-08T00:00:10.000000000Z,0,1,1,"},
      {{{"encoding", "csv"}, {"map_symbols", "False"}},
       "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,"
       "ts_in_delta,sequence\n1704672010000000000,"},
      {{{"encoding", "json"}, {"pretty_ts", "True"}},
       R"({"ts_recv":"2024-01-08T00:00:10.000000000Z","hd":{)"},
  };
  for (const auto& c : cases) {
    const HttpResponse response = post("timeseries.get_range", with(c.more));
    ASSERT_EQ(response.status, 200) << response.body;
    const std::string_view expected = c.first_lines;
    EXPECT_EQ(response.body.substr(0, expected.size()), expected);
  }
  const std::string json = post("timeseries.get_range", with({{"encoding", "json"}})).body;
  EXPECT_TRUE(contains(json, R"("symbol":"ESH4"})")) << json;
  EXPECT_EQ(std::ranges::count(json, '\n'), 6);
}

TEST_F(HistoricalTest, CountsExactly) {
  start();
  struct {
    const char* method;
    Parameters more;
    const char* answer;
  } const cases[] = {
      {"metadata.get_record_count", {}, "6"},
      {"metadata.get_record_count", {{"symbols", "NQH4"}}, "3"},
      {"metadata.get_record_count", {{"limit", "5"}}, "5"},
      {"metadata.get_record_count", {{"start", "2024-01-08"}, {"end", "2024-01-10"}}, "4"},
      {"metadata.get_billable_size", {}, "288"},
      {"metadata.get_billable_size", {{"limit", "2"}}, "96"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(post(c.method, with(c.more)).body, c.answer) << c.method;
    EXPECT_EQ(get(c.method, with(c.more)).body, c.answer) << c.method;
  }
  const double streamed = std::stod(post("metadata.get_cost", with({})).body);
  const double live = std::stod(post("metadata.get_cost", with({{"mode", "live"}})).body);
  EXPECT_GT(streamed, 0);
  EXPECT_DOUBLE_EQ(live, 2 * streamed);
}

TEST_F(HistoricalTest, DescribesTheArchive) {
  start();
  struct {
    const char* method;
    Parameters query;
    std::string answer;
  } const cases[] = {
      {"metadata.list_datasets", {}, R"(["GLBX.MDP3"])"},
      {"metadata.list_datasets", {{"start_date", "2024-01-11"}}, "[]"},
      {"metadata.list_datasets", {{"end_date", "2024-01-08"}}, "[]"},
      {"metadata.list_schemas", {{"dataset", "GLBX.MDP3"}}, R"(["trades"])"},
      {"metadata.list_publishers",
       {},
       R"([{"publisher_id":1,"dataset":"GLBX.MDP3","venue":"GLBX","description":"CME Globex MDP 3.0"}])"},
      {"metadata.get_dataset_range",
       {{"dataset", "GLBX.MDP3"}},
       R"({"start":"2024-01-08T00:00:00.000000000Z","end":"2024-01-11T00:00:00.000000000Z",)"
       R"("schema":{"trades":{"start":"2024-01-08T00:00:00.000000000Z","end":"2024-01-11T00:00:00.000000000Z"}}})"},
  };
  for (const auto& c : cases) EXPECT_EQ(get(c.method, c.query).body, c.answer) << c.method;

  const std::string fields =
      get("metadata.list_fields", {{"schema", "trades"}, {"encoding", "dbn"}}).body;
  EXPECT_TRUE(fields.starts_with(R"([{"name":"length","type":"uint8_t"},)")) << fields;
  const std::string prices = get("metadata.list_unit_prices", {{"dataset", "GLBX.MDP3"}}).body;
  EXPECT_TRUE(prices.starts_with(R"([{"mode":"historical","unit_prices":{"trades":)")) << prices;
  const std::string condition =
      get("metadata.get_dataset_condition",
          {{"dataset", "GLBX.MDP3"}, {"start_date", "2024-01-09"}, {"end_date", "2024-01-09"}})
          .body;
  EXPECT_TRUE(condition.starts_with(
      R"([{"date":"2024-01-09","condition":"available","last_modified_date":"20)"))
      << condition;
}

TEST_F(HistoricalTest, ResolvesSymbols) {
  start();
  const Parameters query = {{"dataset", "GLBX.MDP3"},     {"symbols", "ESH4,XXH4"},
                            {"stype_in", "raw_symbol"},   {"stype_out", "instrument_id"},
                            {"start_date", "2024-01-08"}, {"end_date", "2024-01-10"}};
  EXPECT_EQ(
      post("symbology.resolve", query).body,
      R"({"result":{"ESH4":[{"d0":"2024-01-08","d1":"2024-01-10","s":"1"}]},)"
      R"("symbols":["ESH4","XXH4"],"stype_in":"raw_symbol","stype_out":"instrument_id",)"
      R"("start_date":"2024-01-08","end_date":"2024-01-10","partial":[],"not_found":["XXH4"],)"
      R"("message":"Partially resolved","status":1})");
}

TEST_F(HistoricalTest, RefusesWithAReason) {
  start();
  struct {
    const char* method;
    Parameters parameters;
    int status;
    const char* which;
  } const cases[] = {
      {"timeseries.get_range", {}, 422, "request_invalid"},
      {"timeseries.get_range", {{"dataset", "XNAS.ITCH"}}, 422, "request_invalid"},
      {"timeseries.get_range", with({{"schema", "tbbo"}}), 422, "data_schema_not_available"},
      {"timeseries.get_range", with({{"schema", "nonsense"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"symbols", "XXH4"}}), 422, "symbology_invalid_request"},
      {"timeseries.get_range", with({{"symbols", "ALL_SYMBOLS,ESH4"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"symbols", ","}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"stype_in", "cusip"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"symbols", "ESH4"}, {"stype_out", "parent"}}), 422,
       "request_invalid"},
      {"timeseries.get_range", with({{"start", "2023-12-01"}}), 422,
       "data_start_before_available_start"},
      {"timeseries.get_range", with({{"start", "2024-02-01"}}), 422,
       "data_start_after_available_end"},
      {"timeseries.get_range", with({{"end", "2024-01-12"}}), 422, "data_end_after_available_end"},
      {"timeseries.get_range", with({{"start", "2024-01-10"}, {"end", "2024-01-09"}}), 422,
       "data_time_range_start_on_or_after_end"},
      {"timeseries.get_range", with({{"start", "yesterday"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"limit", "-1"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"encoding", "xml"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"compression", "gzip"}}), 422, "request_invalid"},
      {"timeseries.get_range", with({{"encoding", "csv"}, {"pretty_px", "2"}}), 422,
       "request_invalid"},
      {"metadata.get_cost", with({{"mode", "free"}}), 422, "request_invalid"},
      {"symbology.resolve",
       {{"dataset", "GLBX.MDP3"}, {"symbols", "ESH4"}},
       422,
       "request_invalid"},
      {"batch.submit_job", with({{"schema", "trades"}}), 422, "request_invalid"},
      {"batch.submit_job",
       with({{"schema", "trades"},
             {"start", "2024-01-09"},
             {"symbols", "ESH4"},
             {"split_size", "1000000000"}}),
       422, "request_invalid"},
      {"batch.submit_job",
       with({{"schema", "trades"},
             {"start", "2024-01-09"},
             {"symbols", "ALL_SYMBOLS"},
             {"split_symbols", "1"}}),
       422, "request_invalid"},
  };
  for (const auto& c : cases) {
    const HttpResponse response = post(c.method, c.parameters);
    const std::string asked = c.method + (" " + net::encode_form(c.parameters));
    EXPECT_EQ(response.status, c.status) << asked << response.body;
    EXPECT_TRUE(contains(response.body, fmt::format(R"({{"detail":{{"case":"{}",)", c.which)))
        << asked << response.body;
    EXPECT_TRUE(contains(response.body, R"("docs":"https://)")) << response.body;
    EXPECT_NE(response.header("request-id"), "");
  }
  const HttpResponse range = post("timeseries.get_range", with({{"end", "2024-01-12"}}));
  EXPECT_TRUE(contains(range.body, R"("available_end":"2024-01-11T00:00:00.000000000Z")"))
      << range.body;
  EXPECT_EQ(get("timeseries.get_everything", {}).body, R"({"detail":"Not Found"})");
  EXPECT_EQ(post("metadata.list_datasets", {}).status, 405);
}

TEST_F(HistoricalTest, LetsInOnlyWhoHasTheKey) {
  const Secret key("db-0123456789012345678901234567");
  options_.key = &key;
  start();
  const Secret wrong("db-wrong");
  struct {
    const Secret* user;
    int status;
  } const cases[] = {{&key, 200}, {&wrong, 401}, {nullptr, 401}};
  for (const auto& c : cases) {
    const auto client = net::HttpClient::create(Env::posix(), {.user = c.user}).value();
    const auto response = client->get(url("metadata.list_datasets"));
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, c.status);
    if (c.status == 401) {
      EXPECT_TRUE(contains(response->body, "auth_authentication_failed")) << response->body;
    }
  }
}

TEST_F(HistoricalTest, ServesTheSameOverTls) {
  const TestDirectory certificates;
  options_.https_port = 0;
  options_.certificate = net::make_local_certificate(Env::posix(), certificates.path()).value();
  start();
  const auto client =
      net::HttpClient::create(Env::posix(), {.ca_file = options_.certificate.certificate}).value();
  const auto response = client->post(
      fmt::format("https://localhost:{}/v0/timeseries.get_range", server_->https_port()), with({}));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(decode(response->body)->sequences.size(), 6U);
  EXPECT_EQ(post("timeseries.get_range", with({})).body, response->body);
}

TEST_F(HistoricalTest, NeedsAPort) {
  const auto server = HistoricalServer::start(Env::posix(), archive_, {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::kInvalidArgument);
}

TEST_F(HistoricalTest, FailsOnOrder) {
  struct {
    const char* fault;
    std::optional<Code> error;  // of the transfer
    int status;
  } const cases[] = {
      {"http-close-after=100", Code::kTruncated, 0},
      {"http-close-after=0", Code::kTruncated, 0},
      {"http-no-last-chunk", Code::kTruncated, 0},
      {"http-stall-after=50", Code::kTimedOut, 0},
      {"http-429=1", std::nullopt, 429},
      {"http-500=1", std::nullopt, 500},
  };
  for (const auto& c : cases) {
    options_.faults = {};
    ASSERT_TRUE(options_.faults.add(std::string(c.fault) + (c.error ? "*1" : "")).value());
    start();
    const auto client =
        net::HttpClient::create(Env::posix(), {.idle_timeout = kNanosPerSecond / 2}).value();
    const auto response = client->post(url("timeseries.get_range"), with({}));
    ASSERT_EQ(response.has_value(), !c.error) << c.fault;
    if (response) {
      EXPECT_EQ(response->status, c.status) << c.fault;
    } else {
      EXPECT_EQ(response.error().code(), *c.error) << response.error().message();
    }
    if (c.status == 429) {
      EXPECT_EQ(response->header("retry-after"), "1");
    }
    // Once.
    EXPECT_EQ(decode(post("timeseries.get_range", with({})).body)->sequences.size(), 6U);
  }
}

TEST_F(HistoricalTest, LeavesTheFrameOpenOnOrder) {
  ASSERT_TRUE(options_.faults.add("http-open-frame").value());
  start();
  const HttpResponse response = post("timeseries.get_range", with({{"compression", "zstd"}}));
  const auto content = decode(response.body);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code(), Code::kTruncated);
}

TEST_F(HistoricalTest, HoldsToTheDocumentedLimitsOnOrder) {
  ASSERT_TRUE(options_.faults.add("http-limits").value());
  start();
  int refused = 0;
  for (int i = 0; i < 25; ++i) refused += get("metadata.list_datasets", {}).status == 429 ? 1 : 0;
  // A slow machine may begin a new second in between.
  EXPECT_LE(refused, 5);
  options_.faults = {};
  start();
  for (int i = 0; i < 25; ++i) EXPECT_EQ(get("metadata.list_datasets", {}).status, 200);
}

TEST(HistoricalFaults, RefusesWordsThatItDoesNotKnow) {
  HistoricalFaults faults;
  EXPECT_FALSE(faults.add("drop@1000").value());
  for (const char* const word : {"http-nonsense", "http-close-after=x", "http-close-after",
                                 "http-429=1:x", "http-500=", "http-no-last-chunk*x"}) {
    const auto added = faults.add(word);
    ASSERT_FALSE(added) << word;
    EXPECT_EQ(added.error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fm::gateway
