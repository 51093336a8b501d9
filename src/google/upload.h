// One file on its way to an object. Inside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "google/api.h"
#include "google/json.h"
#include "google/storage.h"

namespace fm::google {

class Upload {
 public:
  // `uri` names the object in messages.
  Upload(Api& api, std::string file, std::string uri)
      : api_(&api), file_(std::move(file)), uri_(std::move(uri)) {}

  // Reads the file once, for its size and sum: the service checks what arrives against it. `name`
  // is the object's.
  [[nodiscard]] Status look(std::string_view name);
  // Whether it goes in one request.
  [[nodiscard]] bool is_whole() const { return bytes_ <= kUploadWholeBytes; }
  // Both return the object's description; nothing where an object of this name is there already
  // (412).
  [[nodiscard]] Result<std::optional<Json>> in_one(std::string url);
  [[nodiscard]] Result<std::optional<Json>> in_pieces(const std::string& url,
                                                      std::string_view name);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t crc() const { return crc_; }

 private:
  [[nodiscard]] std::string description(std::string_view name) const;
  [[nodiscard]] std::string head_of_parts(std::string_view name) const;
  [[nodiscard]] Status read_whole(std::string_view name);
  [[nodiscard]] Status read(std::uint64_t from, std::uint64_t count, std::size_t gap,
                            std::string& text, std::uint32_t* crc);
  [[nodiscard]] Result<std::string> open_session(const std::string& url, std::string_view name);
  // What the session has, by its answer to a piece or to the question for it.
  struct Progress {
    std::uint64_t stored = 0;
    std::optional<Json> object;  // the upload is over
    bool exists = false;         // the precondition failed: likewise
    bool lost = false;           // there is no such session any more
  };
  [[nodiscard]] Result<Progress> progress_of(const net::HttpResponse& answer);
  [[nodiscard]] Result<Progress> send_piece(const std::string& session, std::uint64_t from);
  [[nodiscard]] Result<Progress> ask(const std::string& session);

  Api* api_;
  std::string file_;
  std::string uri_;
  std::unique_ptr<ReadableFile> open_;
  std::uint64_t at_ = 0;  // where open_ reads next
  std::uint64_t bytes_ = 0;
  std::uint32_t crc_ = 0;
  std::string boundary_;  // of the parts of a request that has all of it
  std::string body_;      // of that request; of pieces, the last one
};

}  // namespace fm::google
