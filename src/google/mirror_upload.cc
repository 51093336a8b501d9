#include "google/mirror_upload.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/thread.h"

namespace fm::google {

std::vector<Result<Object>> upload_all(
    const std::vector<FileToUpload>& files, int threads, const Endpoints& endpoints,
    const std::string& bucket, const std::function<Result<std::unique_ptr<Api>>()>& make_api) {
  std::vector<Result<Object>> results(
      files.size(), fail(Code::kDisconnected, "not begun: another upload failed"));
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    const auto api = make_api();
    for (std::size_t i = next++; i < files.size() && !failed; i = next++) {
      if (!api) {
        results[i] = std::unexpected(api.error());
        failed = true;
        return;
      }
      Storage storage(**api, endpoints, bucket);
      results[i] = storage.upload(files[i].path, files[i].object);
      if (results[i]) continue;
      // What is about one file says nothing of the others.
      const Code code = results[i].error().code();
      const bool is_about_file =
          code == Code::kNotFound || code == Code::kTruncated || code == Code::kConflict;
      if (!is_about_file) failed = true;
    }
  };
  const auto workers = std::min(static_cast<std::size_t>(std::max(threads, 1)), files.size());
  if (workers <= 1) {
    work();
    return results;
  }
  std::vector<std::jthread> pool;
  pool.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i)
    pool.emplace_back([&] {
      name_thread("fm-upload");
      work();
    });
  pool.clear();
  return results;
}

}  // namespace fm::google
