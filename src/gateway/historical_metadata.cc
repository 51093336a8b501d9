#include <algorithm>
#include <array>

#include "dbn/field_list.h"
#include "gateway/batch_side_files.h"
#include "gateway/data_encoder.h"
#include "gateway/historical_methods.h"
#include "gateway/request_values.h"

namespace fm::gateway {
namespace {

using dbn::Schema;
using net::ServerResponse;

constexpr double kGibibyte = 1024.0 * 1024 * 1024;
constexpr std::array<std::string_view, 3> kModes = {"historical", "historical-streaming", "live"};

struct Publisher {
  std::uint16_t id;
  std::string_view dataset;
  std::string_view venue;
  std::string_view description;
};
// Of the datasets that futures come from.
constexpr std::array kPublishers = {
    Publisher{1, "GLBX.MDP3", "GLBX", "CME Globex MDP 3.0"},
    Publisher{2, "XNAS.ITCH", "XNAS", "Nasdaq TotalView-ITCH"},
    Publisher{57, "IFEU.IMPACT", "IFEU", "ICE Europe Commodities iMpact"},
    Publisher{58, "NDEX.IMPACT", "NDEX", "ICE Endex iMpact"},
};

// US dollars per GiB when streamed; a made-up list with the shape of the vendor's: the less data a
// schema has for the same market, the more a byte costs.
double price_of(Schema schema) {
  switch (schema) {
    case Schema::kMbo:
    case Schema::kMbp10:
    case Schema::kMbp1:
      return 0.5;
    case Schema::kTbbo:
    case Schema::kTrades:
    case Schema::kBbo1s:
    case Schema::kBbo1m:
      return 2;
    case Schema::kOhlcv1s:
    case Schema::kOhlcv1m:
      return 20;
    case Schema::kOhlcv1h:
    case Schema::kOhlcv1d:
    case Schema::kOhlcvEod:
      return 200;
    default:
      return 5;
  }
}

Answer<Size> size_of(const Call& call, Schema& schema) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(DataRequest request, parse_data_request(call.request, archive));
  schema = request.schema;
  FM_ASSIGN(const PreparedData data, prepare(archive, std::move(request)));
  FM_ASSIGN(const Size size, measure(archive, data));
  return size;
}

Answer<std::optional<Date>> date(const Call& call, std::string_view name) {
  const auto text = optional(call.request, name);
  if (!text) return std::nullopt;
  const auto day = parse_written_date(*text);
  if (!day) return refuse(422, "request_invalid", "`{}`: {}", name, day.error().message());
  return std::optional(*day);
}

void write_range(JsonWriter& json, TimeRange range) {
  json.field("start", iso_nanos(range.start));
  json.field("end", iso_nanos(range.end));
}

}  // namespace

double cost_of(std::uint64_t bytes, Schema schema, std::string_view mode) {
  const double factor = mode == "live" ? 2 : 1;
  return static_cast<double>(bytes) / kGibibyte * price_of(schema) * factor;
}

Answer<ServerResponse> list_publishers(const Call& call) {
  JsonWriter json;
  json.array([&] {
    for (const Publisher& publisher : kPublishers) {
      if (!call.service.archive->has(publisher.dataset)) continue;
      json.object([&] {
        json.field("publisher_id", publisher.id);
        json.field("dataset", publisher.dataset);
        json.field("venue", publisher.venue);
        json.field("description", publisher.description);
      });
    }
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> list_datasets(const Call& call) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(const auto first, date(call, "start_date"));
  FM_ASSIGN(const auto end, date(call, "end_date"));
  std::vector<std::string> names = archive.datasets();
  std::erase_if(names, [&](const std::string& name) {
    const TimeRange range = archive.range(name);
    return range.empty() || (first && day_after(range.end) <= *first) ||
           (end && first_day(range.start) >= *end);
  });
  JsonWriter json;
  json.value(names);
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> list_schemas(const Call& call) {
  FM_ASSIGN(const std::string dataset, parse_dataset(call.request, *call.service.archive));
  JsonWriter json;
  json.array([&] {
    for (const Schema schema : call.service.archive->schemas(dataset))
      json.value(dbn::name(schema));
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> list_fields(const Call& call) {
  FM_ASSIGN(const std::string word, required(call.request, "schema"));
  FM_ASSIGN(const Schema schema, parse_schema_word(word));
  FM_ASSIGN(const std::string encoding, required(call.request, "encoding"));
  if (encoding != "dbn" && encoding != "csv" && encoding != "json")
    return refuse(422, "request_invalid", "`encoding`: expected dbn, csv or json");
  const bool is_dbn = encoding == "dbn";
  JsonWriter json;
  json.array([&] {
    for (const dbn::FieldInfo& field : dbn::fields_of(
             dbn::rtype_of(schema), is_dbn ? dbn::FieldOrder::kBinary : dbn::FieldOrder::kText))
      json.object([&] {
        json.field("name", field.name);
        json.field("type", is_dbn ? field.binary_type : field.json_type);
      });
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> list_unit_prices(const Call& call) {
  FM_ASSIGN(const std::string dataset, parse_dataset(call.request, *call.service.archive));
  JsonWriter json;
  json.array([&] {
    for (const std::string_view mode : kModes)
      json.object([&] {
        json.field("mode", mode);
        json.object_field("unit_prices", [&] {
          for (const Schema schema : call.service.archive->schemas(dataset))
            json.field(dbn::name(schema),
                       cost_of(static_cast<std::uint64_t>(kGibibyte), schema, mode));
        });
      });
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> get_dataset_condition(const Call& call) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(const std::string dataset, parse_dataset(call.request, archive));
  FM_ASSIGN(const auto first, date(call, "start_date"));
  FM_ASSIGN(const auto last, date(call, "end_date"));
  JsonWriter json;
  write_conditions(json, archive, dataset, first.value_or(Date()),
                   last.value_or(Date::of_second(second_of(kUndefTime))));
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> get_dataset_range(const Call& call) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(const std::string dataset, parse_dataset(call.request, archive));
  JsonWriter json;
  json.object([&] {
    write_range(json, available(archive, dataset));
    json.object_field("schema", [&] {
      for (const Schema schema : archive.schemas(dataset)) {
        const TimeRange range = whole_days(archive.range(dataset, schema));
        if (range.empty()) continue;
        json.object_field(dbn::name(schema), [&] { write_range(json, range); });
      }
    });
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> get_record_count(const Call& call) {
  Schema schema{};
  FM_ASSIGN(const Size size, size_of(call, schema));
  return ServerResponse::json(std::to_string(size.records));
}

Answer<ServerResponse> get_billable_size(const Call& call) {
  Schema schema{};
  FM_ASSIGN(const Size size, size_of(call, schema));
  return ServerResponse::json(std::to_string(size.bytes));
}

Answer<ServerResponse> get_cost(const Call& call) {
  const std::string_view mode = optional(call.request, "mode").value_or("historical-streaming");
  if (std::ranges::find(kModes, mode) == kModes.end())
    return refuse(422, "request_invalid",
                  "`mode`: expected historical, historical-streaming or live");
  Schema schema{};
  FM_ASSIGN(const Size size, size_of(call, schema));
  JsonWriter json;
  json.value(cost_of(size.bytes, schema, mode));
  return ServerResponse::json(json.take());
}

}  // namespace fm::gateway
