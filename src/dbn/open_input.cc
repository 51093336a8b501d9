#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "dbn/byte_source.h"

namespace fm::dbn {
namespace {

constexpr std::size_t kSniffBytes = 16;

// The bytes that were read to recognise an input, then the rest of it.
class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::vector<std::byte> prefix, std::unique_ptr<ByteSource> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    if (at_ == prefix_.size()) return rest_->read(out);
    const std::size_t count = std::min(out.size(), prefix_.size() - at_);
    std::memcpy(out.data(), prefix_.data() + at_, count);
    at_ += count;
    return count;
  }

  Result<std::uint64_t> count_undecoded() override { return rest_->count_undecoded(); }

 private:
  std::vector<std::byte> prefix_;
  std::unique_ptr<ByteSource> rest_;
  std::size_t at_ = 0;
};

struct Sniffed {
  std::string first_bytes;  // kSniffBytes, fewer only when the input has no more
  std::unique_ptr<ByteSource> source;
};

Result<Sniffed> sniff(std::unique_ptr<ByteSource> source) {
  std::vector<std::byte> prefix(kSniffBytes);
  std::size_t filled = 0;
  while (filled < prefix.size()) {
    FM_ASSIGN(const std::size_t count, source->read(std::span(prefix).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  prefix.resize(filled);
  std::string first_bytes(reinterpret_cast<const char*>(prefix.data()), filled);
  return Sniffed{std::move(first_bytes),
                 std::make_unique<PrefixedSource>(std::move(prefix), std::move(source))};
}

bool is_zstd(std::string_view bytes) { return bytes.starts_with("\x28\xB5\x2F\xFD"); }

bool is_skippable_frame(std::string_view bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18";
}

// DBZ put its metadata into a skippable zstd frame that begins with these letters.
bool is_dbz(std::string_view bytes) {
  return is_skippable_frame(bytes) && bytes.size() >= 11 && bytes.substr(8, 3) == "DBZ";
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) {
    return (c >= ' ' && c != '\x7F') || c == '\t' || c == '\r' || c == '\n';
  });
}

std::optional<Format> format_of_text(std::string_view bytes) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  if (bytes[first] == '{') return Format::kJson;
  const char c = bytes[first];
  const bool begins_a_header = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '"';
  if (begins_a_header && is_text(bytes)) return Format::kCsv;
  return std::nullopt;
}

std::optional<Format> format_of_name(std::string_view path) {
  std::string_view name = base_name(path);
  if (name.ends_with(".zst")) name.remove_suffix(4);
  if (name.ends_with(".frag")) return Format::kDbnFragment;
  if (name.ends_with(".json") || name.ends_with(".jsonl")) return Format::kJson;
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return Format::kCsv;
  return std::nullopt;
}

std::string_view other_kind(std::string_view bytes) {
  struct Magic {
    std::string_view bytes;
    std::string_view name;
  };
  constexpr std::array<Magic, 5> kMagics = {{{"\x1F\x8B", " (gzip)"},
                                             {"PK\x03\x04", " (a zip archive)"},
                                             {"PAR1", " (Parquet)"},
                                             {"BZh", " (bzip2)"},
                                             {"\xFD"
                                              "7zXZ",
                                              " (xz)"}}};
  for (const Magic& magic : kMagics)
    if (bytes.starts_with(magic.bytes)) return magic.name;
  return "";
}

std::unexpected<Error> unrecognised(std::string_view bytes) {
  std::string found;
  for (const char c : bytes.substr(0, 4))
    found += fmt::format("{:02x} ", static_cast<unsigned char>(c));
  Error error(Code::kUnsupported,
              fmt::format("begins with {}{}, expected DBN, zstd, JSON lines or CSV",
                          found.substr(0, found.size() - 1), other_kind(bytes)));
  return std::unexpected(
      std::move(error).hint("If these are DBN records without metadata, name the file *.frag and "
                            "say which version wrote them."));
}

Result<Format> recognise(std::string_view bytes, const std::string& path, InputOptions options) {
  if (bytes.starts_with("DBN")) return Format::kDbn;
  const std::optional<Format> by_name = format_of_name(path);
  if (options.fragment || by_name == Format::kDbnFragment) return Format::kDbnFragment;
  if (bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    if (by_name) return *by_name;
    if (bytes.empty()) return fail(Code::kTruncated, "is empty, expected DBN, JSON lines or CSV");
  }
  if (other_kind(bytes).empty())
    if (const auto format = format_of_text(bytes)) return *format;
  return unrecognised(bytes);
}

}  // namespace

Result<OpenedInput> open_input(Env& env, const std::string& path, InputOptions options) {
  FM_ASSIGN(auto file, env.open(path));
  return open_input(std::move(file), path, options);
}

Result<OpenedInput> open_input(std::unique_ptr<ReadableFile> file, const std::string& path,
                               InputOptions options) {
  OpenedInput input;
  input.name = path == "-" ? "standard input" : path;
  FM_ASSIGN(Sniffed sniffed, sniff(std::make_unique<FileSource>(std::move(file))));
  if (is_dbz(sniffed.first_bytes)) {
    Error error(Code::kUnsupported,
                "is DBZ, the format before DBN (until 2023), which is not read here");
    return std::unexpected(std::move(error)
                               .in(input.name)
                               .hint("Download the data again, or convert the file with a release "
                                     "of Databento's dbn tool that still reads DBZ."));
  }
  if (is_zstd(sniffed.first_bytes) || is_skippable_frame(sniffed.first_bytes)) {
    input.compressed = true;
    auto decompressed = sniff(std::make_unique<ZstdSource>(std::move(sniffed.source)));
    if (!decompressed) return std::unexpected(std::move(decompressed).error().in(input.name));
    sniffed = *std::move(decompressed);
  }
  auto format = recognise(sniffed.first_bytes, path, options);
  if (!format) return std::unexpected(std::move(format).error().in(input.name));
  input.format = *format;
  input.source = std::move(sniffed.source);
  if (input.compressed && options.read_ahead)
    input.source = std::make_unique<ReadAheadSource>(std::move(input.source));
  return input;
}

}  // namespace fm::dbn
