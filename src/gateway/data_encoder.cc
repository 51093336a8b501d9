#include "gateway/data_encoder.h"

#include "dbn/text_csv.h"
#include "dbn/text_json.h"

namespace fm::gateway {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;

class OpenFrameSink final : public dbn::ByteSink {
 public:
  explicit OpenFrameSink(std::unique_ptr<dbn::ByteSink> under) : under_(std::move(under)) {}
  Status write(std::span<const std::byte> bytes) override { return under_->write(bytes); }
  Status flush() override { return under_->flush(); }
  Status finish() override { return under_->flush(); }

 private:
  std::unique_ptr<dbn::ByteSink> under_;
};

dbn::TextOptions text_options(const TextForm& form) {
  return {
      .pretty_px = form.pretty_px, .pretty_ts = form.pretty_ts, .map_symbols = form.map_symbols};
}

}  // namespace

DataEncoder::DataEncoder(const PreparedData& data, EncoderOptions options)
    : request_(data.request), symbology_(data.symbology), options_(options) {
  symbols_.add(data.metadata);
}

Result<std::unique_ptr<DataEncoder>> DataEncoder::open(std::unique_ptr<dbn::ByteSink> sink,
                                                       const PreparedData& data,
                                                       EncoderOptions options) {
  std::unique_ptr<DataEncoder> out(new DataEncoder(data, options));
  if (data.request.compression == Compression::kZstd) {
    sink = std::make_unique<dbn::ZstdSink>(std::move(sink));
    if (options.leave_frame_open) sink = std::make_unique<OpenFrameSink>(std::move(sink));
  }
  if (data.request.encoding == Encoding::kDbn) {
    FM_ASSIGN(out->dbn_, dbn::Writer::open(std::move(sink), data.metadata));
    return out;
  }
  out->text_ = std::move(sink);
  if (data.request.encoding == Encoding::kCsv) {
    // A file without records has its header row all the same.
    const bool is_known =
        dbn::append_csv_header(dbn::rtype_of(data.request.schema), dbn::kNewestVersion, false,
                               {.text = text_options(data.request.text)}, out->buffer_);
    if (!is_known)
      return fail(Code::kUnsupported, "{} has no CSV form", dbn::name(data.request.schema));
  }
  return out;
}

std::string_view DataEncoder::symbol_of(dbn::RecordView record) {
  if (!request_.text.map_symbols) return {};
  const Nanos time = dbn::index_time(record);
  const std::uint32_t id = record.header().instrument_id;
  const std::string_view requested = symbols_.find(id, time).symbol;
  return requested.empty() ? symbology_->raw_symbol(id, first_day(time)) : requested;
}

Status DataEncoder::write_text(const RecordRun& run) {
  const dbn::TextOptions options = text_options(request_.text);
  for (const dbn::RecordView record : run.block) {
    const std::string_view symbol = symbol_of(record);
    const bool is_known = request_.encoding == Encoding::kJson
                              ? dbn::append_json(record, options, symbol, buffer_)
                              : dbn::append_csv(record, {.text = options}, symbol, buffer_);
    if (!is_known)
      return fail(Code::kUnsupported, "record {}: of a kind that has no text form", records_);
    if (buffer_.size() >= kBufferBytes) FM_TRY(flush());
  }
  return {};
}

Status DataEncoder::write(const RecordRun& run) {
  if (dbn_) {
    FM_TRY(dbn_->write(run.block));
  } else {
    FM_TRY(write_text(run));
  }
  records_ += run.block.record_count;
  billed_bytes_ += run.block.bytes.size();
  return {};
}

Status DataEncoder::flush() {
  if (dbn_) return dbn_->flush();
  FM_TRY(text_->write(std::as_bytes(std::span(buffer_))));
  buffer_.clear();
  return {};
}

Status DataEncoder::finish() {
  if (dbn_) return dbn_->finish();
  FM_TRY(flush());
  return text_->finish();
}

RecordRun first_records(RecordRun run, std::uint64_t count) {
  if (run.block.record_count <= count) return run;
  std::size_t bytes = 0;
  auto record = run.block.begin();
  for (std::uint64_t i = 0; i < count; ++i, ++record) bytes += (*record).size_bytes();
  run.block.bytes = run.block.bytes.first(bytes);
  run.block.record_count = count;
  return run;
}

Result<LimitedStream> LimitedStream::open(const Archive& archive, ReadRequest request,
                                          std::optional<std::uint64_t> limit) {
  FM_ASSIGN(RecordStream stream, archive.read(std::move(request)));
  return LimitedStream(std::move(stream), limit);
}

Result<RecordRun> LimitedStream::next(Nanos not_after) {
  if (left_ && *left_ == 0) return RecordRun{};
  FM_ASSIGN(RecordRun run, stream_.next(not_after));
  if (!left_) return run;
  run = first_records(run, *left_);
  *left_ -= run.block.record_count;
  return run;
}

Result<std::optional<Nanos>> LimitedStream::next_time() {
  if (left_ && *left_ == 0) return std::nullopt;
  return stream_.next_time();
}

Result<Size> measure(const Archive& archive, const PreparedData& data) {
  if (!data.request.limit) return archive.measure(data.read());
  FM_ASSIGN(LimitedStream stream, LimitedStream::open(archive, data.read(), data.request.limit));
  Size size;
  for (;;) {
    FM_ASSIGN(const RecordRun run, stream.next());
    if (run.empty()) return size;
    size.records += run.block.record_count;
    size.bytes += run.block.bytes.size();
  }
}

}  // namespace fm::gateway
