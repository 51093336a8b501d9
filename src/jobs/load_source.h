// One file of a load: what is found out about it before its rows are read, and what becomes of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/byte_source.h"
#include "dbn/tbbo_text.h"
#include "jobs/load_claims.h"
#include "jobs/load_files.h"
#include "jobs/load_kinds.h"
#include "jobs/load_stream.h"
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

// A symbol, by its number, on a day.
struct SymbolDay {
  std::uint32_t symbol = 0;
  std::int32_t day = 0;  // since 1970
  friend auto operator<=>(const SymbolDay&, const SymbolDay&) = default;
};

struct LoadSource {
  LoadSource(Env& env, const LoadCandidate& candidate)
      : file(&candidate), published(*candidate.folder, candidate.info) {
    if (candidate.is_pipe) pipe = std::make_shared<LoadStream>(env, candidate.path);
  }

  // From its first byte.
  [[nodiscard]] Result<dbn::OpenedInput> open(Env& env, dbn::InputOptions options = {});

  void refuse(std::string why);
  void fail(const Error& error);

  const LoadCandidate* file;
  Published published;
  std::shared_ptr<LoadStream> pipe;                                        // null for a file
  std::shared_ptr<ByteCount> bytes_read = std::make_shared<ByteCount>(0);  // since it was opened
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
  std::set<std::pair<std::string, int>> partitions;  // root and period; those still to be merged
  std::vector<SymbolDay> symbol_days;                // of multisets: what it has rows of; sorted
  std::int64_t published_max_us = 0;
};

// What the file is, by its first bytes and records: fills kind, format and the account's dataset
// and schema, or refuses it, or notes that it cannot be read.
void look_at(Env& env, std::string_view dataset, LoadSource& source);

// Reads it through: the account's content hash, held against the manifest. Notes a failure. Tells
// of the bytes read so far now and then.
void check_content(Env& env, LoadSource& source,
                   const std::function<void(std::uint64_t bytes)>& on_progress);

// The time of which the file, having been read, says all that there was in it, of the symbols that
// it has anything of: what its job asked for, where the job's manifest vouches for the file; else
// what lies between its first and its last row, without these, as files may be cut between rows of
// one moment.
[[nodiscard]] Claim claim_of(const LoadSource& source);

// Of what is no DBN.
[[nodiscard]] dbn::TextForm text_form(dbn::Format format);

// Whether the file has changed on disk since it was found.
[[nodiscard]] Status check_unchanged(Env& env, const LoadSource& source);

}  // namespace fm::jobs
