// Databento's historical HTTP API.
//
//   FM_ASSIGN(const auto client, HistoricalClient::create(env, key));
//   FM_ASSIGN(const double dollars, client->get_cost(request));
//   FM_ASSIGN(const Delivered got, client->get_range_to_file(request, "es.dbn.zst"));
//
// Every answer counts only when it is whole: a connection that ends early, a missing last chunk, a
// zstd frame or a record that does not end are errors in every form, and no file appears. Requests
// that cost nothing are tried again, at the pace the server asks for; a stream that has begun is
// not, because its bytes are billed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"
#include "dbn/enums.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"
#include "net/retry.h"

namespace fm::databento {

inline constexpr std::string_view kHistoricalUrl = "https://hist.databento.com";
// What a request may name, as the service documents it.
inline constexpr std::size_t kRequestSymbolsMax = 2'000;

struct HistoricalOptions {
  std::string url = std::string(kHistoricalUrl);  // scheme and host, for a stand-in
  std::string ca_file = {};                       // as net::HttpClientOptions
  net::RetryPolicy retries = {.attempts_max = 5};
};

// Which records. [start, end) is of ts_recv where the schema has one, else of ts_event.
struct DataRequest {
  std::string dataset;
  dbn::Schema schema = dbn::Schema::kTbbo;
  std::vector<std::string> symbols;  // {"ALL_SYMBOLS"} for everything
  dbn::SType stype_in = dbn::SType::kParent;
  Nanos start = 0;
  std::optional<Nanos> end = std::nullopt;  // none: as far as the service has it
  std::optional<std::uint64_t> limit = std::nullopt;
};

enum class FileEncoding { kDbn, kCsv, kJson };
[[nodiscard]] std::string_view name(FileEncoding encoding);

// How they come. Text is asked for with readable prices and times and with symbols.
struct RangeForm {
  FileEncoding encoding = FileEncoding::kDbn;
  bool zstd = true;
};

// What is made sure of before a file gets its name. kTransfer: the body is whole, and so is its
// last zstd frame. kRecords: the file was also read back, and ends with a whole record.
enum class Check { kTransfer, kRecords };

struct Delivered {
  std::uint64_t bytes = 0;    // as they came
  std::uint64_t records = 0;  // where they were decoded: get_range_records, Check::kRecords of DBN
  bool partial = false;       // some of the symbols did not resolve
  std::vector<std::string> warnings;  // the service's; also logged
};

struct Resolution {
  std::vector<dbn::SymbolMapping> mappings;
  std::vector<std::string> partial;    // resolved on some of the days only
  std::vector<std::string> not_found;  // resolved on none
};

struct DatasetRange {
  Nanos start = 0;
  Nanos end = 0;
  std::map<std::string, std::pair<Nanos, Nanos>, std::less<>> schemas;
};

struct DayCondition {
  Date date;
  std::string condition;  // available, degraded, pending, missing
  std::optional<Date> last_modified;
};

struct Publisher {
  std::uint16_t id = 0;
  std::string dataset;
  std::string venue;
  std::string description;
};

struct Field {
  std::string name;
  std::string type;
};

struct UnitPrices {
  std::string mode;                                            // historical-streaming, …
  std::map<std::string, double, std::less<>> dollars_per_gib;  // by schema
};

struct BatchRequest {
  DataRequest data;
  RangeForm form;
  std::string split_duration = "day";  // day, week, month, year, none
  bool split_symbols = false;
};

// What the service tells of a job; it tells less of some than of others.
struct BatchJob {
  std::string id;     // "GLBX-20250602-C83SEA9BN7"
  std::string state;  // received, queued, processing, done, expired
  std::string dataset;
  std::string schema;
  std::optional<double> cost_dollars;
  std::optional<std::uint64_t> record_count;
  std::optional<std::uint64_t> billed_bytes;
  std::optional<std::uint64_t> package_bytes;
  std::optional<std::uint64_t> progress_percent;
  std::string received;  // ISO times, as the service writes them
  std::string expires;
};

struct BatchFile {
  std::string name;  // a plain file name
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 64 lower-case digits
  std::string path;    // of its URL
};

// How far a download is, of one file.
using DownloadProgress = std::function<void(std::uint64_t bytes, std::uint64_t total)>;

enum class Downloaded { kFetched, kResumed, kAlreadyThere };

using BytesReceiver = std::function<Status(std::span<const std::byte>)>;
using RecordReceiver = std::function<Status(const dbn::RecordBlock&)>;
using MetadataReceiver = std::function<Status(const dbn::Metadata&)>;

// One request at a time. Errors of every call: kInvalidArgument for a request that no service
// takes; kRefused with the service's case, words and documentation link (retryable for 429 and 5xx
// once the tries are used up); kDisconnected, kTimedOut, kTruncated; kCorrupt for an answer that is
// not what was asked for. No message holds the key.
class HistoricalClient {
 public:
  // The key must outlive the client. Errors: kInvalidArgument for a URL or a key that cannot be
  // one; those of HttpClient::create.
  [[nodiscard]] static Result<std::unique_ptr<HistoricalClient>> create(
      Env& env, const Secret& key, HistoricalOptions options = {});
  ~HistoricalClient();
  HistoricalClient(const HistoricalClient&) = delete;
  HistoricalClient& operator=(const HistoricalClient&) = delete;

  // What a request would give and cost, before it is made.
  [[nodiscard]] Result<std::uint64_t> get_record_count(const DataRequest& request);
  [[nodiscard]] Result<std::uint64_t> get_billable_size(const DataRequest& request);
  [[nodiscard]] Result<double> get_cost(const DataRequest& request);

  [[nodiscard]] Result<std::vector<std::string>> list_datasets();
  [[nodiscard]] Result<std::vector<std::string>> list_schemas(std::string_view dataset);
  [[nodiscard]] Result<std::vector<Field>> list_fields(dbn::Schema schema, FileEncoding encoding);
  [[nodiscard]] Result<std::vector<Publisher>> list_publishers();
  [[nodiscard]] Result<std::vector<UnitPrices>> list_unit_prices(std::string_view dataset);
  [[nodiscard]] Result<DatasetRange> get_dataset_range(std::string_view dataset);
  // Of the days [start, end].
  [[nodiscard]] Result<std::vector<DayCondition>> get_dataset_condition(std::string_view dataset,
                                                                        Date start, Date end);

  // Over the days [start, end).
  [[nodiscard]] Result<Resolution> resolve(std::string_view dataset,
                                           const std::vector<std::string>& symbols,
                                           dbn::SType stype_in, dbn::SType stype_out, Date start,
                                           Date end);

  // The body as it comes.
  [[nodiscard]] Result<Delivered> get_range(const DataRequest& request, RangeForm form,
                                            const BytesReceiver& receive);
  // Decoded, on the caller's thread, in blocks of records of version 3.
  [[nodiscard]] Result<Delivered> get_range_records(const DataRequest& request,
                                                    const RecordReceiver& receive,
                                                    const MetadataReceiver& on_metadata = {});
  // A file that appears whole and durable, or not at all; replaces one that is there.
  [[nodiscard]] Result<Delivered> get_range_to_file(const DataRequest& request, RangeForm form,
                                                    const std::string& path,
                                                    Check check = Check::kRecords,
                                                    const DownloadProgress& progress = {});

  [[nodiscard]] Result<BatchJob> submit_job(const BatchRequest& request);
  [[nodiscard]] Result<std::vector<BatchJob>> list_jobs(std::string_view states = {});
  [[nodiscard]] Result<BatchJob> get_job(std::string_view job_id);
  [[nodiscard]] Result<std::vector<BatchFile>> list_files(std::string_view job_id);
  // Into `directory`, under its own name, once size and SHA-256 are right. A file that is there and
  // right is kept; what an earlier download left is continued.
  [[nodiscard]] Result<Downloaded> download(const BatchFile& file, const std::string& directory,
                                            const DownloadProgress& progress = {});

  // From any thread: the call under way, and every later one, ends with kDisconnected, which is not
  // retryable.
  void cancel();

 private:
  struct State;
  explicit HistoricalClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::databento
