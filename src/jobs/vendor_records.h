// What the vendor has of a stretch of time, from its historical service or from files that were
// downloaded from it.
//
//   FM_ASSIGN(auto vendor, VendorRecords::from_files(env, {"GLBX-20250617-…/"}));
//   FM_TRY(vendor->read(request, [&](const dbn::RecordBlock& block) { … }));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "databento/historical_client.h"
#include "dbn/record_view.h"

namespace fm::jobs {

class VendorRecords {
 public:
  virtual ~VendorRecords() = default;
  // All records of the request in order of arrival, of version 3; and, before them, what their
  // instruments are called. Errors: those of the source and of `receive`.
  [[nodiscard]] virtual Status read(const databento::DataRequest& request,
                                    const databento::MetadataReceiver& on_metadata,
                                    const databento::RecordReceiver& receive) = 0;
  // "the historical service", "files": for people.
  [[nodiscard]] virtual std::string name() const = 0;

  // Files and folders. A request's symbols are resolved by what the files say. Errors: those of
  // gateway::Archive::open.
  [[nodiscard]] static Result<std::unique_ptr<VendorRecords>> from_files(
      Env& env, const std::vector<std::string>& paths);
  // `client` outlives it.
  [[nodiscard]] static std::unique_ptr<VendorRecords> from_service(
      databento::HistoricalClient& client);
};

}  // namespace fm::jobs
