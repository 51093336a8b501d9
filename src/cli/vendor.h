// Where `repair` and `reconcile` get the vendor's own records: from files when some are named, else
// from the historical service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "jobs/vendor_records.h"

namespace fm::cli {

// Which feed is meant, and how the service is reached.
void declare_feed_flags(CLI::App& app, Context& context);

struct Vendor {
  std::unique_ptr<Secret> key;  // outlives the client
  std::unique_ptr<databento::HistoricalClient> client;
  std::unique_ptr<jobs::VendorRecords> records;
};

// Errors: those of find_secret, HistoricalClient::create and VendorRecords::from_files.
[[nodiscard]] Result<Vendor> open_vendor(Context& context, const jobs::Config& config,
                                         const std::vector<std::string>& paths);

}  // namespace fm::cli
