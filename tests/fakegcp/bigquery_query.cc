#include "bigquery_query.h"

namespace fm::fakegcp {
namespace {

constexpr Field kDataset[] = {{"projectId", FieldKind::kText},
                              {"datasetId", FieldKind::kText, true}};
const Field kFields[] = {{"query", FieldKind::kText, true},
                         {"useLegacySql", FieldKind::kBool},
                         {"destinationTable", FieldKind::kObject, false, kTableReferenceFields},
                         {"writeDisposition", FieldKind::kText},
                         {"createDisposition", FieldKind::kText},
                         {"defaultDataset", FieldKind::kObject, false, kDataset},
                         {"maximumBytesBilled", FieldKind::kInt64},
                         {"priority", FieldKind::kText},
                         {"useQueryCache", FieldKind::kBool}};

}  // namespace

const std::span<const Field> kQueryFields = kFields;

Answer<QueryResult> QueryEngine::run(const std::string&, const Json&, const std::string&) {
  return refuse(400, "invalidQuery", "queries are not modelled");
}

Answer<QueryResult> QueryEngine::estimate(const std::string& project, const Json& configuration,
                                          const std::string& location) {
  return run(project, configuration, location);
}

}  // namespace fm::fakegcp
