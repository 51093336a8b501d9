// A file that is a text in memory, for writers whose result is wanted at once.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/env.h"

namespace fm {

class TextFile final : public WritableFile {
 public:
  using WritableFile::write;
  Status write(std::span<const std::byte> bytes) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  Status sync() override { return {}; }
  Status close() override { return {}; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace fm
