#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace fm::net {
namespace {

constexpr int kWindowOfGzip = 15 + 16;  // zlib's sign for gzip's head and tail
constexpr int kMemoryLevel = 8;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// "q=0", "q=0.0" …
bool is_refusal(std::string_view weight) {
  weight = trimmed(weight);
  if (weight.size() < 3 || (weight[0] | 0x20) != 'q' || weight[1] != '=') return false;
  return weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string gzip(std::string_view text, int level) {
  FM_ASSERT(level >= 1 && level <= 9);
  FM_ASSERT(text.size() <= std::numeric_limits<uInt>::max());
  z_stream stream{};
  const int begun =
      deflateInit2(&stream, level, Z_DEFLATED, kWindowOfGzip, kMemoryLevel, Z_DEFAULT_STRATEGY);
  FM_ASSERT(begun == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  // zlib does not write to its input; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  FM_ASSERT(ended == Z_STREAM_END);  // deflateBound() leaves room for everything
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool accepts = false;
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view name = trimmed(item.substr(0, semicolon));
    const bool refuses = semicolon < item.size() && is_refusal(item.substr(semicolon + 1));
    if (is_word(name, "gzip")) return !refuses;
    if (name == "*") accepts = !refuses;
  }
  return accepts;
}

}  // namespace fm::net
