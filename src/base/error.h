// What can go wrong, and how a function says so.
//
//   Result<Contract> parse(std::string_view symbol);
//   FM_ASSIGN(Contract contract, parse(symbol));      // returns the error to the caller
//   FM_TRY(file.sync());
//   return fail(Code::kCorrupt, "record {} at byte {}: length {} is shorter than a header (16)",
//   ...);
#pragma once

#include <fmt/core.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace fm {

// The closed set of failures that a caller may want to tell apart.
enum class Code {
  kInvalidArgument,  // The caller, or the user's command line, asked for something that cannot be.
  kInvalidConfig,    // A configuration or registry file says something that cannot be.
  kNotFound,         // A file, table, root or partition that does not exist.
  kAlreadyExists,    // Something is there that would be overwritten.
  kCorrupt,          // Bytes that no writer of this format could have written.
  kTruncated,        // The input ends in the middle of a record or frame.
  kUnsupported,      // A valid input of a kind or version that is not read here.
  kNotOutright,      // The symbol names something other than one futures contract.
  kConflict,         // Stored data was made from other inputs or parameters.
  kBusy,             // Another process holds the lock.
  kNoSpace,          // The disk or the quota is full.
  kPermission,       // The operating system refused.
  kBrokenPipe,       // Whoever read our output has gone away.
  kIo,               // Any other failure of a file, directory or device.
  kTimedOut,         // The other side of a connection was silent, or a statement ran, for too long.
  kDisconnected,     // A connection could not be made, or ended before it should.
  kRefused,          // A server understood and said no: a wrong key, a request it does not serve.
  kQuery,            // The SQL engine refused or failed the statement.
  kCheckFailed,      // A check ran to its end and found problems.
  kInternal,         // A bug in this program or in a library.
};

[[nodiscard]] std::string_view name(Code code);

// A failure: a code for programs, and for people a message with the chain of places it passed
// through, outermost first, and what to do about it.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string what) : code_(code), message_(std::move(what)) {}

  // Names the place this error passed through: "trades.dbn: record 5: …".
  Error&& in(std::string_view place) &&;
  // One sentence that tells the user how to mend it; shown on its own line.
  Error&& hint(std::string_view advice) &&;
  // Trying the same again later may succeed.
  Error&& retryable() &&;

  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& advice() const { return advice_; }
  [[nodiscard]] bool can_retry() const { return can_retry_; }

 private:
  Code code_;
  bool can_retry_ = false;
  std::string message_;
  std::string advice_;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Code code, fmt::format_string<Args...> text,
                                          Args&&... args) {
  return std::unexpected(Error(code, fmt::format(text, std::forward<Args>(args)...)));
}

// The failure of an operating-system call, from errno. Errors: kNoSpace, kPermission, kNotFound,
// kAlreadyExists, kBusy or kIo.
[[nodiscard]] Error errno_error(int error_number, std::string_view operation,
                                std::string_view path);

}  // namespace fm

#define FM_CONCAT_INNER(a, b) a##b
#define FM_CONCAT(a, b) FM_CONCAT_INNER(a, b)

// Returns the error of a Result or Status to the caller.
#define FM_TRY(expression)                                      \
  do {                                                          \
    if (auto fm_status = (expression); !fm_status) [[unlikely]] \
      return std::unexpected(std::move(fm_status).error());     \
  } while (false)

// As FM_TRY, naming the place: FM_TRY_IN(parse(line), path).
#define FM_TRY_IN(expression, place)                                             \
  do {                                                                           \
    if (auto fm_status = (expression); !fm_status) [[unlikely]]                  \
      return std::unexpected(std::move(std::move(fm_status).error()).in(place)); \
  } while (false)

// Assigns the value of a Result, or returns its error to the caller.
#define FM_ASSIGN(target, expression) \
  FM_ASSIGN_INNER(FM_CONCAT(fm_result_, __COUNTER__), target, expression)
#define FM_ASSIGN_INNER(result, target, expression)    \
  auto result = (expression);                          \
  if (!result) [[unlikely]]                            \
    return std::unexpected(std::move(result).error()); \
  target = *std::move(result)
