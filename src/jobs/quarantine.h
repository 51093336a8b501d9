// Records that were left out, as JSON lines, so that somebody can look at them:
//
//   {"file":"/data/a.json","position":"line 12","reason":"late","symbol":"ESM5","record":{…}}
//
// `record` is Databento's JSON of the record; for one that cannot be read, its line as a string, or
// in hexadecimal where it is binary. The file exists only when something was left out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "candles/types.h"
#include "jobs/draft.h"

namespace fm::jobs {

class Quarantine {
 public:
  // `path` empty: counts only.
  Quarantine(Env& env, std::string path);

  // After an error nothing more is written; publish() gives it.
  void add(const candles::Rejection& rejection, std::string_view file, bool is_text,
           std::string_view symbol);
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  // Gives the file its name. When nothing was left out, an older file of that name is removed: it
  // told of another run.
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
