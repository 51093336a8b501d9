// batch.*: jobs, and the download of their files.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "base/sha256.h"
#include "databento/historical_json.h"
#include "databento/historical_state.h"

namespace fm::databento {
namespace {

constexpr std::string_view kPartEnding = ".frontmonth-part";
constexpr int kHttpPartialContent = 206;
constexpr int kHttpRangeNotSatisfiable = 416;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

Status check(const BatchRequest& request) {
  FM_TRY(check(request.data));
  constexpr std::array<std::string_view, 5> kSplits = {"day", "week", "month", "year", "none"};
  if (std::ranges::find(kSplits, request.split_duration) == kSplits.end())
    return fail(Code::kInvalidArgument, "split \"{}\", expected day, week, month, year or none",
                request.split_duration);
  if (request.split_symbols && request.data.symbols == std::vector<std::string>{"ALL_SYMBOLS"})
    return fail(Code::kInvalidArgument, "ALL_SYMBOLS cannot be split by symbol");
  return {};
}

Status hash_file(Env& env, const std::string& path, Sha256& hash) {
  FM_ASSIGN(const auto file, env.open(path));
  std::vector<std::byte> piece(kReadBytes);
  for (;;) {
    FM_ASSIGN(const std::size_t got, file->read(piece));
    if (got == 0) return {};
    hash.add(std::span(piece).first(got));
  }
}

Result<bool> is_right(Env& env, const std::string& path, const BatchFile& file) {
  const auto info = env.info(path);
  if (!info && info.error().code() == Code::kNotFound) return false;
  if (!info) return std::unexpected(info.error());
  if (info->size_bytes != file.size_bytes) return false;
  Sha256 hash;
  FM_TRY(hash_file(env, path, hash));
  return hash.finish() == file.sha256;
}

// The first byte that "bytes 100-199/200" speaks of.
std::optional<std::uint64_t> first_of_content_range(std::string_view header) {
  constexpr std::string_view kUnit = "bytes ";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  std::uint64_t first = 0;
  const auto [end, code] = std::from_chars(header.data(), header.data() + header.size(), first);
  if (code != std::errc() || end == header.data() + header.size() || *end != '-')
    return std::nullopt;
  return first;
}

// One file's way from the service to its part file.
class PartDownload {
 public:
  PartDownload(Env& env, const BatchFile& file, std::string part_path,
               const DownloadProgress& progress)
      : env_(&env), file_(&file), part_path_(std::move(part_path)), progress_(&progress) {}

  // Takes up what is there. Errors: those of Env.
  Status prepare() {
    bytes_ = 0;
    hash_ = std::make_unique<Sha256>();
    const auto info = env_->info(part_path_);
    if (!info && info.error().code() != Code::kNotFound) return std::unexpected(info.error());
    if (!info || info->size_bytes == 0) return {};
    if (info->size_bytes > file_->size_bytes) return env_->remove(part_path_);
    bytes_ = info->size_bytes;
    return hash_file(*env_, part_path_, *hash_);
  }

  Status begin(const net::HttpResponse& head) {
    if (!head.is_ok()) return fail(Code::kRefused, "HTTP {}, expected the file", head.status);
    const bool continues = bytes_ > 0 && head.status == kHttpPartialContent &&
                           first_of_content_range(head.header("content-range")) == bytes_;
    if (!continues) {
      if (bytes_ == 0 && head.status == kHttpPartialContent)
        return fail(Code::kCorrupt, "sent a part of the file that was not asked for");
      // A server that knows no ranges sends everything.
      if (head.status == kHttpPartialContent)
        return fail(Code::kCorrupt, "sent the range \"{}\", expected one from byte {}",
                    head.header("content-range"), bytes_);
      bytes_ = 0;
      hash_ = std::make_unique<Sha256>();
    }
    has_resumed_ = has_resumed_ || continues;
    FM_ASSIGN(out_, env_->create(part_path_, continues ? Create::kAppend : Create::kTruncate));
    return {};
  }

  Status take(std::span<const std::byte> bytes) {
    bytes_ += bytes.size();
    if (bytes_ > file_->size_bytes)
      return fail(Code::kCorrupt, "sent more than the file's {} bytes", file_->size_bytes);
    hash_->add(bytes);
    if (*progress_) (*progress_)(bytes_, file_->size_bytes);
    return out_->write(bytes);
  }

  // Keeps what came, for the next try.
  Status close() {
    if (!out_) return {};
    const auto out = std::move(out_);
    FM_TRY(out->sync());
    return out->close();
  }

  // Errors: kTruncated and kCorrupt, retryable; a part that is wrong is gone then.
  Status verify() {
    if (bytes_ < file_->size_bytes)
      return std::unexpected(
          Error(Code::kTruncated, fmt::format("{} of {} bytes came", bytes_, file_->size_bytes))
              .retryable());
    if (hash_->finish() == file_->sha256) return {};
    FM_TRY(env_->remove(part_path_));
    return std::unexpected(
        Error(Code::kCorrupt, fmt::format("what came does not have the SHA-256 {}", file_->sha256))
            .retryable());
  }

  Status drop() {
    out_.reset();
    return env_->exists(part_path_) ? env_->remove(part_path_) : Status();
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool is_whole() const { return bytes_ == file_->size_bytes; }
  [[nodiscard]] bool has_resumed() const { return has_resumed_; }

 private:
  Env* env_;
  const BatchFile* file_;
  std::string part_path_;
  const DownloadProgress* progress_;
  std::unique_ptr<WritableFile> out_;
  std::unique_ptr<Sha256> hash_;
  std::uint64_t bytes_ = 0;
  bool has_resumed_ = false;
};

// An empty file needs no request, but a file.
Status make_empty(Env& env, const std::string& path) {
  FM_ASSIGN(const auto file, env.create(path, Create::kTruncate));
  FM_TRY(file->sync());
  return file->close();
}

}  // namespace

Result<BatchJob> HistoricalClient::submit_job(const BatchRequest& request) {
  FM_TRY(check(request));
  constexpr std::string_view kMethod = "batch.submit_job";
  const bool is_text = request.form.encoding != FileEncoding::kDbn;
  const char* const pretty = is_text ? "true" : "false";
  net::Parameters form = parameters_of(request.data);
  form.insert(form.end(), {{"stype_out", "instrument_id"},
                           {"encoding", std::string(name(request.form.encoding))},
                           {"compression", request.form.zstd ? "zstd" : "none"},
                           {"pretty_px", pretty},
                           {"pretty_ts", pretty},
                           {"map_symbols", pretty},
                           {"split_symbols", request.split_symbols ? "true" : "false"},
                           {"split_duration", request.split_duration},
                           {"delivery", "download"}});
  // Not tried again by itself when its fate is unknown: a second job is billed like the first.
  const net::HttpRequest post{.method = "POST",
                              .url = state_->url_of(kMethod),
                              .headers = {{"Accept", "application/json"}},
                              .body = net::encode_form(form)};
  net::Backoff backoff(*state_->env, state_->options.retries,
                       [this] { return state_->http->is_cancelled(); });
  for (;;) {
    auto answer = state_->http->send(post);
    if (!answer)
      return std::unexpected(
          std::move(answer).error().hint("The job may have been made: see the list of jobs."));
    constexpr int kTooManyRequests = 429;
    if (answer->status == kTooManyRequests && state_->wait_to_retry(backoff, kMethod, answer))
      continue;
    if (!answer->is_ok()) return std::unexpected(error_of(*answer).in(kMethod));
    take_warnings(*answer);
    auto job = json::read_job(answer->body);
    if (!job) return std::unexpected(std::move(job).error().in(kMethod));
    return job;
  }
}

Result<std::vector<BatchJob>> HistoricalClient::list_jobs(std::string_view states) {
  constexpr std::string_view kMethod = "batch.list_jobs";
  net::Parameters query;
  if (!states.empty()) query.emplace_back("states", states);
  FM_ASSIGN(const std::string body, state_->get(kMethod, query));
  auto jobs = json::read_jobs(body);
  if (!jobs) return std::unexpected(std::move(jobs).error().in(kMethod));
  return jobs;
}

Result<BatchJob> HistoricalClient::get_job(std::string_view job_id) {
  constexpr std::string_view kMethod = "batch.get_job_details";
  FM_ASSIGN(const std::string body, state_->get(kMethod, {{"job_id", std::string(job_id)}}));
  auto job = json::read_job(body);
  if (!job) return std::unexpected(std::move(job).error().in(kMethod));
  return job;
}

Result<std::vector<BatchFile>> HistoricalClient::list_files(std::string_view job_id) {
  constexpr std::string_view kMethod = "batch.list_files";
  FM_ASSIGN(const std::string body, state_->get(kMethod, {{"job_id", std::string(job_id)}}));
  auto files = json::read_files(body);
  if (!files) return std::unexpected(std::move(files).error().in(kMethod));
  return files;
}

Result<Downloaded> HistoricalClient::download(const BatchFile& file, const std::string& directory,
                                              const DownloadProgress& progress) {
  Env& env = *state_->env;
  if (!json::is_plain_name(file.name))
    return fail(Code::kInvalidArgument, "\"{}\" cannot be a file's name", file.name);
  FM_TRY(env.make_directories(directory));
  const std::string path = join(directory, file.name);
  FM_ASSIGN(const bool is_there, is_right(env, path, file));
  if (is_there) return Downloaded::kAlreadyThere;
  if (env.exists(path)) log_warning("{}: is not what the service has; it is fetched again", path);

  const std::string part_path = path + std::string(kPartEnding);
  PartDownload part(env, file, part_path, progress);
  net::Backoff backoff(env, state_->options.retries,
                       [this] { return state_->http->is_cancelled(); });
  for (;;) {
    FM_TRY(part.prepare());
    if (file.size_bytes == 0) FM_TRY(make_empty(env, part_path));
    Result<net::HttpResponse> answer = net::HttpResponse{.status = 200};
    if (!part.is_whole()) {
      net::HttpRequest request{.url = state_->options.url + file.path};
      if (part.bytes() > 0) request.range_first = part.bytes();
      answer = state_->http->stream(
          request, [&](std::span<const std::byte> bytes) { return part.take(bytes); },
          [&](const net::HttpResponse& head) { return part.begin(head); });
      const Status closed = part.close();
      if (answer && !closed) return std::unexpected(closed.error());
    }
    if (answer && answer->status == kHttpRangeNotSatisfiable) {
      FM_TRY(part.drop());
      answer = std::unexpected(Error(Code::kCorrupt, "the range is not in the file").retryable());
    }
    if (answer && answer->is_ok()) {
      const Status right = part.verify();
      if (right) break;
      answer = std::unexpected(right.error());
    }
    if (state_->wait_to_retry(backoff, file.name, answer)) continue;
    const Error error = answer ? error_of(*answer) : answer.error();
    return std::unexpected(Error(error).in(file.name));
  }
  FM_TRY(env.rename(part_path, path));
  FM_TRY(env.sync_directory(directory));
  return part.has_resumed() ? Downloaded::kResumed : Downloaded::kFetched;
}

}  // namespace fm::databento
