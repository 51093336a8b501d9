#include "server/testing_streams.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>

namespace fm::server {

std::vector<TestEvent> parse_events(std::string_view text) {
  std::vector<TestEvent> events;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << "a piece ends within an event: " << text;
    if (end == std::string_view::npos) break;
    std::string_view lines = text.substr(0, end + 1);
    text.remove_prefix(end + 2);
    TestEvent event;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(line.size() + 1);
      if (line.starts_with("id: ")) event.id = line.substr(4);
      if (line.starts_with("event: ")) event.kind = line.substr(7);
      if (line.starts_with("data: ")) event.data += line.substr(6);
    }
    events.push_back(std::move(event));
  }
  return events;
}

bool TestStream::send(std::shared_ptr<const std::string> text) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  pieces_.push_back(std::move(text));
  return true;
}

void TestStream::close() { break_off(); }

bool TestStream::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void TestStream::on_close(std::function<void()> callback) {
  if (is_closed()) callback();
}

void TestStream::break_off() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

std::string TestStream::text() const {
  std::string all;
  for (const auto& piece : pieces()) all += *piece;
  return all;
}

std::vector<TestEvent> TestStream::events(std::string_view kind) const {
  auto found = events();
  std::erase_if(found, [&](const TestEvent& event) { return event.kind != kind; });
  return found;
}

std::vector<std::shared_ptr<const std::string>> TestStream::pieces() const {
  const std::lock_guard lock(mutex_);
  return pieces_;
}

void apply_events(const std::vector<TestEvent>& events, ClientRows& rows) {
  simdjson::dom::parser parser;
  for (const TestEvent& event : events) {
    if (event.kind == "reset") rows.clear();
    if (event.kind != "rows") continue;
    const simdjson::padded_string padded(event.data);
    const simdjson::dom::element root = parser.parse(padded).value();
    const std::string name(root["root"].get_string().value());
    const simdjson::dom::array list = root["rows"].get_array().value();
    for (const simdjson::dom::element row : list)
      rows[{name, row.at(0).get_int64().value()}] = simdjson::minify(row);
  }
}

}  // namespace fm::server
