#include "gateway/line_reader.h"

#include <array>

namespace fm::gateway {

std::optional<std::string> LineReader::take_line() {
  const std::size_t end = buffer_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = buffer_.size();
    return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  searched_ = 0;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::optional<std::string>> LineReader::next(Nanos patience) {
  for (;;) {
    if (auto line = take_line()) return line;
    if (buffer_.size() > kControlLineBytesMax)
      return fail(Code::kInvalidArgument, "a line has more than {} bytes", kControlLineBytesMax);
    std::array<std::byte, 16 << 10> chunk;
    const auto got = socket_.read(chunk, patience);
    if (!got && got.error().code() == Code::kTimedOut) return std::optional<std::string>();
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return fail(Code::kDisconnected, "{} has closed", socket_.peer());
    buffer_.append(reinterpret_cast<const char*>(chunk.data()), *got);
  }
}

}  // namespace fm::gateway
