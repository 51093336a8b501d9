#include "app/halt_watch.h"

namespace fm::app {

void HaltWatch::records(const dbn::RecordBlock& block) {
  if (block.common_bytes != 0 && block.common_rtype == dbn::RType::kMbp1) return;
  for (const dbn::RecordView record : block) {
    const auto* status = record.get_if<dbn::StatusMsg>();
    if (status == nullptr) {
      symbols_.add(record);
      continue;
    }
    const auto span = symbols_.find(status->header.instrument_id, status->ts_recv);
    health_.status(span.symbol, second_of(status->ts_recv), status->action, status->reason);
  }
}

}  // namespace fm::app
