#include "jobs/load_quarantine.h"

#include <span>

#include "base/json_text.h"
#include "dbn/text_json.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

}  // namespace

LoadQuarantine::LoadQuarantine(Env& env, std::string path)
    : env_(env), path_(std::move(path)), draft_(env, path_) {}

void LoadQuarantine::add(const Item& item) {
  if (++count_ > kLoadQuarantineLinesMax || !status_) return;
  buffer_ += fmt::format("{{\"file\":{},\"position\":\"{} {}\",\"reason\":\"{}\"",
                         json_quoted(item.file), item.unit, item.number, name(item.fault));
  if (!item.why.empty()) buffer_ += fmt::format(",\"why\":{}", json_quoted(item.why));
  buffer_ += fmt::format(",\"symbol\":{},\"record\":",
                         item.symbol.empty() ? "null" : json_quoted(item.symbol));
  if (item.record == nullptr)
    buffer_ += json_quoted(item.text.substr(0, kLoadLineShownBytes));
  else if (dbn::append_json(*item.record, {.pretty_px = true, .pretty_ts = true}, "", buffer_))
    buffer_.pop_back();  // the line feed
  else
    buffer_ += "null";
  buffer_ += "}\n";
  if (buffer_.size() >= kBufferBytes) status_ = write_out();
}

Status LoadQuarantine::write_out() {
  if (!sink_) {
    FM_TRY(env_.make_directories(parent_of(path_)));
    FM_ASSIGN(sink_, draft_.create());
  }
  FM_TRY(sink_->write(std::as_bytes(std::span(buffer_))));
  buffer_.clear();
  return {};
}

Status LoadQuarantine::publish() {
  FM_TRY(std::move(status_));
  if (count_ == 0) return {};
  FM_TRY(write_out());
  FM_TRY(sink_->finish());
  sink_.reset();
  return draft_.publish();
}

}  // namespace fm::jobs
