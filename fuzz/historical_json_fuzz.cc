// The historical service's answers: any bytes are read or refused, never worse; what names a file
// stays in its folder; and a zstd stream's structure is judged the same in whatever pieces it
// comes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "databento/historical_json.h"
#include "databento/zstd_walk.h"

namespace {

using namespace fm;
namespace json = fm::databento::json;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void read(Result<T> (*reader)(std::string_view), std::string_view body) {
  const auto value = reader(body);
  if (!value) require(value.error().code() == Code::kCorrupt);
}

void walk(std::string_view text, std::size_t step) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  databento::ZstdWalk whole;
  const bool is_sound = whole.add(bytes).has_value();
  databento::ZstdWalk pieces;
  bool pieces_are_sound = true;
  for (std::size_t at = 0; at < bytes.size() && pieces_are_sound; at += step)
    pieces_are_sound = pieces.add(bytes.subspan(at, std::min(step, bytes.size() - at))).has_value();
  require(is_sound == pieces_are_sound);
  if (is_sound) require(whole.finish().has_value() == pieces.finish().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  read(json::read_count, body);
  read(json::read_number, body);
  read(json::read_names, body);
  read(json::read_fields, body);
  read(json::read_publishers, body);
  read(json::read_unit_prices, body);
  read(json::read_dataset_range, body);
  read(json::read_conditions, body);
  read(json::read_resolution, body);
  read(json::read_job, body);
  read(json::read_jobs, body);
  if (const auto files = json::read_files(body))
    for (const auto& file : *files) {
      require(file.name.find('/') == std::string::npos && !file.name.starts_with("."));
      require(file.path.starts_with('/'));
    }
  read(json::read_job_metadata, body);
  read(json::read_manifest, body);
  if (const auto manifest = json::read_manifest(body))
    for (const auto& file : manifest->files)
      require(file.name.find('/') == std::string::npos && !file.name.starts_with("."));
  static_cast<void>(json::read_warnings(body));
  static_cast<void>(json::read_error(body));
  walk(body, size == 0 ? 1 : std::size_t{1} + data[size - 1] % 7);
  return 0;
}
