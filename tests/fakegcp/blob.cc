#include "blob.h"

#include <unistd.h>

#include <cstdlib>

namespace fm::fakegcp {
namespace {

Env& disk() { return Env::posix(); }

}  // namespace

Result<std::string> Blob::read(std::uint64_t first, std::uint64_t count) const {
  if (first > size_ || count > size_ - first)
    return fail(Code::kInternal, "bytes {}+{} of an object of {}", first, count, size_);
  if (bytes_) return bytes_->substr(first, count);
  if (count == 0) return std::string();
  FM_ASSIGN(const auto file, disk().open(*file_));
  FM_TRY(file->seek(first));
  std::string bytes(count, '\0');
  for (std::size_t filled = 0; filled < count;) {
    FM_ASSIGN(const std::size_t got,
              file->read(std::as_writable_bytes(std::span(bytes).subspan(filled))));
    if (got == 0) return fail(Code::kTruncated, "{}: ends at byte {}", *file_, first + filled);
    filled += got;
  }
  return bytes;
}

Result<std::unique_ptr<Blobs>> Blobs::create(const std::string& directory) {
  std::string base = directory;
  if (base.empty()) {
    const char* temporary = std::getenv("TMPDIR");
    base = temporary != nullptr ? temporary : "/tmp";
  }
  FM_TRY(disk().make_directories(base));
  std::string folder = join(base, "fakegcp-XXXXXX");
  if (::mkdtemp(folder.data()) == nullptr)
    return std::unexpected(errno_error(errno, "make a folder", folder));
  return std::unique_ptr<Blobs>(new Blobs(std::move(folder)));
}

Blobs::~Blobs() { (void)remove_tree(disk(), folder_); }

Result<Blob> Blobs::keep(std::string bytes) {
  Blob blob;
  blob.size_ = bytes.size();
  if (bytes.size() < kFileBytesMin) {
    blob.bytes_ = std::make_shared<const std::string>(std::move(bytes));
    return blob;
  }
  FM_ASSIGN(blob.file_, write(bytes));
  return blob;
}

Result<std::shared_ptr<const std::string>> Blobs::on_disk(const Blob& blob) {
  if (blob.file_) return blob.file_;
  return write(*blob.bytes_);
}

Result<std::shared_ptr<const std::string>> Blobs::write(std::string_view bytes) {
  std::shared_ptr<const std::string> path(new std::string(join(folder_, std::to_string(++files_))),
                                          [](const std::string* name) {
                                            (void)disk().remove(*name);
                                            delete name;
                                          });
  FM_ASSIGN(const auto file, disk().create(*path, Create::kNew));
  FM_TRY(file->write(bytes));
  FM_TRY(file->close());
  return path;
}

}  // namespace fm::fakegcp
