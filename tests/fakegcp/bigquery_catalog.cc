#include "bigquery_catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Field kDatasetReference[] = {{"projectId", FieldKind::kText},
                                       {"datasetId", FieldKind::kText, true}};
constexpr Field kViewReference[] = {{"projectId", FieldKind::kText, true},
                                    {"datasetId", FieldKind::kText, true},
                                    {"tableId", FieldKind::kText, true}};
constexpr Field kAccess[] = {{"role", FieldKind::kText},
                             {"userByEmail", FieldKind::kText},
                             {"groupByEmail", FieldKind::kText},
                             {"domain", FieldKind::kText},
                             {"specialGroup", FieldKind::kText},
                             {"iamMember", FieldKind::kText},
                             {"view", FieldKind::kObject, false, kViewReference}};
constexpr Field kDatasetFields[] = {
    {"datasetReference", FieldKind::kObject, false, kDatasetReference},
    {"friendlyName", FieldKind::kText},
    {"description", FieldKind::kText},
    {"labels", FieldKind::kLabels},
    {"location", FieldKind::kText},
    {"defaultTableExpirationMs", FieldKind::kInt64},
    {"access", FieldKind::kArray, false, kAccess}};

bool is_dataset_name(std::string_view name) {
  return !name.empty() && name.size() <= 1024 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
}

// One hour: no shorter default is taken.
constexpr std::int64_t kExpirationMsMin = 3'600'000;

Answer<void> apply(const Json& body, Dataset& dataset) {
  for (const auto& [name, value] : body.members()) {
    if (name == "labels") {
      for (const auto& [label, text] : value.members()) {
        if (text.is_null())
          dataset.settings["labels"].erase(label);
        else
          dataset.settings["labels"][label] = text;
      }
    } else if (name == "defaultTableExpirationMs") {
      if (value.int64() != 0 && value.int64() < kExpirationMsMin)
        return refuse(400, "invalid", "defaultTableExpirationMs must be at least 3600000.");
      dataset.default_expiration_ms = value.int64();
    } else if (name != "datasetReference" && name != "location") {
      dataset.settings[name] = value;
    }
  }
  return {};
}

std::string key_of(const std::string& project, const std::string& name) {
  return project + ":" + name;
}

}  // namespace

void Catalog::add_routes(std::vector<Route>& routes) {
  const auto add = [&](const std::string& kind, std::string method, std::string_view pattern,
                       std::string parameters, auto member) {
    routes.push_back({"bigquery." + kind, std::move(method),
                      "/bigquery/v2/projects/*/datasets" + std::string(pattern), Need::kBigquery,
                      std::move(parameters),
                      [this, member](const Call& call) { return (this->*member)(call); }});
  };
  add("datasets.list", "GET", "", "pageToken maxResults all filter", &Catalog::list_datasets);
  add("datasets.insert", "POST", "", "", &Catalog::insert_dataset);
  add("datasets.get", "GET", "/*", "datasetView", &Catalog::get_dataset);
  add("datasets.patch", "PATCH", "/*", "", &Catalog::patch_dataset);
  add("datasets.delete", "DELETE", "/*", "deleteContents", &Catalog::delete_dataset);
  add("tables.list", "GET", "/*/tables", "pageToken maxResults", &Catalog::list_tables);
  add("tables.insert", "POST", "/*/tables", "", &Catalog::insert_table);
  add("tables.get", "GET", "/*/tables/*", "selectedFields view", &Catalog::get_table);
  add("tables.patch", "PATCH", "/*/tables/*", "autodetect_schema", &Catalog::patch_table);
  add("tables.delete", "DELETE", "/*/tables/*", "", &Catalog::delete_table);
  add("tabledata.list", "GET", "/*/tables/*/data",
      "pageToken maxResults startIndex selectedFields formatOptions.useInt64Timestamp",
      &Catalog::list_rows);
}

Answer<Duck*> Catalog::duck() {
  if (!duck_) {
    FM_ASSIGN(duck_, Duck::open());
  }
  return duck_.get();
}

std::string Catalog::sql_of(const TableName& name) {
  return fmt::format("{}.{}.{}", duck_ ? duck_->catalog() : "",
                     sql_name(key_of(name.project, name.dataset)), sql_name(name.table));
}

Answer<Dataset*> Catalog::dataset(const std::string& project, const std::string& name) {
  const auto found = datasets_.find(key_of(project, name));
  if (found == datasets_.end())
    return refuse(404, "notFound", fmt::format("Not found: Dataset {}:{}", project, name));
  return &found->second;
}

Table* Catalog::find(const TableName& name) {
  const auto in = datasets_.find(key_of(name.project, name.dataset));
  if (in == datasets_.end()) return nullptr;
  const auto found = in->second.tables.find(name.table);
  return found == in->second.tables.end() ? nullptr : &found->second;
}

Answer<Table*> Catalog::table(const TableName& name) {
  FM_TRY(dataset(name.project, name.dataset));
  Table* found = find(name);
  if (found == nullptr)
    return refuse(404, "notFound", fmt::format("Not found: Table {}", name.text()));
  return found;
}

void Catalog::touch(Table& table) {
  table.modified = env_->now();
  ++table.version;
  table.bytes_read.clear();
}

Answer<std::int64_t> Catalog::count_bytes(Table& table, const std::string& statement) {
  if (const auto known = table.bytes_read.find(statement); known != table.bytes_read.end())
    return known->second;
  FM_ASSIGN(Duck * sql, duck());
  FM_ASSIGN(const std::int64_t bytes, sql->number(statement));
  table.bytes_read.emplace(statement, bytes);
  return bytes;
}

Answer<Dataset*> Catalog::create_dataset(Dataset dataset) {
  if (!is_dataset_name(dataset.name))
    return refuse(400, "invalid", fmt::format("Invalid dataset ID \"{}\".", dataset.name));
  const std::string key = key_of(dataset.project, dataset.name);
  if (datasets_.contains(key))
    return refuse(409, "duplicate", fmt::format("Already Exists: Dataset {}", key));
  FM_ASSIGN(Duck * sql, duck());
  FM_TRY(sql->execute(fmt::format("CREATE SCHEMA {}.{}", sql->catalog(), sql_name(key))));
  dataset.created = dataset.modified = env_->now();
  if (dataset.location.empty()) dataset.location = "US";
  return &(datasets_[key] = std::move(dataset));
}

Json Catalog::dataset_resource(const Dataset& dataset) const {
  Json out = dataset.settings.is_object() ? dataset.settings : Json::object();
  out["kind"] = "bigquery#dataset";
  out["etag"] = base64(fmt::format("dataset-{}", dataset.version));
  out["id"] = key_of(dataset.project, dataset.name);
  out["datasetReference"]["projectId"] = dataset.project;
  out["datasetReference"]["datasetId"] = dataset.name;
  out["location"] = dataset.location;
  if (dataset.default_expiration_ms > 0)
    out["defaultTableExpirationMs"] = std::to_string(dataset.default_expiration_ms);
  out["creationTime"] = millis_text(dataset.created);
  out["lastModifiedTime"] = millis_text(dataset.modified);
  return out;
}

Answer<net::ServerResponse> Catalog::get_dataset(const Call& call) {
  FM_ASSIGN(const Dataset* found, dataset(call.parts[0], call.parts[1]));
  return respond(dataset_resource(*found));
}

Answer<net::ServerResponse> Catalog::list_datasets(const Call& call) {
  std::vector<const Dataset*> found;
  for (const auto& [key, one] : datasets_)
    if (one.project == call.parts[0]) found.push_back(&one);
  FM_ASSIGN(const Page page, page_of(call, found.size(), 50));
  Json out = Json::object();
  out["kind"] = "bigquery#datasetList";
  for (std::size_t i = page.first; i < page.last; ++i) {
    Json item = dataset_resource(*found[i]);
    item.erase("access");
    out["datasets"].push(std::move(item));
  }
  if (!page.next.empty()) out["nextPageToken"] = page.next;
  return respond(out);
}

Answer<net::ServerResponse> Catalog::insert_dataset(const Call& call) {
  FM_ASSIGN(const Json body, call.body(kDatasetFields));
  const Json& reference = body.at("datasetReference");
  if (reference.is_null())
    return refuse(400, "required", "Required parameter is missing: datasetReference");
  if (reference.has("projectId") && reference.at("projectId").text() != call.parts[0])
    return refuse(400, "invalid", "datasetReference.projectId is not the project of the path");
  Dataset made{.project = call.parts[0],
               .name = reference.at("datasetId").text(),
               .location = body.at("location").text()};
  FM_TRY(apply(body, made));
  FM_ASSIGN(const Dataset* kept, create_dataset(std::move(made)));
  return respond(dataset_resource(*kept));
}

Answer<net::ServerResponse> Catalog::patch_dataset(const Call& call) {
  FM_ASSIGN(Dataset * found, dataset(call.parts[0], call.parts[1]));
  FM_ASSIGN(const Json body, call.body(kDatasetFields));
  const std::string_view etag = call.request.header("if-match");
  if (!etag.empty() && etag != base64(fmt::format("dataset-{}", found->version)))
    return refuse(412, "conditionNotMet", "Precondition check failed.");
  if (body.has("location") && body.at("location").text() != found->location)
    return refuse(400, "invalid", "Cannot change the location of a dataset.");
  FM_TRY(apply(body, *found));
  found->modified = env_->now();
  ++found->version;
  return respond(dataset_resource(*found));
}

Answer<net::ServerResponse> Catalog::delete_dataset(const Call& call) {
  FM_ASSIGN(Dataset * found, dataset(call.parts[0], call.parts[1]));
  if (!found->tables.empty() && call.query("deleteContents") != "true")
    return refuse(400, "resourceInUse",
                  fmt::format("Dataset {}:{} is still in use", found->project, found->name));
  const std::string key = key_of(found->project, found->name);
  FM_ASSIGN(Duck * sql, duck());
  FM_TRY(sql->execute(fmt::format("DROP SCHEMA {}.{} CASCADE", sql->catalog(), sql_name(key))));
  datasets_.erase(key);
  return net::ServerResponse{.status = 204};
}

}  // namespace fm::fakegcp
