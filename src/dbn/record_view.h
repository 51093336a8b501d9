// Records where they lie: a view of one, and a block of many that a Reader hands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>

#include "base/assert.h"
#include "dbn/record.h"

namespace fm::dbn {

// One whole record of any kind. Its length has been checked against the bytes that are there, and
// it lies on a multiple of 8 bytes. `tail_bytes` is kTsOutBytes where records end in a ts_out, else
// 0.
class RecordView {
 public:
  RecordView(const std::byte* data, std::size_t tail_bytes)
      : data_(data), tail_bytes_(tail_bytes) {}
  // A record that the caller holds.
  template <class T>
  explicit RecordView(const T& record)
      : data_(reinterpret_cast<const std::byte*>(&record)), tail_bytes_(0) {
    FM_DCHECK(record.header.length == kLengthOf<T>);
  }

  [[nodiscard]] const RecordHeader& header() const {
    return *reinterpret_cast<const RecordHeader*>(data_);
  }
  [[nodiscard]] RType rtype() const { return header().rtype; }
  [[nodiscard]] std::size_t size_bytes() const { return header().size_bytes(); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes()}; }

  // The record as a T, or null when its type or length is another. The pointer lives as long as the
  // block.
  template <class T>
  [[nodiscard]] const T* get_if() const {
    if (!T::holds(rtype()) || size_bytes() != sizeof(T) + tail_bytes_) return nullptr;
    return reinterpret_cast<const T*>(data_);
  }
  // When the gateway sent the record; kUndefTime where records have none.
  [[nodiscard]] Nanos ts_out() const {
    if (tail_bytes_ == 0 || size_bytes() < kHeaderBytes + kTsOutBytes) return kUndefTime;
    Nanos time = 0;
    std::memcpy(&time, data_ + size_bytes() - kTsOutBytes, sizeof time);
    return time;
  }
  [[nodiscard]] std::size_t tail_bytes() const { return tail_bytes_; }

 private:
  const std::byte* data_;
  std::size_t tail_bytes_;
};

// Whole records, one behind the other. Every length was checked when the block was made.
//
//   for (const RecordView record : block)
//     if (const auto* trade = record.get_if<TradeMsg>()) …
//   if (const auto quotes = block.all<Mbp1Msg>(); !quotes.empty()) …   // a plain array, no checks
//   left
struct RecordBlock {
  std::span<const std::byte> bytes;
  std::uint64_t first_record = 0;  // its number in the input, from 0
  std::uint64_t first_byte = 0;    // its place in the uncompressed input
  std::uint64_t record_count = 0;
  std::size_t tail_bytes = 0;  // kTsOutBytes where records end in a ts_out, else 0
  // What all records of the block have in common; 0 bytes when they differ in type or length.
  std::size_t common_bytes = 0;
  RType common_rtype{};

  class Iterator {
   public:
    using value_type = RecordView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const std::byte* at, std::size_t tail_bytes) : at_(at), tail_bytes_(tail_bytes) {}
    RecordView operator*() const { return {at_, tail_bytes_}; }
    Iterator& operator++() {
      at_ += std::size_t{std::to_integer<std::uint8_t>(*at_)} * 4;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const std::byte* at_ = nullptr;
    std::size_t tail_bytes_ = 0;
  };
  [[nodiscard]] Iterator begin() const { return {bytes.data(), tail_bytes}; }
  [[nodiscard]] Iterator end() const { return {bytes.data() + bytes.size(), tail_bytes}; }
  [[nodiscard]] bool empty() const { return bytes.empty(); }

  // All records as an array of T when every one is a T without a ts_out; else nothing.
  template <class T>
  [[nodiscard]] std::span<const T> all() const {
    if (common_bytes != sizeof(T) || tail_bytes != 0 || !T::holds(common_rtype)) return {};
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};
static_assert(std::forward_iterator<RecordBlock::Iterator> ||
              std::input_iterator<RecordBlock::Iterator>);

}  // namespace fm::dbn
