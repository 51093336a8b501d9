// Answers in JSON, read by path. What is not there, or is of another kind, is nothing: who needs it
// says so in an error of its own.
//
//   FM_ASSIGN(const Json job, Json::parse(answer.body));
//   if (job.text("/status/state") == "DONE") …
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace fm::google {

class Json {
 public:
  // Errors: kCorrupt, with the first bytes of what is no JSON object.
  [[nodiscard]] static Result<Json> parse(std::string_view text);

  // `path` is a JSON pointer: "/statistics/load/outputRows"; "" is the value itself.
  [[nodiscard]] std::optional<std::string> text(std::string_view path) const;
  // Also of numbers that are written as texts, as the services write 64-bit ones.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view path) const;
  [[nodiscard]] std::optional<double> number(std::string_view path) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view path) const;
  [[nodiscard]] bool has(std::string_view path) const;
  // The elements of a list; none where there is no list. They live on without this object.
  [[nodiscard]] std::vector<Json> list(std::string_view path) const;
  // The value as compact text, its members in the order of the answer; empty where there is none.
  [[nodiscard]] std::string raw(std::string_view path) const;

 private:
  struct Document;
  struct Value;
  Json(std::shared_ptr<const Document> document, std::shared_ptr<const Value> value);
  std::shared_ptr<const Document> document_;
  std::shared_ptr<const Value> value_;
};

}  // namespace fm::google
