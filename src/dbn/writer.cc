#include "dbn/writer.h"

#include <cstring>

#include "base/assert.h"
#include "dbn/record_v1.h"

namespace fm::dbn {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

// The forms that exist in some versions only.
struct Form {
  RType rtype;
  std::size_t bytes;
  int first_version;
  int last_version;
};

constexpr Form kForms[] = {
    {RType::kDefinition, sizeof(InstrumentDefMsgV1), 1, 1},
    {RType::kDefinition, sizeof(InstrumentDefMsgV2), 2, 2},
    {RType::kDefinition, sizeof(InstrumentDefMsg), 3, 3},
    {RType::kStatistics, sizeof(StatMsgV1), 1, 2},
    {RType::kStatistics, sizeof(StatMsg), 3, 3},
    {RType::kSymbolMapping, sizeof(SymbolMappingMsgV1), 1, 1},
    {RType::kSymbolMapping, sizeof(SymbolMappingMsg), 2, 3},
    {RType::kError, sizeof(ErrorMsgV1), 1, 1},
    {RType::kError, sizeof(ErrorMsg), 2, 3},
    {RType::kSystem, sizeof(SystemMsgV1), 1, 1},
    {RType::kSystem, sizeof(SystemMsg), 2, 3},
};

}  // namespace

Status MemorySink::write(std::span<const std::byte> bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  return {};
}

Writer::Writer(std::unique_ptr<ByteSink> sink, int version, std::size_t tail_bytes)
    : sink_(std::move(sink)), version_(version), tail_bytes_(tail_bytes) {
  buffer_.reserve(kBufferBytes);
}

Result<Writer> Writer::open(std::unique_ptr<ByteSink> sink, const Metadata& metadata) {
  FM_ASSIGN(const std::vector<std::byte> bytes, encode(metadata));
  Writer writer(std::move(sink), metadata.version, metadata.ts_out ? kTsOutBytes : 0);
  FM_TRY(writer.put(bytes));
  return writer;
}

Writer Writer::fragment(std::unique_ptr<ByteSink> sink, int version, bool ts_out) {
  return {std::move(sink), version, ts_out ? kTsOutBytes : 0};
}

Status Writer::check_form(const RecordHeader& header, std::size_t tail_bytes) const {
  if (header.size_bytes() < kHeaderBytes)
    return fail(Code::kInvalidArgument, "a record of {} bytes, expected at least its header ({})",
                header.size_bytes(), kHeaderBytes);
  if (tail_bytes != tail_bytes_)
    return fail(Code::kInvalidArgument, "a record {} ts_out in a file whose records end {} one",
                tail_bytes == 0 ? "without" : "with", tail_bytes_ == 0 ? "without" : "with");
  for (const Form& form : kForms) {
    const bool matches =
        form.rtype == header.rtype && form.bytes + tail_bytes_ == header.size_bytes();
    if (matches && (version_ < form.first_version || version_ > form.last_version))
      return fail(Code::kInvalidArgument,
                  "a record of type 0x{:02x} with {} bytes belongs to DBN version {}, the file has "
                  "version {}",
                  static_cast<int>(header.rtype), form.bytes, form.first_version, version_);
  }
  return {};
}

Status Writer::write(RecordView record) {
  FM_TRY(check_form(record.header(), record.tail_bytes()));
  FM_TRY(put(record.bytes()));
  ++records_written_;
  return {};
}

Status Writer::write(const RecordBlock& block) {
  if (block.empty()) return {};
  if (block.common_bytes != 0) {
    FM_TRY(check_form((*block.begin()).header(), block.tail_bytes));
  } else {
    for (const RecordView record : block) FM_TRY(check_form(record.header(), record.tail_bytes()));
  }
  FM_TRY(put(block.bytes));
  records_written_ += block.record_count;
  return {};
}

Status Writer::write_made(std::span<const std::byte> record, Nanos ts_out) {
  alignas(8) std::byte made[kMaxRecordBytes];
  FM_ASSERT(record.size() + tail_bytes_ <= sizeof made);
  const std::size_t size = record.size() + tail_bytes_;
  std::memcpy(made, record.data(), record.size());
  std::memcpy(made + record.size(), &ts_out, tail_bytes_);
  made[0] = static_cast<std::byte>(size / 4);
  return write(RecordView(made, tail_bytes_));
}

Status Writer::put(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) FM_TRY(drain());
  if (bytes.size() > kBufferBytes) return sink_->write(bytes);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

Status Writer::drain() {
  if (buffer_.empty()) return {};
  FM_TRY(sink_->write(buffer_));
  buffer_.clear();
  return {};
}

Status Writer::flush() {
  FM_TRY(drain());
  return sink_->flush();
}

Status Writer::finish() {
  FM_TRY(drain());
  return sink_->finish();
}

}  // namespace fm::dbn
