// The records of a file, each judged, and those that pass into the sorter.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/record_text.h"
#include "dbn/symbol_map.h"
#include "jobs/load_lines.h"
#include "jobs/load_quarantine.h"
#include "jobs/load_sort.h"
#include "jobs/load_source.h"
#include "jobs/load_symbols.h"

namespace fm::jobs {

class LoadDecoder {
 public:
  // Files have their numbers in `sources`.
  LoadDecoder(Env& env, std::vector<LoadSource*> sources, LoadSymbols& symbols,
              LoadQuarantine& quarantine)
      : env_(env),
        sources_(std::move(sources)),
        symbols_(symbols),
        quarantine_(quarantine),
        lines_(env, sources_) {}

  // Called now and then with the records of the file so far.
  std::function<void(std::uint64_t records)> on_progress;

  // Reads the file whole; numbers ascend. What is wrong with the file is noted in its LoadSource,
  // and its rows then do not count. Errors: those of the sorter, kUnsupported for too many symbols.
  [[nodiscard]] Status decode(std::uint32_t number, LoadSorter& sorter);

 private:
  // How a number was understood, and for how long that holds.
  struct Known {
    Nanos from = 0;
    Nanos to = 0;
    std::uint32_t symbol = 0;
    bool is_known = false;
  };
  struct Place {
    std::string_view unit;
    std::uint64_t number = 0;
    std::string_view text;
  };

  [[nodiscard]] Status decode_dbn(dbn::OpenedInput input);
  using NextLines = std::function<Result<std::span<const dbn::RecordLine>>()>;
  [[nodiscard]] Status decode_text(const NextLines& next);
  [[nodiscard]] Status decode_file();
  [[nodiscard]] Status take(dbn::RecordView record, std::string_view symbol, const Place& place);
  [[nodiscard]] Result<Known> known_symbol(std::uint32_t instrument, Nanos time);
  void reject(LoadFault fault, std::string_view symbol, const dbn::RecordView* record,
              const Place& place, std::string_view why = {});
  [[nodiscard]] Status add_symbology(const LoadFolder& folder);
  void note(std::uint32_t number, Nanos time);
  void note_symbol_day(const SymbolDay& symbol_day);
  void finish();

  Env& env_;
  std::vector<LoadSource*> sources_;
  LoadSymbols& symbols_;
  LoadQuarantine& quarantine_;
  LoadLines lines_;

  // Of the file in hand.
  LoadSource* source_ = nullptr;
  std::uint32_t number_ = 0;
  LoadSorter* sorter_ = nullptr;
  std::unique_ptr<dbn::SymbolMap> map_;
  std::unordered_map<std::uint32_t, Known> known_;
  std::uint64_t known_generation_ = 0;
  std::uint64_t accepted_ = 0;
  std::string_view last_root_;
  std::int32_t last_day_ = 0;
  SymbolDay last_symbol_day_;
  std::unordered_set<std::uint64_t> symbol_days_;

  // Of the folder that the last file lay in: a folder's files share it.
  const LoadFolder* symbology_of_ = nullptr;
  dbn::Metadata symbology_;
};

}  // namespace fm::jobs
