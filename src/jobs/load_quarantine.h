// Records that a load left out, as JSON lines in STATE/quarantine/load/RUN.jsonl:
//
//   {"file":"/data/a.json","position":"line 12","reason":"bad_range","symbol":"ESM5","record":{…}}
//
// `record` is Databento's JSON of the record; of a line that cannot be read, its text. The file
// exists only when something was left out, and lists at most kLoadQuarantineLinesMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "dbn/record_view.h"
#include "jobs/draft.h"
#include "jobs/load_kinds.h"

namespace fm::jobs {

inline constexpr std::uint64_t kLoadQuarantineLinesMax = 1'000'000;
inline constexpr std::size_t kLoadLineShownBytes = 2'000;  // of a line that cannot be read

class LoadQuarantine {
 public:
  LoadQuarantine(Env& env, std::string path);

  struct Item {
    std::string_view file;
    std::string_view unit = "record";  // or "line"
    std::uint64_t number = 0;          // from 1
    LoadFault fault{};
    std::string_view symbol;  // empty where it is not known
    // One of both; `text` also says more about a fault, where `record` is given.
    const dbn::RecordView* record = nullptr;
    std::string_view text;
    std::string_view why;  // more words, or empty
  };
  // After an error nothing more is written; publish() gives it.
  void add(const Item& item);
  [[nodiscard]] std::uint64_t count() const { return count_; }

  // Gives the file its name, when there is anything in it.
  [[nodiscard]] Status publish();
  // Empty when there is no file.
  [[nodiscard]] std::string file() const { return count_ > 0 ? path_ : ""; }

 private:
  [[nodiscard]] Status write_out();

  Env& env_;
  std::string path_;
  Draft draft_;
  std::unique_ptr<dbn::ByteSink> sink_;
  std::string buffer_;
  Status status_;
  std::uint64_t count_ = 0;
};

}  // namespace fm::jobs
