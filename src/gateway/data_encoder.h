// Records of an archive as a request wants them: DBN, CSV or JSON lines, compressed or not.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dbn/symbol_map.h"
#include "dbn/writer.h"
#include "gateway/data_request.h"

namespace fm::gateway {

struct EncoderOptions {
  // Leaves the zstd frame open at the end, as a connection that breaks there would.
  bool leave_frame_open = false;
};

class DataEncoder {
 public:
  // Writes what stands before the first record. Errors: the sink's.
  [[nodiscard]] static Result<std::unique_ptr<DataEncoder>> open(
      std::unique_ptr<dbn::ByteSink> sink, const PreparedData& data, EncoderOptions options = {});

  [[nodiscard]] Status write(const RecordRun& run);
  // Hands on everything written so far.
  [[nodiscard]] Status flush();
  [[nodiscard]] Status finish();
  [[nodiscard]] std::uint64_t records() const { return records_; }
  // Of the records in DBN version 3, uncompressed: what is billed.
  [[nodiscard]] std::uint64_t billed_bytes() const { return billed_bytes_; }

 private:
  DataEncoder(const PreparedData& data, EncoderOptions options);
  [[nodiscard]] Status write_text(const RecordRun& run);
  [[nodiscard]] std::string_view symbol_of(dbn::RecordView record);

  const DataRequest request_;
  const Symbology* symbology_;
  EncoderOptions options_;
  dbn::SymbolMap symbols_;
  std::optional<dbn::Writer> dbn_;       // for DBN
  std::unique_ptr<dbn::ByteSink> text_;  // for CSV and JSON
  std::string buffer_;
  std::uint64_t records_ = 0;
  std::uint64_t billed_bytes_ = 0;
};

// The first `count` records of a run.
[[nodiscard]] RecordRun first_records(RecordRun run, std::uint64_t count);

// A stream that ends after a request's limit.
class LimitedStream {
 public:
  [[nodiscard]] static Result<LimitedStream> open(const Archive& archive, ReadRequest request,
                                                  std::optional<std::uint64_t> limit);
  [[nodiscard]] Result<RecordRun> next(Nanos not_after = kUndefTime);
  // Nothing at the end or when the limit is reached.
  [[nodiscard]] Result<std::optional<Nanos>> next_time();
  [[nodiscard]] std::optional<std::uint64_t> left() const { return left_; }

 private:
  LimitedStream(RecordStream stream, std::optional<std::uint64_t> limit)
      : stream_(std::move(stream)), left_(limit) {}
  RecordStream stream_;
  std::optional<std::uint64_t> left_;
};

// Counts what a request would give. Errors: those of reading.
[[nodiscard]] Result<Size> measure(const Archive& archive, const PreparedData& data);

}  // namespace fm::gateway
