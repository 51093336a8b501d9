// One file of a load: what is found out about it before its rows are read, and what becomes of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/env.h"
#include "base/error.h"
#include "dbn/byte_source.h"
#include "jobs/load_files.h"
#include "jobs/load_kinds.h"
#include "ops/load_state.h"

namespace fm::jobs {

enum class LoadAction : std::uint8_t {
  kLoad,
  kUnchanged,  // loaded earlier, and not touched since
  kCopy,       // of a file that was loaded, or comes earlier in this run
  kRefused,
  kFailed,
  kLeft,  // for another run: --test-one
};
[[nodiscard]] std::string_view name(LoadAction action);

struct LoadSource {
  explicit LoadSource(const LoadCandidate& candidate)
      : file(&candidate), published(*candidate.folder, candidate.info) {}

  void refuse(std::string why);
  void fail(const Error& error);

  const LoadCandidate* file;
  Published published;
  LoadAction action = LoadAction::kLoad;
  std::string why;         // it is refused, a copy, or failed
  std::string advice;      // what to do about it
  bool can_retry = false;  // the failure may pass
  const LoadKind* kind = nullptr;
  dbn::Format format{};
  std::optional<dbn::RType> unnamed;  // text: see RecordTextReader
  bool is_news = true;                // its account is not what the load state has
  std::string glimpsed_roots;         // of the request, or the first row: "ES,NQ"; may be empty
  ops::LoadedFile account;            // counts, range and hash, as far as they are known

  // While it is loaded.
  std::array<std::uint64_t, kLoadFaults> faults{};
  std::set<std::string, std::less<>> roots;
  std::set<std::pair<std::string, int>> partitions;  // root and year; those still to be merged
  std::int64_t published_max_us = 0;
};

// What the file is, by its first bytes and records: fills kind, format and the account's dataset
// and schema, or refuses it, or notes that it cannot be read.
void look_at(Env& env, std::string_view dataset, LoadSource& source);

// Reads it through: the account's content hash, held against the manifest. Notes a failure.
void check_content(Env& env, LoadSource& source);

// Whether the file has changed on disk since it was found.
[[nodiscard]] Status check_unchanged(Env& env, const LoadSource& source);

}  // namespace fm::jobs
