// Raw DBN: decoding alone, and through the candle engine. Both against a header walk of the same
// bytes.
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "baselines/header_walk.h"
#include "baselines/read_memory.h"
#include "dbn/byte_source.h"
#include "dbn/metadata.h"
#include "dbn/reader.h"
#include "rows.h"
#include "run_engine.h"

namespace fm::bench {
namespace {

constexpr double kHeaderWalkMin = 100e6;

struct RawFile {
  std::vector<std::byte> bytes;
  std::size_t first_record = 0;
  [[nodiscard]] std::span<const std::byte> records() const {
    return std::span(bytes).subspan(first_record);
  }
};

Result<RawFile> read_whole(Env& env, const std::string& path) {
  FM_ASSIGN(const FileInfo info, env.info(path));
  FM_ASSIGN(auto file, env.open(path));
  RawFile raw;
  raw.bytes.resize(info.size_bytes);
  for (std::size_t held = 0; held < raw.bytes.size();) {
    FM_ASSIGN(const std::size_t got, file->read(std::span(raw.bytes).subspan(held)));
    if (got == 0) return fail(Code::kTruncated, "{} shrank while it was read", path);
    held += got;
  }
  FM_ASSIGN(const dbn::Prelude prelude,
            dbn::decode_prelude(std::span(raw.bytes).first<dbn::kPreludeBytes>()));
  raw.first_record = dbn::kPreludeBytes + prelude.metadata_bytes;
  return raw;
}

Result<double> decode_all(Env& env, const std::string& path, std::uint64_t records) {
  return time_cpu([&]() -> Status {
    FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(env, path));
    FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(input.source), input.name));
    std::uint64_t seen = 0;
    std::uint64_t sum = 0;
    while (true) {
      FM_ASSIGN(const dbn::RecordBlock block, reader.next());
      if (block.empty()) break;
      if (const auto quotes = block.all<dbn::Mbp1Msg>(); !quotes.empty()) {
        for (const dbn::Mbp1Msg& tbbo : quotes)
          sum += static_cast<std::uint64_t>(tbbo.price) + tbbo.size + tbbo.ts_recv;
        seen += quotes.size();
        continue;
      }
      for (const dbn::RecordView record : block) {
        const auto* tbbo = record.get_if<dbn::Mbp1Msg>();
        if (tbbo == nullptr) continue;
        sum += static_cast<std::uint64_t>(tbbo->price) + tbbo->size + tbbo->ts_recv;
        ++seen;
      }
    }
    keep(sum);
    if (seen != records) return fail(Code::kInternal, "{}: {} records of {}", path, seen, records);
    return {};
  });
}

// The most that reading could give: bytes in memory read in order, and the file read from the page
// cache as the decoder reads it, neither looked at.
Result<std::string> bandwidth_note(Env& env, const std::string& path,
                                   std::span<const std::byte> bytes, std::uint64_t records) {
  constexpr int kRuns = 5;
  double memory = std::numeric_limits<double>::infinity();
  double file = memory;
  std::vector<std::byte> buffer(std::size_t{256} << 10);
  for (int run = 0; run < kRuns; ++run) {
    FM_ASSIGN(const double memory_seconds, time_cpu([&]() -> Status {
                keep(sum_words(bytes));
                return {};
              }));
    FM_ASSIGN(const double file_seconds, time_cpu([&]() -> Status {
                FM_ASSIGN(auto input, env.open(path));
                while (true) {
                  FM_ASSIGN(const std::size_t got, input->read(buffer));
                  if (got == 0) return {};
                }
              }));
    memory = std::min(memory, memory_seconds);
    file = std::min(file, file_seconds);
  }
  const auto rate = [&](double seconds) {
    return fmt::format("{:.1f} GB/s ({:.0f} M records/s)",
                       static_cast<double>(bytes.size()) / seconds / 1e9,
                       static_cast<double>(records) / seconds / 1e6);
  };
  return fmt::format("memory gives the same bytes in order at {}, read() of the file at {}",
                     rate(memory), rate(file));
}

// The file's path, and a row whose baseline is the walk over its bytes in memory.
Result<std::pair<std::string, Row>> header_walk_row(const Context& context) {
  FM_ASSIGN(const std::string path, ensure_file(*context.env, context.data,
                                                eight_contracts(context.data), "eight", ".dbn"));
  FM_ASSIGN(RawFile loaded, read_whole(*context.env, path));
  const auto raw = std::make_shared<const RawFile>(std::move(loaded));
  Row row;
  row.baseline = "header walk of the bytes in memory";
  row.unit = "records";
  row.amount = static_cast<double>(context.data.records);
  row.one_core = true;
  row.baseline_at_least = kHeaderWalkMin;
  FM_ASSIGN(row.note, bandwidth_note(*context.env, path, raw->records(), context.data.records));
  row.measure_baseline = [raw, records = context.data.records] {
    return time_cpu([&]() -> Status {
      const Walked walked = walk_headers(raw->records());
      keep(walked.type_sum);
      if (walked.records != records) {
        return fail(Code::kInternal, "{} records of {}", walked.records, records);
      }
      return {};
    });
  };
  return std::pair(path, std::move(row));
}

}  // namespace

Result<Row> decode_raw_row(const Context& context) {
  FM_ASSIGN(auto prepared, header_walk_row(context));
  auto& [path, row] = prepared;
  row.id = "decode_raw";
  row.work = "decode raw DBN from the page cache, every record touched";
  row.at_least = 0.6;
  row.measure_ours = [path = path, env = context.env, records = context.data.records] {
    return decode_all(*env, path, records);
  };
  return std::move(row);
}

Result<Row> raw_to_candles_row(const Context& context) {
  FM_ASSIGN(auto prepared, header_walk_row(context));
  auto& [path, row] = prepared;
  row.id = "raw_to_candles";
  row.work = "raw DBN to candles, eight contracts, rows counted and dropped";
  row.at_least = 0.2;
  row.aim = 0.4;
  row.measure_ours = [path = path, env = context.env] {
    return time_cpu([&]() -> Status {
      FM_ASSIGN(const EngineRun run, candles_of_dbn(*env, path));
      keep(run.volume);
      return {};
    });
  };
  return std::move(row);
}

Result<Density> density_of(const Context& context, const std::string& name,
                           const synth::Options& input) {
  const std::string ending = name == "eight" ? ".dbn" : ".dbn.zst";
  FM_ASSIGN(const std::string path, ensure_file(*context.env, context.data, input, name, ending));
  FM_ASSIGN(const EngineRun run, candles_of_dbn(*context.env, path));
  return Density{.input = name, .trades = run.records, .rows = run.rows};
}

}  // namespace fm::bench
