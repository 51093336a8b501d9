// The lines of a load's text files, read ahead on a thread of its own ("fm-decode"), so that
// reading text and what becomes of its records go on at the same time.
//
//   LoadLines lines(env, sources);
//   lines.begin(number);  // in `sources`; numbers ascend
//   while (true) {
//     FM_ASSIGN(const std::span<const dbn::RecordLine> some, lines.next());
//     if (some.empty()) break;
//     …
//   }
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/record_text.h"
#include "jobs/load_source.h"

namespace fm::jobs {

class LoadLines {
 public:
  // `sources`, and what they say of their files, stay as they are while this lives.
  LoadLines(Env& env, std::vector<LoadSource*> sources);
  ~LoadLines();  // waits for the read in hand
  LoadLines(const LoadLines&) = delete;
  LoadLines& operator=(const LoadLines&) = delete;

  // Whether the file is read here: text out of a file. A pipe is read by who waits for it: its
  // writer may be slow, and nobody should have to wait for a read that is not needed any more.
  [[nodiscard]] static bool reads(const LoadSource& source);

  // Turns to a file that is read here; what is left of the one before is dropped.
  void begin(std::uint32_t number);
  // The next lines of the file, valid until the next call of either; empty at its end. A record's
  // line has no text, another as much as the quarantine shows. Errors: those of opening and
  // reading, after all whole lines before the damage.
  [[nodiscard]] Result<std::span<const dbn::RecordLine>> next();

 private:
  // Lines of one file, with all that their views look at: a slab for each block of the reader.
  struct Block {
    std::uint32_t number = 0;
    bool is_last = false;        // of its file
    std::optional<Error> error;  // behind its lines
    std::vector<dbn::RecordLine> lines;
    std::vector<std::vector<std::uint64_t>> slabs;

    void clear(std::uint32_t file);
    void append(std::span<const dbn::RecordLine> from);
    std::size_t slabs_used = 0;
  };
  // One in the consumer's hands, one being filled, the others between them.
  static constexpr std::size_t kBlocks = 6;

  void run();
  [[nodiscard]] bool read_file(std::uint32_t number);
  [[nodiscard]] Block* wait_for_room(std::uint32_t number);
  void publish();

  Env& env_;
  std::vector<LoadSource*> sources_;
  std::array<Block, kBlocks> blocks_;
  // The consumer's:
  std::uint32_t number_ = 0;  // the file it is at
  bool at_end_ = false;       // that file has no more blocks
  std::optional<Error> failure_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Blocks [taken_, filled_) are ready; block n lies in blocks_[n % kBlocks].
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
  std::size_t in_hand_ = 0;        // blocks before this one are free again
  std::uint32_t wanted_from_ = 0;  // files before this one are of no use any more
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace fm::jobs
