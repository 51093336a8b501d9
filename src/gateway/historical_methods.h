// The methods of the historical service. Private to the room.
#pragma once

#include <memory>
#include <string>

#include "gateway/api_error.h"
#include "gateway/archive.h"
#include "gateway/batch_jobs.h"
#include "gateway/historical_faults.h"
#include "net/http_server.h"

namespace fm::gateway {

inline constexpr std::string_view kUserId = "REPLAY01";

struct Service {
  Env& env;
  std::shared_ptr<const Archive> archive;
  FaultRun faults;
  BatchJobs jobs;
};

// What a method gets: the service, the request, and how this server is addressed: "https://host".
struct Call {
  Service& service;
  const net::ServerRequest& request;
  std::string base_url;
};
using Method = Answer<net::ServerResponse> (*)(const Call&);

// timeseries.
[[nodiscard]] Answer<net::ServerResponse> get_range(const Call& call);
// symbology.
[[nodiscard]] Answer<net::ServerResponse> resolve(const Call& call);
// metadata.
[[nodiscard]] Answer<net::ServerResponse> list_publishers(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_datasets(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_schemas(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_fields(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_unit_prices(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_dataset_condition(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_dataset_range(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_record_count(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_billable_size(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_cost(const Call& call);
// batch.
[[nodiscard]] Answer<net::ServerResponse> submit_job(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_jobs(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> get_job_details(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> list_files(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> download_all(const Call& call);
[[nodiscard]] Answer<net::ServerResponse> download_file(const Call& call);

// US dollars; see docs/replay.md for the prices, which are not the vendor's.
[[nodiscard]] double cost_of(std::uint64_t bytes, dbn::Schema schema, std::string_view mode);

}  // namespace fm::gateway
