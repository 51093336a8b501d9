#include <memory>

#include "gateway/batch_side_files.h"
#include "gateway/data_encoder.h"
#include "gateway/historical_methods.h"
#include "gateway/request_values.h"

namespace fm::gateway {
namespace {

using net::Body;
using net::BodyWriter;
using net::ServerResponse;

constexpr std::size_t kPieceBytes = 256 << 10;

// A request while it is sent: each step encodes a piece and hands it on.
class RangeSender {
 public:
  RangeSender(LimitedStream stream) : stream_(std::move(stream)) {}

  // Errors: those of DataEncoder::open.
  Status open(const PreparedData& data, EncoderOptions options) {
    FM_ASSIGN(encoder_,
              DataEncoder::open(std::make_unique<dbn::MemorySink>(piece_), data, options));
    return {};
  }

  Result<Body> send(BodyWriter& writer) {
    bool is_over = false;
    while (piece_.size() < kPieceBytes && !is_over) {
      FM_ASSIGN(const RecordRun run, stream_.next());
      is_over = run.empty();
      FM_TRY(is_over ? encoder_->finish() : encoder_->write(run));
    }
    if (!writer.write(std::span<const std::byte>(piece_)))
      return fail(Code::kBrokenPipe, "the client is gone");
    piece_.clear();
    return is_over ? Body::kEnd : Body::kMore;
  }

 private:
  LimitedStream stream_;
  std::vector<std::byte> piece_;
  std::unique_ptr<DataEncoder> encoder_;
};

std::string content_type(const DataRequest& request) {
  if (request.compression == Compression::kZstd || request.encoding == Encoding::kDbn)
    return "application/octet-stream";
  return request.encoding == Encoding::kCsv ? "text/csv" : "application/x-ndjson";
}

std::string warnings_json(const std::string& warning) {
  JsonWriter json;
  json.array([&] { json.value(warning); });
  return json.take();
}

Answer<Date> parse_day(std::string_view name, std::string_view text) {
  const auto day = parse_written_date(text);
  if (!day) return refuse(422, "request_invalid", "`{}`: {}", name, day.error().message());
  return *day;
}

}  // namespace

Answer<ServerResponse> get_range(const Call& call) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(DataRequest request, parse_data_request(call.request, archive));
  FM_ASSIGN(const PreparedData data, prepare(archive, std::move(request)));
  FM_ASSIGN(LimitedStream stream, LimitedStream::open(archive, data.read(), data.request.limit));
  const auto sender = std::make_shared<RangeSender>(std::move(stream));
  const bool is_zstd = data.request.compression == Compression::kZstd;
  FM_TRY(
      sender->open(data, {.leave_frame_open = is_zstd && call.service.faults.leaves_frame_open()}));
  ServerResponse response;
  response.content_type = content_type(data.request);
  response.producer = [sender](BodyWriter& writer) { return sender->send(writer); };
  if (const std::string warning = data.warning(); !warning.empty()) {
    response.status = 206;
    response.headers.emplace_back("X-Warning", warnings_json(warning));
  }
  return response;
}

Answer<ServerResponse> resolve(const Call& call) {
  const Archive& archive = *call.service.archive;
  FM_ASSIGN(const std::string dataset, parse_dataset(call.request, archive));
  ResolveRequest request;
  FM_ASSIGN(const std::string symbols, required(call.request, "symbols"));
  auto names = parse_symbols(symbols);
  if (!names) return refuse(422, "request_invalid", "`symbols`: {}", names.error().message());
  request.symbols = *std::move(names);
  FM_ASSIGN(request.stype_in,
            parse_stype_word(optional(call.request, "stype_in").value_or("raw_symbol")));
  FM_ASSIGN(request.stype_out,
            parse_stype_word(optional(call.request, "stype_out").value_or("instrument_id")));
  FM_ASSIGN(const std::string start, required(call.request, "start_date"));
  FM_ASSIGN(request.start, parse_day("start_date", start));
  const auto end = optional(call.request, "end_date");
  FM_ASSIGN(request.end, end ? parse_day("end_date", *end) : Answer<Date>(request.start + 1));
  FM_ASSIGN(const Symbology* const symbology, archive.symbology(dataset));
  FM_ASSIGN(const Resolution resolution, symbology->resolve(request));
  JsonWriter json;
  write_resolution(json, request, resolution);
  return ServerResponse::json(json.take());
}

}  // namespace fm::gateway
