#include "jobs/quarantine.h"

#include <span>

#include "dbn/text_json.h"
#include "jobs/text_rows.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

void append_hex(std::span<const std::byte> bytes, std::string& out) {
  constexpr const char* kDigits = "0123456789abcdef";
  for (const std::byte byte : bytes) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
}

void append_record(const dbn::Mbp1Msg& record, std::string& out) {
  // Text of older shapes names neither type nor length.
  dbn::Mbp1Msg whole = record;
  whole.header.rtype = dbn::RType::kMbp1;
  whole.header.length = dbn::kLengthOf<dbn::Mbp1Msg>;
  if (dbn::append_json(dbn::RecordView(whole), {}, "", out)) {
    out.pop_back();  // the line feed
  } else {
    out += "null";
  }
}

}  // namespace

Quarantine::Quarantine(Env& env, std::string path)
    : env_(env), path_(std::move(path)), draft_(env, path_) {}

void Quarantine::add(const candles::Rejection& rejection, std::string_view file, bool is_text,
                     std::string_view symbol) {
  ++count_;
  if (path_.empty() || !status_) return;
  buffer_ += "{\"file\":";
  append_json_string(file, buffer_);
  buffer_ += fmt::format(
      ",\"position\":\"{} {}\",\"reason\":\"{}\",\"symbol\":", is_text ? "line" : "record",
      rejection.position, candles::name(rejection.reason));
  if (symbol.empty()) {
    buffer_ += "null";
  } else {
    append_json_string(symbol, buffer_);
  }
  buffer_ += ",\"record\":";
  if (rejection.record != nullptr) {
    append_record(*rejection.record, buffer_);
  } else if (is_text) {
    append_json_string(
        {reinterpret_cast<const char*>(rejection.bytes.data()), rejection.bytes.size()}, buffer_);
  } else {
    buffer_ += '"';
    append_hex(rejection.bytes, buffer_);
    buffer_ += '"';
  }
  buffer_ += "}\n";
  if (buffer_.size() >= kBufferBytes) status_ = write_out();
}

Status Quarantine::write_out() {
  if (!sink_) {
    FM_TRY(env_.make_directories(parent_of(path_)));
    FM_ASSIGN(sink_, draft_.create());
  }
  FM_TRY(sink_->write(std::as_bytes(std::span(buffer_))));
  buffer_.clear();
  return {};
}

Status Quarantine::publish() {
  FM_TRY(std::move(status_));
  if (path_.empty()) return {};
  if (count_ == 0) {
    if (env_.exists(path_)) FM_TRY(env_.remove(path_));
    return {};
  }
  FM_TRY(write_out());
  FM_TRY(sink_->finish());
  sink_.reset();
  return draft_.publish();
}

}  // namespace fm::jobs
