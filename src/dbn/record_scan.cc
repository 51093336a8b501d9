#include "dbn/record_scan.h"

#include <cstring>

#include "dbn/metadata.h"
#include "dbn/upgrade.h"

namespace fm::dbn {
namespace {

// The first two bytes of a record, its length and its type, in one number.
std::uint16_t kind_at(const std::byte* record) {
  std::uint16_t kind = 0;
  std::memcpy(&kind, record, sizeof kind);
  return kind;
}

// As a record this would be one of 272 bytes with a type that no schema has.
bool is_metadata(const std::byte* bytes) {
  const auto version = std::to_integer<int>(bytes[3]);
  return std::memcmp(bytes, "DBN", 3) == 0 && version >= 1 && version <= kNewestVersion;
}

// How many records of the kind that lies at `first` follow each other there.
std::size_t count_alike(const std::byte* first, const std::byte* end, std::size_t record_bytes) {
  const std::uint16_t kind = kind_at(first);
  const std::size_t room = static_cast<std::size_t>(end - first) / record_bytes;
  std::size_t count = 1;
  // One branch for eight records: a block of one kind is the rule.
  for (; count + 8 <= room; count += 8) {
    const std::byte* at = first + count * record_bytes;
    std::uint32_t differences = 0;
    for (int i = 0; i < 8; ++i, at += record_bytes) differences |= kind_at(at) ^ kind;
    if (differences != 0) break;
  }
  while (count < room && kind_at(first + count * record_bytes) == kind) ++count;
  return count;
}

}  // namespace

Scan scan_records(std::span<const std::byte> bytes, std::size_t tail_bytes,
                  bool stop_at_old_forms) {
  Scan scan;
  std::uint16_t first_kind = 0;
  bool alike = true;
  while (bytes.size() - scan.bytes >= kHeaderBytes) {
    const std::byte* record = bytes.data() + scan.bytes;
    const std::size_t record_bytes = std::size_t{std::to_integer<std::uint8_t>(record[0])} * 4;
    const auto rtype = static_cast<RType>(record[1]);
    if (record_bytes < kHeaderBytes) {
      scan.end = ScanEnd::kBadLength;
      break;
    }
    if (is_metadata(record)) {
      scan.end = ScanEnd::kSecondFile;
      break;
    }
    if (stop_at_old_forms && upgraded_bytes(rtype, record_bytes, tail_bytes) != 0) {
      scan.end = ScanEnd::kUpgrade;
      break;
    }
    if (record_bytes > bytes.size() - scan.bytes) break;
    if (scan.record_count == 0)
      first_kind = kind_at(record);
    else if (kind_at(record) != first_kind)
      alike = false;
    if (record_bytes % 8 != 0) {
      scan.bytes += record_bytes;
      ++scan.record_count;
      scan.end = ScanEnd::kMisaligned;
      break;
    }
    const std::size_t count = count_alike(record, bytes.data() + bytes.size(), record_bytes);
    scan.bytes += count * record_bytes;
    scan.record_count += count;
  }
  if (alike && scan.record_count != 0) {
    scan.common_rtype = static_cast<RType>(first_kind >> 8);
    scan.common_bytes = std::size_t{first_kind & 0xFFu} * 4;
  }
  return scan;
}

}  // namespace fm::dbn
