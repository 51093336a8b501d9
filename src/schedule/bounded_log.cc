#include "schedule/bounded_log.h"

#include <algorithm>

namespace fm::schedule {
namespace {

constexpr std::size_t kRecentBytes = 4'096;
constexpr std::size_t kLineBytes = 500;

}  // namespace

BoundedLog::BoundedLog(Env& env, const std::string& path) {
  auto made = env.create(path, Create::kTruncate);
  if (made)
    file_ = *std::move(made);
  else
    status_ = std::unexpected(made.error());
}

void BoundedLog::write(std::string_view text) {
  if (!file_ || text.empty()) return;
  status_ = file_->write(text);
  if (!status_) file_.reset();
}

void BoundedLog::add(std::string_view text) {
  recent_ += text;
  if (recent_.size() > 2 * kRecentBytes) recent_.erase(0, recent_.size() - kRecentBytes);
  const std::uint64_t room = kLogHeadBytes - written_;
  const std::string_view head = text.substr(0, std::min<std::uint64_t>(room, text.size()));
  write(head);
  written_ += head.size();
  tail_ += text.substr(head.size());
  if (tail_.size() <= 2 * kLogTailBytes) return;
  const std::size_t gone = tail_.size() - kLogTailBytes;
  left_out_ += gone;
  tail_.erase(0, gone);
}

void BoundedLog::finish() {
  if (tail_.size() > kLogTailBytes) {
    left_out_ += tail_.size() - kLogTailBytes;
    tail_.erase(0, tail_.size() - kLogTailBytes);
  }
  if (left_out_ > 0) write(fmt::format("\n[… {} bytes are left out …]\n", left_out_));
  write(tail_);
  tail_.clear();
  if (!file_) return;
  if (const Status closed = file_->close(); !closed) status_ = closed;
  file_.reset();
}

std::string BoundedLog::last_line() const {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::string_view text = recent_;
  const std::size_t last = text.find_last_not_of(kBlanks);
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last + 1);
  // An error's second line says what to do, which is not what happened.
  const std::size_t error = text.rfind("\nfrontmonth: ");
  if (error != std::string_view::npos) {
    text.remove_prefix(error + 1);
    text = text.substr(0, text.find('\n'));
  } else if (text.starts_with("frontmonth: ")) {
    text = text.substr(0, text.find('\n'));
  } else if (const std::size_t begin = text.find_last_of('\n'); begin != std::string_view::npos) {
    text.remove_prefix(begin + 1);
  }
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return std::string(text.substr(0, kLineBytes));
}

}  // namespace fm::schedule
