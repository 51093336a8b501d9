#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace fm {

std::string_view name(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kInvalidConfig:
      return "invalid_config";
    case Code::kNotFound:
      return "not_found";
    case Code::kAlreadyExists:
      return "already_exists";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kTruncated:
      return "truncated";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kNotOutright:
      return "not_outright";
    case Code::kConflict:
      return "conflict";
    case Code::kBusy:
      return "busy";
    case Code::kNoSpace:
      return "no_space";
    case Code::kPermission:
      return "permission";
    case Code::kBrokenPipe:
      return "broken_pipe";
    case Code::kIo:
      return "io";
    case Code::kTimedOut:
      return "timed_out";
    case Code::kDisconnected:
      return "disconnected";
    case Code::kRefused:
      return "refused";
    case Code::kQuery:
      return "query";
    case Code::kCheckFailed:
      return "check_failed";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

Error&& Error::in(std::string_view place) && {
  message_.insert(0, fmt::format("{}: ", place));
  return std::move(*this);
}

Error&& Error::hint(std::string_view advice) && {
  advice_ = advice;
  return std::move(*this);
}

Error&& Error::retryable() && {
  can_retry_ = true;
  return std::move(*this);
}

namespace {

Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermission;
    case ENOENT:
      return Code::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return Code::kAlreadyExists;
    case EAGAIN:
    case EBUSY:
      return Code::kBusy;
    case EPIPE:
      return Code::kBrokenPipe;
    default:
      return Code::kIo;
  }
}

}  // namespace

Error errno_error(int error_number, std::string_view operation, std::string_view path) {
  const Code code = code_of_errno(error_number);
  Error error(code, fmt::format("{}: cannot {}: {}", path, operation, std::strerror(error_number)));
  if (code == Code::kNoSpace)
    return std::move(error).hint("Free some space, then run it again.").retryable();
  if (code == Code::kBusy) return std::move(error).retryable();
  return error;
}

}  // namespace fm
