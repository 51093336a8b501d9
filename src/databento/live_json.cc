#include "databento/live_json.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "dbn/record_text_json.h"
#include "dbn/record_v1.h"
#include "dbn/tbbo_text_json.h"
#include "dbn/upgrade.h"

namespace fm::databento {
namespace {

using dbn::ErrorMsg;
using dbn::RType;
using dbn::SystemMsg;
using dbn::TbboLine;

constexpr std::size_t kTextBytes = std::size_t{256} << 10;
static_assert(kTextBytes > dbn::kTextLineBytesMax);
static_assert(dbn::kTextPaddingBytes >= simdjson::SIMDJSON_PADDING);
constexpr std::size_t kShownBytes = 120;

// Records one behind the other on multiples of 8.
class RecordBuffer {
 public:
  void clear() {
    used_ = count_ = 0;
    alike_ = true;
  }

  template <class T>
  void add(T record) {
    static_assert(sizeof(T) % 8 == 0 && std::is_trivially_copyable_v<T>);
    record.header.length = dbn::kLengthOf<T>;
    put(&record, sizeof record, record.header);
  }

  // `record` says its own length, a multiple of 8.
  void add(const dbn::RecordView& record) {
    put(record.bytes().data(), record.size_bytes(), record.header());
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] dbn::RecordBlock block(std::uint64_t first_record, std::uint64_t first_byte) const {
    dbn::RecordBlock block{std::as_bytes(std::span(words_.data(), used_)), first_record, first_byte,
                           count_, 0};
    if (alike_) {
      block.common_bytes = first_.size_bytes();
      block.common_rtype = first_.rtype;
    }
    return block;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  void put(const void* record, std::size_t bytes, const dbn::RecordHeader& header) {
    const std::size_t words = bytes / sizeof(std::uint64_t);
    if (words_.size() < used_ + words) words_.resize(2 * (used_ + words));
    std::memcpy(words_.data() + used_, record, bytes);
    if (count_ == 0) first_ = header;
    alike_ = alike_ && header.rtype == first_.rtype && header.length == first_.length;
    used_ += words;
    ++count_;
  }

  std::vector<std::uint64_t> words_;
  std::size_t used_ = 0;
  std::uint64_t count_ = 0;
  bool alike_ = true;
  dbn::RecordHeader first_{};
};

std::uint8_t byte_of(const simdjson::dom::object& object, std::string_view key,
                     std::uint8_t otherwise) {
  std::uint64_t value = 0;
  if (object[key].get_uint64().get(value) || value > 255) return otherwise;
  return static_cast<std::uint8_t>(value);
}

// What the gateway itself says. Sessions of earlier protocols leave the code out: then it is read
// off the text.
ErrorMsg error_of(const dbn::RecordHeader& header, const simdjson::dom::object& object,
                  std::string_view text) {
  dbn::ErrorMsgV1 old{};
  static_cast<void>(dbn::set_text(old.err, text));
  ErrorMsg record = dbn::upgraded(old);
  record.header = header;
  static_cast<void>(dbn::set_text(record.err, text));
  record.code = byte_of(object, "code", record.code);
  record.is_last = byte_of(object, "is_last", record.is_last);
  return record;
}

SystemMsg system_of(const dbn::RecordHeader& header, const simdjson::dom::object& object,
                    std::string_view text) {
  dbn::SystemMsgV1 old{};
  static_cast<void>(dbn::set_text(old.msg, text));
  SystemMsg record = dbn::upgraded(old);
  record.header = header;
  static_cast<void>(dbn::set_text(record.msg, text));
  record.code = byte_of(object, "code", record.code);
  return record;
}

}  // namespace

struct LiveJsonReader::State {
  State(std::unique_ptr<dbn::ByteSource> from, std::string source_name)
      : source(std::move(from)),
        name(std::move(source_name)),
        text(kTextBytes + dbn::kTextPaddingBytes) {
    mappings.reserve(1);
  }

  Result<dbn::RecordBlock> next();
  Status fill();
  Status take_lines();
  void take_line(std::string_view line);
  bool take_message(const TbboLine& line, std::string_view line_text);
  void take_other(std::string_view line_text);
  void leave_out(std::string_view line, std::string_view reason);

  std::unique_ptr<dbn::ByteSource> source;
  std::string name;
  std::vector<char> text;  // bytes [begin, end) wait to be read; padding behind them
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint64_t base = 0;  // place of text[0] in the stream
  bool source_ended = false;
  RecordBuffer records;
  std::uint64_t records_given = 0;
  std::uint64_t malformed = 0;
  std::vector<dbn::SymbolMappingMsg> mappings;
  dbn::TbboJsonMatcher matcher;
  dbn::TbboJsonParser parser;
  dbn::RecordJsonParser others;
  std::array<std::uint64_t, dbn::kTextRecordBytes / 8> other{};
  simdjson::dom::parser messages;
  std::optional<Error> failure;
};

// Asks the source once, so that lines are given out as they come.
Status LiveJsonReader::State::fill() {
  std::memmove(text.data(), text.data() + begin, end - begin);
  base += begin;
  end -= begin;
  begin = 0;
  if (end > dbn::kTextLineBytesMax)
    return fail(Code::kCorrupt, "{}: a line that is longer than {} bytes begins at byte {}", name,
                dbn::kTextLineBytesMax, base);
  FM_ASSIGN(const std::size_t got,
            source->read(std::as_writable_bytes(std::span(text.data() + end, kTextBytes - end))));
  source_ended = got == 0;
  end += got;
  std::memset(text.data() + end, 0, dbn::kTextPaddingBytes);
  return {};
}

void LiveJsonReader::State::leave_out(std::string_view line, std::string_view reason) {
  // One is enough to know; the count tells the rest.
  if (++malformed == 1)
    log_warning("{}: a line of the stream is left out ({}): {}", name, reason,
                line.substr(0, kShownBytes));
}

bool LiveJsonReader::State::take_message(const TbboLine& line, std::string_view line_text) {
  simdjson::dom::object object;
  if (messages.parse(line_text.data(), line_text.size(), false).get_object().get(object))
    return false;
  std::string_view words;
  dbn::RecordHeader header = line.record.header;
  if (header.rtype == RType::kError && !object["err"].get_string().get(words)) {
    records.add(error_of(header, object, words));
    return true;
  }
  if (header.rtype == RType::kSystem && !object["msg"].get_string().get(words)) {
    records.add(system_of(header, object, words));
    return true;
  }
  return false;
}

// A bar, status, statistic or definition.
void LiveJsonReader::State::take_other(std::string_view line_text) {
  dbn::RecordLine line;
  others.parse(line_text, std::nullopt, reinterpret_cast<std::byte*>(other.data()), line);
  switch (line.kind) {
    case dbn::RecordLine::Kind::kRecord:
      return records.add(line.record());
    case dbn::RecordLine::Kind::kOther:
      return leave_out(line_text, "a record of another schema");
    case dbn::RecordLine::Kind::kMalformed:
      return leave_out(line_text, line.reason);
  }
}

void LiveJsonReader::State::take_line(std::string_view line_text) {
  if (line_text.find_first_not_of(" \t\r") == std::string_view::npos) return;
  TbboLine line;
  mappings.clear();
  parser.parse(line_text, mappings, line);
  switch (line.kind) {
    case dbn::LineKind::kTbbo:
      return records.add(line.record);
    case dbn::LineKind::kMapping:
      FM_ASSERT(line.mapping != nullptr);
      return records.add(*line.mapping);
    case dbn::LineKind::kMessage:
      if (!take_message(line, line_text)) leave_out(line_text, "a message without its text");
      return;
    case dbn::LineKind::kOther:
      return take_other(line_text);
    case dbn::LineKind::kMalformed:
      return leave_out(line_text, line.reason);
  }
}

Status LiveJsonReader::State::take_lines() {
  TbboLine line;
  while (begin < end) {
    if (const char* const after = matcher.match(text.data() + begin, line)) {
      records.add(line.record);
      begin = static_cast<std::size_t>(after - text.data());
      continue;
    }
    const auto* const feed =
        static_cast<const char*>(std::memchr(text.data() + begin, '\n', end - begin));
    if (feed == nullptr) return {};
    const std::string_view whole(text.data() + begin, feed);
    if (whole.size() > dbn::kTextLineBytesMax)
      return fail(Code::kCorrupt, "{}: a line of {} bytes at byte {}, expected at most {}", name,
                  whole.size(), base + begin, dbn::kTextLineBytesMax);
    begin += whole.size() + 1;
    take_line(whole);
  }
  return {};
}

Result<dbn::RecordBlock> LiveJsonReader::State::next() {
  for (;;) {
    records.clear();
    const std::uint64_t first_byte = base + begin;
    const Status taken = take_lines();
    if (!records.empty()) {
      const dbn::RecordBlock block = records.block(records_given, first_byte);
      records_given += records.count();
      return block;
    }
    if (!taken) return std::unexpected(taken.error());
    if (source_ended && begin != end)
      return fail(Code::kTruncated, "{}: the stream ends within a line, at byte {}", name,
                  base + end);
    if (source_ended) return dbn::RecordBlock{};
    FM_TRY(fill());
  }
}

LiveJsonReader::LiveJsonReader(std::unique_ptr<dbn::ByteSource> source, std::string name)
    : state_(std::make_unique<State>(std::move(source), std::move(name))) {}
LiveJsonReader::LiveJsonReader(LiveJsonReader&&) noexcept = default;
LiveJsonReader& LiveJsonReader::operator=(LiveJsonReader&&) noexcept = default;
LiveJsonReader::~LiveJsonReader() = default;

Result<dbn::RecordBlock> LiveJsonReader::next() {
  if (state_->failure) return std::unexpected(*state_->failure);
  auto block = state_->next();
  if (!block) state_->failure = block.error();
  return block;
}
std::uint64_t LiveJsonReader::malformed_lines() const { return state_->malformed; }

}  // namespace fm::databento
