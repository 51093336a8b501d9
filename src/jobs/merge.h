// Several inputs as one stream: by arrival, at equal arrivals in the order of their names.
//
// An input is opened when its first record is due and closed behind its last, so that thousands of
// files one after the other need one descriptor; while only one is open its blocks go to the engine
// whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "candles/engine.h"
#include "jobs/collector.h"
#include "jobs/feed.h"
#include "jobs/inputs.h"

namespace fm::jobs {

struct PlannedInput {
  InputFile file;
  FeedHead head;
  std::unique_ptr<Feed> opened;  // only of an input that cannot be opened twice (standard input)
};

struct InputPlan {
  std::vector<PlannedInput> inputs;  // in the order of their names
  std::vector<SkippedFile> skipped;
  std::uint64_t bytes = 0;  // as they lie on disk
};

// Looks at the beginning of every input. Errors: those of Feed::open, but a file that was found in
// a directory and holds another schema is skipped; kUnsupported when TBBO and mbp-1 come together.
[[nodiscard]] Result<InputPlan> plan_inputs(Env& env, InputList list, bool salvage);

struct MergeOptions {
  bool salvage = false;
  ArrivalWindow window;
};

class MergedInputs final : public SourceNames {
 public:
  struct Damage {
    std::string file;
    std::string what;
  };

  MergedInputs(Env& env, InputPlan& plan, const MergeOptions& options);
  ~MergedInputs() override;

  // Gives everything to the engine, but for engine.finish(). `after_stretch` is called between
  // stretches of records, some thousand times a second; its error stops the run.
  [[nodiscard]] Status run(candles::Engine& engine, const std::function<Status()>& after_stretch);

  // The input that the engine knows by this number.
  [[nodiscard]] std::string_view path_of(candles::SourceId source) const override {
    return plan_.inputs[source_inputs_[source]].file.path;
  }
  [[nodiscard]] bool is_text(candles::SourceId source) const override;
  // What an input of the plan covers as far as it was read; an input that is not finished has no
  // end yet. Nothing when it holds no records.
  struct Covered {
    Second from = 0;
    Second until = 0;
  };
  [[nodiscard]] std::optional<Covered> covered_by(std::size_t input) const;
  // Arrival of the newest record of an input that lay behind the window.
  [[nodiscard]] std::optional<Nanos> newest_beyond(std::size_t input) const {
    return finished_[input].newest_beyond;
  }
  [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }
  [[nodiscard]] std::uint64_t records_given() const { return records_given_; }
  [[nodiscard]] std::uint64_t bytes_finished() const { return bytes_finished_; }

 private:
  struct Open {
    Nanos head;
    std::size_t index;
    std::unique_ptr<Feed> feed;
  };
  struct Due {
    Nanos head;
    std::size_t index;
  };

  struct Finished {
    bool done = false;
    Nanos last_arrival = 0;
    std::optional<Nanos> newest_beyond = {};
  };

  [[nodiscard]] static bool later(const Open& a, const Open& b);
  [[nodiscard]] Status open_due(candles::Engine& engine);
  [[nodiscard]] Nanos limit_for(const Open& first) const;
  void finish(Open& input);

  Env& env_;
  InputPlan& plan_;
  MergeOptions options_;
  std::vector<Due> due_;    // not opened yet; the next one last
  std::vector<Open> open_;  // a heap, the next one first
  std::vector<std::size_t> source_inputs_;
  std::vector<Finished> finished_;  // by input
  std::vector<Damage> damages_;
  std::uint64_t records_given_ = 0;
  std::uint64_t bytes_finished_ = 0;
};

}  // namespace fm::jobs
