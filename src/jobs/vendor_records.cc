#include "jobs/vendor_records.h"

#include <utility>

#include "gateway/archive.h"

namespace fm::jobs {
namespace {

class Files final : public VendorRecords {
 public:
  explicit Files(std::shared_ptr<const gateway::Archive> archive) : archive_(std::move(archive)) {}

  std::string name() const override { return "files"; }

  Status read(const databento::DataRequest& request, const databento::MetadataReceiver& on_metadata,
              const databento::RecordReceiver& receive) override {
    if (!archive_->has(request.dataset))
      return fail(Code::kNotFound, "the files hold nothing of {}", request.dataset);
    FM_ASSIGN(const gateway::Resolution resolution, resolve(request));
    dbn::Metadata metadata;
    metadata.dataset = request.dataset;
    metadata.schema = request.schema;
    metadata.start = request.start;
    metadata.end = request.end;
    metadata.stype_in = request.stype_in;
    metadata.symbols = request.symbols;
    metadata.partial = resolution.partial;
    metadata.not_found = resolution.not_found;
    metadata.mappings = resolution.mappings;
    if (on_metadata) FM_TRY(on_metadata(metadata));
    FM_ASSIGN(gateway::RecordStream stream,
              archive_->read({.dataset = request.dataset,
                              .schemas = {request.schema},
                              .from = request.start,
                              .to = request.end.value_or(kUndefTime),
                              .filter = gateway::Filter::kIndexTime,
                              .order = gateway::Order::kIndexTime,
                              .selection = gateway::Selection::of(resolution)}));
    for (;;) {
      FM_ASSIGN(const gateway::RecordRun run, stream.next());
      if (run.empty()) return {};
      FM_TRY(receive(run.block));
    }
  }

 private:
  Result<gateway::Resolution> resolve(const databento::DataRequest& request) const {
    FM_ASSIGN(const gateway::Symbology* symbology, archive_->symbology(request.dataset));
    gateway::ResolveRequest wanted;
    wanted.symbols = request.symbols;
    wanted.stype_in = request.stype_in;
    wanted.start = Date::of_second(second_of(request.start));
    const Nanos end = request.end.value_or(archive_->range(request.dataset).end);
    wanted.end = Date::of_second(second_of(end)) + 1;
    return symbology->resolve(wanted);
  }

  std::shared_ptr<const gateway::Archive> archive_;
};

class Service final : public VendorRecords {
 public:
  explicit Service(databento::HistoricalClient& client) : client_(client) {}

  std::string name() const override { return "the historical service"; }

  Status read(const databento::DataRequest& request, const databento::MetadataReceiver& on_metadata,
              const databento::RecordReceiver& receive) override {
    FM_ASSIGN(const databento::Delivered delivered,
              client_.get_range_records(request, receive, on_metadata));
    static_cast<void>(delivered);
    return {};
  }

 private:
  databento::HistoricalClient& client_;
};

}  // namespace

Result<std::unique_ptr<VendorRecords>> VendorRecords::from_files(
    Env& env, const std::vector<std::string>& paths) {
  FM_ASSIGN(auto archive, gateway::Archive::open(env, paths));
  return std::make_unique<Files>(std::move(archive));
}

std::unique_ptr<VendorRecords> VendorRecords::from_service(databento::HistoricalClient& client) {
  return std::make_unique<Service>(client);
}

}  // namespace fm::jobs
