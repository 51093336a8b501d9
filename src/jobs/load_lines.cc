#include "jobs/load_lines.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/thread.h"
#include "jobs/load_quarantine.h"

namespace fm::jobs {
namespace {

using dbn::RecordLine;

// In a block, about: as many as a daily file has. Handing a block over may wake a thread, which
// costs as much as reading a hundred lines.
constexpr std::size_t kBlockLines = 2'048;

std::string_view shown(const RecordLine& line) {
  if (line.kind == RecordLine::Kind::kRecord) return {};
  return line.text.substr(0, kLoadLineShownBytes);
}

// Of its record, up to the next multiple of 8.
std::size_t record_bytes(const RecordLine& line) {
  if (line.kind != RecordLine::Kind::kRecord) return 0;
  return (line.record().size_bytes() + 7) / 8 * 8;
}

}  // namespace

void LoadLines::Block::clear(std::uint32_t file) {
  number = file;
  is_last = false;
  error.reset();
  lines.clear();
  slabs_used = 0;
}

void LoadLines::Block::append(std::span<const RecordLine> from) {
  std::size_t bytes = 0;
  for (const RecordLine& line : from)
    bytes += record_bytes(line) + line.symbol.size() + shown(line).size() + line.reason.size();
  if (slabs.size() == slabs_used) slabs.emplace_back();
  std::vector<std::uint64_t>& slab = slabs[slabs_used++];
  if (slab.size() * 8 < bytes) slab.resize((bytes + 7) / 8);

  // Records first: they lie on multiples of 8 bytes.
  auto* at = reinterpret_cast<std::byte*>(slab.data());
  const std::size_t first = lines.size();
  lines.insert(lines.end(), from.begin(), from.end());
  const auto added = std::span(lines).subspan(first);
  for (RecordLine& line : added) {
    const std::size_t size = record_bytes(line);
    if (size == 0) continue;
    std::memcpy(at, line.bytes, line.record().size_bytes());
    line.bytes = at;
    at += size;
  }
  auto* text_at = reinterpret_cast<char*>(at);
  const auto keep = [&](std::string_view text) {
    text_at = std::ranges::copy(text, text_at).out;
    return std::string_view(text_at - text.size(), text.size());
  };
  for (RecordLine& line : added) {
    line.text = keep(shown(line));
    line.symbol = keep(line.symbol);
    line.reason = keep(line.reason);
  }
}

LoadLines::LoadLines(Env& env, std::vector<LoadSource*> sources)
    : env_(env), sources_(std::move(sources)) {}

LoadLines::~LoadLines() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool LoadLines::reads(const LoadSource& source) {
  return source.format != dbn::Format::kDbn && !source.pipe;
}

void LoadLines::begin(std::uint32_t number) {
  FM_ASSERT(reads(*sources_[number]));
  number_ = number;
  at_end_ = false;
  failure_.reset();
  {
    const std::scoped_lock lock(mutex_);
    wanted_from_ = number;
  }
  changed_.notify_all();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

Result<std::span<const RecordLine>> LoadLines::next() {
  while (!at_end_) {
    std::unique_lock lock(mutex_);
    in_hand_ = taken_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return taken_ < filled_; });
    Block& block = blocks_[taken_++ % kBlocks];
    lock.unlock();
    if (block.number != number_) continue;
    at_end_ = block.is_last;
    failure_ = std::move(block.error);
    if (!block.lines.empty()) return block.lines;
  }
  if (failure_) return std::unexpected(*failure_);
  return std::span<const RecordLine>();
}

void LoadLines::run() {
  name_thread("fm-decode");
  for (std::uint32_t number = 0; number < sources_.size(); ++number)
    if (reads(*sources_[number]) && !read_file(number)) return;
}

// The block to be filled next; nullptr when nothing of the file is wanted any more.
LoadLines::Block* LoadLines::wait_for_room(std::uint32_t number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return stop_ || number < wanted_from_ || filled_ - in_hand_ < kBlocks; });
  if (stop_ || number < wanted_from_) return nullptr;
  Block& block = blocks_[filled_ % kBlocks];
  block.clear(number);
  return &block;
}

void LoadLines::publish() {
  const std::scoped_lock lock(mutex_);
  ++filled_;
  changed_.notify_all();
}

// False when no more is wanted of any file.
bool LoadLines::read_file(std::uint32_t number) {
  LoadSource& source = *sources_[number];
  std::optional<dbn::RecordTextReader> reader;
  for (;;) {
    Block* const block = wait_for_room(number);
    if (block == nullptr) {
      const std::scoped_lock lock(mutex_);
      return !stop_;
    }
    if (!reader) {
      auto input = source.open(env_, {.read_ahead = true});
      if (input)
        reader.emplace(std::move(input->source), input->name, text_form(input->format),
                       source.unnamed);
      else
        block->error = std::move(input).error();
    }
    while (!block->error && !block->is_last && block->lines.size() < kBlockLines) {
      const auto lines = reader->next();
      if (!lines)
        block->error = lines.error();
      else if (lines->empty())
        block->is_last = true;
      else
        block->append(*lines);
    }
    if (block->error) block->is_last = true;
    const bool is_last = block->is_last;
    publish();
    if (is_last) return true;
  }
}

}  // namespace fm::jobs
