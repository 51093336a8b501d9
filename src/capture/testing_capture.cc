#include "capture/testing_capture.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "capture/arrival.h"
#include "capture/segment_files.h"

namespace fm::capture::testing {

dbn::Mbp1Msg trade(std::uint32_t sequence, Nanos arrival) {
  dbn::Mbp1Msg record = dbn::testing::sample_tbbo(sequence);
  record.header.length = dbn::kLengthOf<dbn::Mbp1Msg>;
  record.header.publisher_id = 1;
  record.header.ts_event = arrival - 1'000'000;
  record.ts_recv = arrival;
  record.flags = 0;
  record.sequence = sequence;
  return record;
}

Bytes trades(std::uint32_t first, std::size_t count, Nanos arrival) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto record =
        bytes_of(trade(first + static_cast<std::uint32_t>(i), arrival + i * 1'000'000));
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  return bytes;
}

dbn::SymbolMappingMsg mapping(std::uint32_t instrument, std::string_view asked,
                              std::string_view raw, Nanos end) {
  dbn::SymbolMappingMsg record{};
  record.header.length = dbn::kLengthOf<dbn::SymbolMappingMsg>;
  record.header.rtype = dbn::RType::kSymbolMapping;
  record.header.instrument_id = instrument;
  record.header.ts_event = kMorning;
  record.start_ts = kUndefTime;
  record.end_ts = end;
  FM_ASSERT(dbn::set_text(record.stype_in_symbol, asked));
  FM_ASSERT(dbn::set_text(record.stype_out_symbol, raw));
  return record;
}

dbn::RecordBlock block_of(const Bytes& bytes, std::size_t tail_bytes) {
  dbn::RecordBlock block{.bytes = bytes, .tail_bytes = tail_bytes};
  for (const dbn::RecordView record : block) {
    FM_ASSERT(record.size_bytes() >= dbn::kHeaderBytes);
    ++block.record_count;
  }
  return block;
}

dbn::Metadata session_metadata(Nanos start) {
  dbn::Metadata metadata;
  metadata.dataset = kDataset;
  metadata.start = start;
  return metadata;
}

LogOptions by_hand(const std::string& directory) {
  return {.directory = directory, .dataset = std::string(kDataset), .threads = false};
}

Bytes data_only(const Bytes& records) {
  Bytes kept;
  for (const dbn::RecordView record : block_of(records))
    if (is_replayable(record.rtype()))
      kept.insert(kept.end(), record.bytes().begin(), record.bytes().end());
  return kept;
}

ReadLog read_log(Env& env, const std::string& directory, LogReaderOptions options) {
  ReadLog out;
  auto reader = LogReader::open(env, directory, options);
  if (!reader) {
    out.error = reader.error();
    return out;
  }
  for (;;) {
    const auto block = reader->next();
    if (!block) out.error = block.error();
    if (!block || block->empty()) break;
    const Bytes bytes(block->bytes.begin(), block->bytes.end());
    out.records = out.records + data_only(bytes);
  }
  out.damages.assign(reader->damages().begin(), reader->damages().end());
  out.repaired = reader->repaired_records();
  return out;
}

Bytes read_segment(const std::string& path) {
  auto input = dbn::open_input(Env::posix(), path);
  FM_ASSERT(input.has_value());
  auto read = dbn::testing::read_out(std::move(input->source));
  FM_ASSERT(!read.error);
  return read.records;
}

std::vector<std::string> files_of(const std::string& directory, Date day) {
  return Env::posix().list(day_path(directory, day)).value_or(std::vector<std::string>{});
}

void flip(const std::string& path, std::uint64_t byte) {
  auto text = read_text(Env::posix(), path);
  FM_ASSERT(text.has_value() && byte < text->size());
  (*text)[byte] = static_cast<char>((*text)[byte] ^ 0x10);
  auto file = Env::posix().create(path, Create::kTruncate);
  FM_ASSERT(file.has_value() && (*file)->write(*text).has_value() && (*file)->close().has_value());
}

void keep_files_in_memory() {
  static const bool quiet = (start_logging(LogLevel::kError, false), true);  // faults warn
  static_cast<void>(quiet);
  constexpr const char* kMemory = "/dev/shm";
  if (Env::posix().exists(kMemory)) FM_ASSERT(::setenv("TMPDIR", kMemory, 1) == 0);
}

std::uint64_t size_of(const std::string& path) { return Env::posix().info(path)->size_bytes; }

}  // namespace fm::capture::testing
