// timeseries.get_range, in its three forms.
#include <system_error>
#include <thread>

#include "base/thread.h"
#include "databento/byte_pipe.h"
#include "databento/historical_state.h"
#include "databento/zstd_walk.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"

namespace fm::databento {
namespace {

constexpr std::string_view kMethod = "timeseries.get_range";
constexpr std::size_t kPipeBytesMax = std::size_t{8} << 20;
constexpr int kHttpPartialContent = 206;
constexpr std::string_view kDraftEnding = ".frontmonth-draft";

net::Parameters parameters_of(const DataRequest& request, RangeForm form) {
  net::Parameters parameters = parameters_of(request);
  parameters.emplace_back("stype_out", "instrument_id");
  parameters.emplace_back("encoding", name(form.encoding));
  parameters.emplace_back("compression", form.zstd ? "zstd" : "none");
  if (form.encoding != FileEncoding::kDbn)
    for (const char* const word : {"pretty_px", "pretty_ts", "map_symbols"})
      parameters.emplace_back(word, "true");
  return parameters;
}

// Bytes were billed by then: the caller decides whether they are worth asking for again.
Error after_the_first_byte(Error error) {
  if (!error.can_retry()) return error;
  return std::move(error).hint(
      "What came is dropped. Asking again is billed again; a batch job resumes instead.");
}

// Removes itself unless published.
class DraftFile {
 public:
  DraftFile(Env& env, std::string path)
      : env_(&env),
        path_(std::move(path)),
        draft_path_(fmt::format("{}.{:016x}{}", path_, env.random(), kDraftEnding)) {}
  ~DraftFile() {
    file_.reset();
    if (created_ && !published_) static_cast<void>(env_->remove(draft_path_));
  }
  DraftFile(const DraftFile&) = delete;
  DraftFile& operator=(const DraftFile&) = delete;

  Status create() {
    FM_ASSIGN(file_, env_->create(draft_path_, Create::kNew));
    created_ = true;
    return {};
  }
  Status write(std::span<const std::byte> bytes) { return file_->write(bytes); }
  Status close() {
    FM_TRY(file_->sync());
    return file_->close();
  }
  Status publish() {
    FM_TRY(env_->rename(draft_path_, path_));
    published_ = true;
    return env_->sync_directory(parent_of(path_));
  }
  [[nodiscard]] const std::string& draft_path() const { return draft_path_; }

 private:
  Env* env_;
  std::string path_;
  std::string draft_path_;
  std::unique_ptr<WritableFile> file_;
  bool created_ = false;
  bool published_ = false;
};

Result<std::uint64_t> count_records(std::unique_ptr<dbn::ByteSource> source,
                                    const std::string& name) {
  FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(source), name, {.upgrade = false}));
  for (;;) {
    FM_ASSIGN(const dbn::RecordBlock block, reader.next());
    if (block.empty()) return reader.records_read();
  }
}

// Text must end with a whole line; an answer without records may be empty.
Status check_last_line(dbn::ByteSource& source) {
  std::vector<std::byte> piece(std::size_t{256} << 10);
  std::byte last{'\n'};
  for (;;) {
    FM_ASSIGN(const std::size_t got, source.read(piece));
    if (got == 0) break;
    last = piece[got - 1];
  }
  if (last == std::byte{'\n'}) return {};
  return fail(Code::kTruncated, "the text ends within a line");
}

// Without the reader's advice, which is about files that are kept.
Error of_answer(const Error& error) { return {error.code(), error.message()}; }

// Reads the file back; returns its records where they are DBN.
Result<std::uint64_t> check_records(Env& env, const std::string& path, RangeForm form) {
  FM_ASSIGN(auto file, env.open(path));
  std::unique_ptr<dbn::ByteSource> source = std::make_unique<dbn::FileSource>(std::move(file));
  if (form.zstd) source = std::make_unique<dbn::ZstdSource>(std::move(source));
  constexpr const char* kName = "the answer";
  if (form.encoding == FileEncoding::kDbn) {
    auto count = count_records(std::move(source), kName);
    if (!count) return std::unexpected(of_answer(count.error()));
    return count;
  }
  FM_TRY_IN(check_last_line(*source), kName);
  return std::uint64_t{0};
}

}  // namespace

Result<Delivered> HistoricalClient::get_range(const DataRequest& request, RangeForm form,
                                              const BytesReceiver& receive) {
  FM_TRY(check(request));
  const net::HttpRequest post{.method = "POST",
                              .url = state_->url_of(kMethod),
                              .headers = {{"Accept", "application/json"}},
                              .body = net::encode_form(parameters_of(request, form))};
  net::Backoff backoff(*state_->env, state_->options.retries,
                       [this] { return state_->http->is_cancelled(); });
  for (;;) {
    bool has_begun = false;
    ZstdWalk walk;
    const auto take = [&](std::span<const std::byte> bytes) -> Status {
      has_begun = true;
      if (form.zstd) FM_TRY_IN(walk.add(bytes), kMethod);
      return receive(bytes);
    };
    const auto at_head = [](const net::HttpResponse& head) -> Status {
      if (head.is_ok()) return {};
      return fail(Code::kRefused, "{}: HTTP {}, expected the data", kMethod, head.status);
    };
    auto answer = state_->http->stream(post, take, at_head);
    if (has_begun && !answer)
      return std::unexpected(after_the_first_byte(std::move(answer).error()));
    if (!has_begun && state_->wait_to_retry(backoff, kMethod, answer)) continue;
    if (!answer) return std::unexpected(std::move(answer).error());
    if (!answer->is_ok()) return std::unexpected(error_of(*answer).in(kMethod));
    // The structure of zstd tells its end; other forms have but the length.
    if (form.zstd)
      FM_TRY_IN(walk.finish(), kMethod);
    else if (!answer->length_is_known)
      return fail(Code::kTruncated, "{}: an answer without a length cannot be known to be whole",
                  kMethod);
    return Delivered{.bytes = answer->body_bytes,
                     .partial = answer->status == kHttpPartialContent,
                     .warnings = take_warnings(*answer)};
  }
}

Result<Delivered> HistoricalClient::get_range_records(const DataRequest& request,
                                                      const RecordReceiver& receive,
                                                      const MetadataReceiver& on_metadata) {
  BytePipe pipe(kPipeBytesMax);
  Result<Delivered> delivered = fail(Code::kInternal, "nothing was received");
  std::thread download;
  try {
    download = std::thread([&] {
      name_thread("fm-download");
      delivered = get_range(request, {}, [&](std::span<const std::byte> bytes) -> Status {
        if (pipe.write(bytes)) return {};
        return fail(Code::kDisconnected, "the records are not wanted any more");
      });
      pipe.finish(delivered ? Status() : Status(std::unexpected(delivered.error())));
    });
  } catch (const std::system_error& error) {
    return fail(Code::kInternal, "no thread for the download: {}", error.what());
  }
  const auto decode = [&]() -> Result<std::uint64_t> {
    auto source = std::make_unique<dbn::ZstdSource>(std::make_unique<PipeSource>(pipe));
    auto reader = dbn::Reader::open(std::move(source), std::string(kMethod));
    if (!reader) return std::unexpected(of_answer(reader.error()));
    if (on_metadata) FM_TRY(on_metadata(reader->metadata()));
    for (;;) {
      const auto block = reader->next();
      if (!block) return std::unexpected(of_answer(block.error()));
      if (block->empty()) return reader->records_read();
      FM_TRY(receive(*block));
    }
  };
  const auto records = decode();
  pipe.give_up();
  download.join();
  // What broke the transfer also ended the decoding, in other words. The reverse is what the
  // download was told when it was not wanted any more.
  const bool broke_itself = !delivered && !pipe.was_refused();
  if (broke_itself) return std::unexpected(delivered.error());
  if (!records) return std::unexpected(records.error());
  delivered->records = *records;
  return delivered;
}

Result<Delivered> HistoricalClient::get_range_to_file(const DataRequest& request, RangeForm form,
                                                      const std::string& path, Check check,
                                                      const DownloadProgress& progress) {
  DraftFile draft(*state_->env, path);
  FM_TRY(draft.create());
  std::uint64_t bytes_so_far = 0;
  const auto take = [&](std::span<const std::byte> bytes) -> Status {
    bytes_so_far += bytes.size();
    if (progress) progress(bytes_so_far, 0);
    return draft.write(bytes);
  };
  FM_ASSIGN(Delivered delivered, get_range(request, form, take));
  FM_TRY(draft.close());
  if (check == Check::kRecords) {
    auto records = check_records(*state_->env, draft.draft_path(), form);
    if (!records) return std::unexpected(std::move(records).error().in(kMethod));
    delivered.records = *records;
  }
  FM_TRY(draft.publish());
  return delivered;
}

}  // namespace fm::databento
