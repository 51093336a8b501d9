// simdjson's on-demand parser over JSON lines of TBBO or bars, every field read in the order in
// which it stands (its fastest way), each as what it is in the text: strings as views, numbers as
// integers. Prices and times stay text: turning them into integers is work that this baseline is
// spared. The bytes lie in memory before the clock starts. One thread; batches of the size that its
// documentation advises.
#include "simdjson_fields.h"

#include <simdjson.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "harness.h"

namespace fm::bench {
namespace {

constexpr std::size_t kChunkBytes = 16 << 20;

struct Sink {
  std::uint64_t sum = 0;
  void text(simdjson::ondemand::value value) { sum += std::string_view(value.get_string()).size(); }
  void number(simdjson::ondemand::value value) { sum += std::uint64_t(value.get_uint64()); }
};

void read_fields(simdjson::ondemand::object line, Sink& sink) {
  sink.text(line["ts_recv"]);
  simdjson::ondemand::object header = line["hd"];
  sink.text(header["ts_event"]);
  for (const char* field : {"rtype", "publisher_id", "instrument_id"}) sink.number(header[field]);
  for (const char* field : {"action", "side"}) sink.text(line[field]);
  sink.number(line["depth"]);
  sink.text(line["price"]);
  for (const char* field : {"size", "flags", "ts_in_delta", "sequence"}) sink.number(line[field]);
  for (simdjson::ondemand::object level : line["levels"].get_array()) {
    for (const char* field : {"bid_px", "ask_px"}) {
      simdjson::ondemand::value price = level[field];
      if (!price.is_null()) sink.text(price);
    }
    for (const char* field : {"bid_sz", "ask_sz", "bid_ct", "ask_ct"}) sink.number(level[field]);
  }
  sink.text(line["symbol"]);
}

void read_bar_fields(simdjson::ondemand::object line, Sink& sink) {
  simdjson::ondemand::object header = line["hd"];
  sink.text(header["ts_event"]);
  for (const char* field : {"rtype", "publisher_id", "instrument_id"}) sink.number(header[field]);
  for (const char* field : {"open", "high", "low", "close", "volume", "symbol"})
    sink.text(line[field]);
}

using ReadFields = void (*)(simdjson::ondemand::object line, Sink& sink);

class LineParser {
 public:
  explicit LineParser(ReadFields read) : read_(read) {
#ifdef SIMDJSON_THREADS_ENABLED
    parser_.threaded = false;
#endif
  }

  Status parse(Env& env, const std::string& path) {
    FM_ASSIGN(auto file, env.open(path));
    std::size_t held = 0;
    while (true) {
      while (held < kChunkBytes) {
        FM_ASSIGN(const std::size_t got, file->read(std::as_writable_bytes(std::span(
                                             buffer_.data() + held, kChunkBytes - held))));
        if (got == 0) break;
        held += got;
      }
      if (held == 0) return {};
      const std::size_t whole = std::string_view(buffer_.data(), held).rfind('\n') + 1;
      if (whole == 0) return fail(Code::kCorrupt, "{}: a line does not end", path);
      FM_TRY(parse_lines(env, path, whole));
      held -= whole;
      std::memmove(buffer_.data(), buffer_.data() + whole, held);
    }
  }

  [[nodiscard]] const ParsedLines& parsed() const {
    keep(sink_.sum);
    return parsed_;
  }

 private:
  Status parse_lines(Env& env, const std::string& path, std::size_t bytes) {
    const double begin = cpu_seconds();
    const Nanos wall_begin = env.monotonic();
    try {
      simdjson::ondemand::document_stream lines =
          parser_.iterate_many(buffer_.data(), bytes, simdjson::dom::DEFAULT_BATCH_SIZE);
      for (auto line : lines) {
        read_(line.get_object(), sink_);
        ++parsed_.lines;
      }
    } catch (const simdjson::simdjson_error& error) {
      return fail(Code::kCorrupt, "{}: line {}: {}", path, parsed_.lines + 1, error.what());
    }
    parsed_.cpu_seconds += cpu_seconds() - begin;
    parsed_.wall_seconds += static_cast<double>(env.monotonic() - wall_begin) / 1e9;
    return {};
  }

  ReadFields read_;
  simdjson::ondemand::parser parser_;
  std::vector<char> buffer_ = std::vector<char>(kChunkBytes + simdjson::SIMDJSON_PADDING);
  ParsedLines parsed_;
  Sink sink_;
};

}  // namespace

Result<ParsedLines> parse_every_field(Env& env, const std::string& path) {
  LineParser parser(&read_fields);
  FM_TRY(parser.parse(env, path));
  return parser.parsed();
}

Result<ParsedLines> parse_every_bar(Env& env, const std::vector<std::string>& paths) {
  LineParser parser(&read_bar_fields);
  for (const std::string& path : paths) FM_TRY(parser.parse(env, path));
  return parser.parsed();
}

}  // namespace fm::bench
