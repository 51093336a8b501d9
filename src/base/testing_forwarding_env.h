// An Env that passes everything on to the real one, for tests that change one thing: how files are
// read, or when the disk is full.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"

namespace fm {

class ForwardingEnv : public Env {
 public:
  // Given what the real Env opened; may give back something in its place.
  std::function<std::unique_ptr<ReadableFile>(const std::string& path,
                                              std::unique_ptr<ReadableFile> file)>
      on_open;
  std::function<Result<std::unique_ptr<WritableFile>>(const std::string& path,
                                                      std::unique_ptr<WritableFile> file)>
      on_create;

  Nanos now() override { return real().now(); }
  Nanos monotonic() override { return real().monotonic(); }
  void sleep_for(Nanos duration) override { real().sleep_for(duration); }
  std::uint64_t random() override { return real().random(); }
  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path, Create how) override;
  Result<FileInfo> info(const std::string& path) override { return real().info(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return real().list(directory);
  }
  Status make_directories(const std::string& directory) override {
    return real().make_directories(directory);
  }
  Status remove(const std::string& path) override { return real().remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return real().rename(from, to);
  }
  Status exchange(const std::string& one, const std::string& other) override {
    return real().exchange(one, other);
  }
  Status hard_link(const std::string& existing, const std::string& link) override {
    return real().hard_link(existing, link);
  }
  Status sync_file(const std::string& path) override { return real().sync_file(path); }
  Status sync_directory(const std::string& directory) override {
    return real().sync_directory(directory);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, Nanos patience) override {
    return real().lock(path, patience);
  }
  Result<DiskSpace> disk_space(const std::string& path) override { return real().disk_space(path); }
  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          Nanos patience) override {
    return real().connect(host, port, patience);
  }
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) override {
    return real().listen(host, port);
  }

 private:
  static Env& real() { return Env::posix(); }
};

// Reads come in pieces of random length, at least one byte.
[[nodiscard]] std::unique_ptr<ReadableFile> with_short_reads(std::unique_ptr<ReadableFile> file,
                                                             std::uint64_t seed);
// Fails with kNoSpace once `bytes` have been written.
[[nodiscard]] std::unique_ptr<WritableFile> with_full_disk(std::unique_ptr<WritableFile> file,
                                                           std::uint64_t bytes);

}  // namespace fm
