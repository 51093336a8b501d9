// Files of the lake on their way into the bucket, several at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "google/storage.h"

namespace fm::google {

struct FileToUpload {
  std::string path;
  std::string object;
};

// Uploads on `threads` threads ("fm-upload"), or on the caller's for one; each has an Api of its
// own from `make_api`. The results are in the order of the files; after the first error that is not
// about a file that is gone (kNotFound, kTruncated) no further upload begins.
[[nodiscard]] std::vector<Result<Object>> upload_all(
    const std::vector<FileToUpload>& files, int threads, const Endpoints& endpoints,
    const std::string& bucket, const std::function<Result<std::unique_ptr<Api>>()>& make_api);

}  // namespace fm::google
