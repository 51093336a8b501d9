// Text as it is read: a buffer of whole lines. Private to the readers of text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "dbn/byte_source.h"
#include "dbn/tbbo_text.h"
#include "dbn/tbbo_text_json.h"

namespace fm::dbn {

inline constexpr std::size_t kTextBufferBytes = std::size_t{256} << 10;
static_assert(kTextBufferBytes > kTextLineBytesMax);

inline constexpr std::string_view kLineTooLong = "longer than 65,536 bytes";
static_assert(kTextLineBytesMax == 65'536);
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

[[nodiscard]] inline bool is_blank_line(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// The text that was read and not yet handed out. Behind it lie zeros, which no line holds, so that
// a matcher stops there.
class TextWindow {
 public:
  TextWindow(std::unique_ptr<ByteSource> source, std::string name)
      : source_(std::move(source)),
        name_(std::move(name)),
        buffer_(kTextBufferBytes + 1 + kTextPaddingBytes) {}

  // Reads more behind what is there. False at the end of the source; the text then ends with a line
  // feed, be it one that the source did not have.
  Result<bool> refill() {
    if (ended_) return false;
    std::memmove(buffer_.data(), buffer_.data() + begin_, size());
    base_ += begin_;
    end_ -= begin_;
    begin_ = 0;
    FM_ASSERT(end_ < kTextBufferBytes);
    const std::span room(buffer_.data() + end_, kTextBufferBytes - end_);
    Result<std::size_t> count = source_->read(std::as_writable_bytes(room));
    if (!count) return std::unexpected(std::move(count).error().in(name_));
    end_ += *count;
    ended_ = *count == 0;
    if (ended_ && size() > 0 && buffer_[end_ - 1] != '\n') buffer_[end_++] = '\n';
    std::memset(buffer_.data() + end_, 0, kTextPaddingBytes);
    return *count > 0 || size() > 0;
  }

  [[nodiscard]] const char* begin() const { return buffer_.data() + begin_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] std::uint64_t first_byte() const { return base_ + begin_; }
  [[nodiscard]] const char* find_line_feed() const {
    return static_cast<const char*>(std::memchr(begin(), '\n', size()));
  }
  void skip_to(const char* at) { begin_ = static_cast<std::size_t>(at - buffer_.data()); }
  [[nodiscard]] bool holds(const char* at) const {
    return !std::less<>()(at, buffer_.data()) && std::less<>()(at, buffer_.data() + buffer_.size());
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t base_ = 0;  // position in the source of the buffer's first byte
  bool ended_ = false;
};

}  // namespace fm::dbn
