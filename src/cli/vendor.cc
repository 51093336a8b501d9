#include "cli/vendor.h"

#include <CLI/CLI.hpp>

#include "base/secret.h"

namespace fm::cli {

void declare_feed_flags(CLI::App& app, Context& context) {
  add_config_option(app, context, "--lake", "lake", "DIR", "The lake of the live feed");
  add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                    "Where its capture log lies (default: beside the lake)");
  add_config_option(app, context, "--dataset", "databento.dataset", "NAME", "GLBX.MDP3 (default)");
  add_config_option(app, context, "--symbols", "databento.symbols", "SYMBOLS",
                    "What the feed subscribes to");
  add_config_option(app, context, "--stype", "databento.stype", "STYPE",
                    "parent (default), raw_symbol, continuous or instrument_id");
  add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                    "The API key, in a file of mode 0600");
  add_config_option(app, context, "--url", "databento.historical_url", "URL",
                    "Another historical service");
}

Result<Vendor> open_vendor(Context& context, const jobs::Config& config,
                           const std::vector<std::string>& paths) {
  Vendor vendor;
  if (!paths.empty()) {
    FM_ASSIGN(vendor.records, jobs::VendorRecords::from_files(context.env(), paths));
    return vendor;
  }
  FM_ASSIGN(FoundSecret found, find_secret(context.env(), context.sources().environment,
                                           {.name = "databento_api_key",
                                            .variable = "DATABENTO_API_KEY",
                                            .file = config.databento.key_file}));
  vendor.key = std::make_unique<Secret>(std::move(found.secret));
  FM_ASSIGN(vendor.client,
            databento::HistoricalClient::create(context.env(), *vendor.key,
                                                {.url = config.databento.historical_url}));
  vendor.records = jobs::VendorRecords::from_service(*vendor.client);
  return vendor;
}

}  // namespace fm::cli
