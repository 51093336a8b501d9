#include "dbn/reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <vector>

#include "base/assert.h"
#include "dbn/record_scan.h"
#include "dbn/upgrade.h"

namespace fm::dbn {
namespace {

constexpr std::size_t kAlignment = 64;
// Room in front of what is read next, for the part of a record that the last read ended with.
constexpr std::size_t kHeadroomBytes = 1024;
static_assert(kHeadroomBytes >= kMaxRecordBytes && kHeadroomBytes % kAlignment == 0);
// Metadata are read in such steps, so that a false length alone takes no memory.
constexpr std::size_t kMetadataStepBytes = std::size_t{1} << 20;

// Memory for records, not cleared: it is only ever read behind what was written.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : data_(static_cast<std::byte*>(::operator new(size, std::align_val_t{kAlignment}))) {}
  [[nodiscard]] std::byte* get() const { return data_.get(); }

 private:
  struct Delete {
    void operator()(std::byte* bytes) const {
      ::operator delete(bytes, std::align_val_t{kAlignment});
    }
  };
  std::unique_ptr<std::byte, Delete> data_;
};

// 48,211
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

// Bytes up to the end of the source, which may end in damage: then what it could not decode counts
// too.
Result<std::uint64_t> count_rest(ByteSource& source, std::span<std::byte> scratch) {
  std::uint64_t total = 0;
  for (;;) {
    const auto count = source.read(scratch);
    if (!count &&
        (count.error().code() == Code::kCorrupt || count.error().code() == Code::kTruncated)) {
      FM_ASSIGN(const std::uint64_t undecoded, source.count_undecoded());
      return total + undecoded;
    }
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return total;
    total += *count;
  }
}

// Fills `out` from its `filled` bytes on as far as the source goes; returns how much is filled
// then.
Result<std::size_t> read_fully(ByteSource& source, std::span<std::byte> out, std::size_t filled) {
  while (filled < out.size()) {
    FM_ASSIGN(const std::size_t count, source.read(out.subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

}  // namespace

struct Reader::State {
  State(std::unique_ptr<ByteSource> from, std::string input_name, ReaderOptions reader_options)
      : source(std::move(from)),
        name(std::move(input_name)),
        options(reader_options),
        buffer(kHeadroomBytes + kMaxRecordBytes + options.buffer_bytes) {
    FM_ASSERT(options.buffer_bytes > 0);
  }

  Status begin_input();
  Status begin_metadata(std::span<const std::byte, kPreludeBytes> prelude);
  Status begin_fragment(std::span<const std::byte> first_bytes);

  Result<RecordBlock> next();
  Result<RecordBlock> stop_at(Error damage);
  Status fill();
  Error damage_at(ScanEnd end) const;
  RecordBlock give_as_they_are(const Scan& scan);
  RecordBlock give_realigned(const Scan& scan);
  RecordBlock give_upgraded();
  RecordBlock block_of(std::span<const std::byte> bytes, const Scan& scan);
  std::byte* scratch_bytes();

  [[nodiscard]] std::span<const std::byte> unread() const {
    return {buffer.get() + begin, end - begin};
  }

  std::unique_ptr<ByteSource> source;
  std::string name;
  ReaderOptions options;
  Metadata metadata;
  int source_version = kNewestVersion;
  bool upgrading = false;
  std::size_t tail_bytes = 0;

  AlignedBytes buffer;
  std::size_t begin = kHeadroomBytes;  // bytes [begin, end) of the buffer have not been given out
  std::size_t end = kHeadroomBytes;
  std::uint64_t first_byte = 0;  // place of `begin` in the input
  std::uint64_t records = 0;     // given out
  bool source_ended = false;
  bool ended = false;
  std::optional<AlignedBytes> scratch;  // blocks that are not given out as they lie in the buffer
  std::optional<Error> failure;
  std::optional<Loss> loss;
};

Status Reader::State::begin_input() {
  std::array<std::byte, kPreludeBytes> first_bytes{};
  FM_ASSIGN(const std::size_t filled, read_fully(*source, first_bytes, 0));
  const std::span<const std::byte> found(first_bytes.data(), filled);
  const bool has_metadata = filled >= 3 && std::memcmp(found.data(), "DBN", 3) == 0;
  if (options.fragment_version && !has_metadata) return begin_fragment(found);
  if (filled == 0) return fail(Code::kTruncated, "is empty, expected DBN");
  if (filled < kPreludeBytes)
    return fail(Code::kTruncated, "ends after {} bytes, expected DBN metadata", filled);
  Status status = begin_metadata(first_bytes);
  if (!status && !has_metadata)
    return std::unexpected(std::move(status).error().hint(
        "If these are records without metadata, say which DBN version wrote them."));
  return status;
}

Status Reader::State::begin_metadata(std::span<const std::byte, kPreludeBytes> prelude_bytes) {
  FM_ASSIGN(const Prelude prelude, decode_prelude(prelude_bytes));
  std::vector<std::byte> bytes;
  while (bytes.size() < prelude.metadata_bytes) {
    const std::size_t filled = bytes.size();
    bytes.resize(std::min(prelude.metadata_bytes, filled + kMetadataStepBytes));
    FM_ASSIGN(const std::size_t now, read_fully(*source, bytes, filled));
    if (now != bytes.size())
      return fail(Code::kTruncated, "ends at byte {}, in the middle of its metadata ({} bytes)",
                  grouped(kPreludeBytes + now), grouped(prelude.metadata_bytes));
  }
  FM_ASSIGN(metadata, decode_metadata(prelude.version, bytes));
  first_byte = kPreludeBytes + prelude.metadata_bytes;
  source_version = prelude.version;
  return {};
}

Status Reader::State::begin_fragment(std::span<const std::byte> first_bytes) {
  if (*options.fragment_version < 1 || *options.fragment_version > kNewestVersion)
    return fail(Code::kInvalidArgument, "DBN version {}, expected 1 … {}",
                *options.fragment_version, kNewestVersion);
  metadata.version = source_version = *options.fragment_version;
  metadata.symbol_cstr_len = source_version == 1 ? kSymbolBytesV1 : kSymbolBytes;
  metadata.ts_out = options.fragment_ts_out;
  if (!first_bytes.empty()) std::memcpy(buffer.get() + end, first_bytes.data(), first_bytes.size());
  end += first_bytes.size();
  return {};
}

Result<Reader> Reader::open(std::unique_ptr<ByteSource> source, std::string name,
                            ReaderOptions options) {
  auto state = std::make_unique<State>(std::move(source), std::move(name), options);
  FM_TRY_IN(state->begin_input(), state->name);
  state->tail_bytes = state->metadata.ts_out ? kTsOutBytes : 0;
  state->upgrading = options.upgrade && state->source_version < kNewestVersion;
  if (state->upgrading) {
    state->metadata.version = kNewestVersion;
    state->metadata.symbol_cstr_len = kSymbolBytes;
  }
  return Reader(std::move(state));
}

// Asks the source once, so that a slow source's records are given out as they come.
Status Reader::State::fill() {
  const std::size_t rest = end - begin;
  FM_ASSERT(rest < kMaxRecordBytes);
  const std::size_t to = (kHeadroomBytes - rest) / 8 * 8;  // where records may lie
  std::memmove(buffer.get() + to, buffer.get() + begin, rest);
  begin = to;
  end = to + rest;
  FM_ASSIGN(const std::size_t count, source->read({buffer.get() + end, options.buffer_bytes}));
  source_ended = count == 0;
  end += count;
  return {};
}

std::byte* Reader::State::scratch_bytes() {
  if (!scratch) scratch.emplace(kMaxRecordBytes + options.buffer_bytes);
  return scratch->get();
}

RecordBlock Reader::State::block_of(std::span<const std::byte> bytes, const Scan& scan) {
  RecordBlock block{bytes,      records,           first_byte,       scan.record_count,
                    tail_bytes, scan.common_bytes, scan.common_rtype};
  records += scan.record_count;
  return block;
}

RecordBlock Reader::State::give_as_they_are(const Scan& scan) {
  const RecordBlock block = block_of(unread().first(scan.bytes), scan);
  begin += scan.bytes;
  first_byte += scan.bytes;
  return block;
}

RecordBlock Reader::State::give_realigned(const Scan& scan) {
  std::byte* const out = scratch_bytes();
  std::memcpy(out, buffer.get() + begin, scan.bytes);
  const RecordBlock block = block_of({out, scan.bytes}, scan);
  begin += scan.bytes;
  first_byte += scan.bytes;
  return block;
}

// As many records of old forms as follow each other and fit the scratch memory.
RecordBlock Reader::State::give_upgraded() {
  std::byte* const out = scratch_bytes();
  std::size_t written = 0;
  std::size_t consumed = 0;
  Scan scan;
  RecordHeader first{};
  bool alike = true;
  while (unread().size() - consumed >= kHeaderBytes) {
    const std::byte* record = unread().data() + consumed;
    RecordHeader header;
    std::memcpy(&header, record, sizeof header);
    const std::size_t size = upgraded_bytes(header.rtype, header.size_bytes(), tail_bytes);
    if (size == 0 || header.size_bytes() > unread().size() - consumed ||
        written + size > kMaxRecordBytes + options.buffer_bytes)
      break;
    upgrade(record, tail_bytes, out + written);
    if (consumed == 0) std::memcpy(&first, out, sizeof first);
    alike = alike && header.rtype == first.rtype && size == first.size_bytes();
    consumed += header.size_bytes();
    written += size;
    ++scan.record_count;
  }
  if (alike) {
    scan.common_bytes = first.size_bytes();
    scan.common_rtype = first.rtype;
  }
  const RecordBlock block = block_of({out, written}, scan);
  begin += consumed;
  first_byte += consumed;
  return block;
}

Error Reader::State::damage_at(ScanEnd scan_end) const {
  const std::span<const std::byte> rest = unread();
  if (scan_end == ScanEnd::kSecondFile)
    return {Code::kUnsupported,
            "the metadata of a second DBN file begin here; files that were joined must be split"};
  const std::size_t length = rest.empty() ? 0 : std::to_integer<std::size_t>(rest[0]) * 4;
  if (length < kHeaderBytes)
    return {Code::kCorrupt,
            fmt::format("length {} is shorter than a header ({})", length, kHeaderBytes)};
  return {Code::kTruncated,
          fmt::format("the input ends after {} of the record's {} bytes", rest.size(), length)};
}

// Makes damage the reader's last word: an error, or the end when salvaging.
Result<RecordBlock> Reader::State::stop_at(Error damage) {
  // Anything else, such as a disk that cannot be read, names its own place and is not the file's
  // fault.
  const bool salvageable = damage.code() == Code::kCorrupt || damage.code() == Code::kTruncated ||
                           damage.code() == Code::kUnsupported;
  if (salvageable) {
    const std::string place =
        fmt::format("{}: record {} at byte {}", name, grouped(records + 1), grouped(first_byte));
    damage = Error(std::move(damage).in(place));
    if (records != 0)
      damage = Error(std::move(damage).hint(fmt::format(
          "The file is damaged from here on; `--salvage` keeps the {} records before it.",
          grouped(records))));
  }
  if (!options.salvage || !salvageable) {
    failure = std::move(damage);
    return std::unexpected(*failure);
  }
  loss = Loss{records, first_byte, unread().size(), damage.message()};
  ended = true;
  auto rest = count_rest(*source, {buffer.get(), options.buffer_bytes});
  if (!rest) {
    failure = std::move(rest).error().in(name);
    return std::unexpected(*failure);
  }
  loss->bytes_lost += *rest;
  return RecordBlock{};
}

Result<RecordBlock> Reader::State::next() {
  if (failure) return std::unexpected(*failure);
  while (!ended) {
    const Scan scan = scan_records(unread(), tail_bytes, upgrading);
    if (scan.record_count != 0)
      return begin % 8 == 0 ? give_as_they_are(scan) : give_realigned(scan);
    if (scan.end == ScanEnd::kUpgrade) {
      const RecordBlock block = give_upgraded();
      if (!block.empty()) return block;
    }
    const bool broken = scan.end == ScanEnd::kBadLength || scan.end == ScanEnd::kSecondFile;
    if (broken || (source_ended && begin != end)) return stop_at(damage_at(scan.end));
    if (source_ended) break;
    if (Status filled = fill(); !filled) return stop_at(std::move(filled).error());
  }
  ended = true;
  return RecordBlock{};
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

const Metadata& Reader::metadata() const { return state_->metadata; }
int Reader::source_version() const { return state_->source_version; }
Result<RecordBlock> Reader::next() { return state_->next(); }
std::uint64_t Reader::records_read() const { return state_->records; }
const std::optional<Loss>& Reader::loss() const { return state_->loss; }

}  // namespace fm::dbn
