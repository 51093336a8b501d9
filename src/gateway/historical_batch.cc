#include <algorithm>

#include "gateway/batch_side_files.h"
#include "gateway/data_encoder.h"
#include "gateway/historical_methods.h"
#include "gateway/request_values.h"
#include "gateway/zip.h"

namespace fm::gateway {
namespace {

using net::ServerResponse;

std::string download_url(const Call& call) {
  return fmt::format("{}/v0/batch/download/{}/", call.base_url, kUserId);
}

void write_moment(JsonWriter& json, std::string_view name, Nanos time) {
  json.field(name, time == 0 ? std::nullopt : std::optional(iso_nanos(time)));
}

// What is known of the sizes only when the job is done.
void write_sizes(JsonWriter& json, const Job& job) {
  const auto when_done = [&](std::uint64_t value) {
    return job.state == JobState::kDone ? std::optional(value) : std::nullopt;
  };
  json.field("record_count", when_done(job.result.records));
  json.field("billed_size", when_done(job.result.billed_bytes));
  json.field("actual_size", when_done(job.result.data_bytes));
  json.field("package_size", when_done(job.package_bytes()));
}

void write_job(JsonWriter& json, const Job& job) {
  const DataRequest& request = job.plan.data.request;
  json.object([&] {
    json.field("id", job.plan.id);
    json.field("user_id", kUserId);
    json.field("bill_id", nullptr);
    json.field("cost_usd", job.cost_usd);
    json.field("dataset", request.dataset);
    json.field("symbols", request.symbols);
    json.field("stype_in", dbn::name(request.stype_in));
    json.field("stype_out", dbn::name(request.stype_out));
    json.field("schema", dbn::name(request.schema));
    json.field("start", iso_nanos(request.start));
    json.field("end", iso_nanos(request.end));
    json.field("limit", request.limit);
    json.field("encoding", name(request.encoding));
    json.field("compression", name(request.compression));
    json.field("pretty_px", request.text.pretty_px);
    json.field("pretty_ts", request.text.pretty_ts);
    json.field("map_symbols", request.text.map_symbols);
    json.field("split_symbols", job.plan.split_symbols);
    json.field("split_duration", name(job.plan.split));
    json.field("split_size", nullptr);
    json.field("packaging", nullptr);
    json.field("delivery", "download");
    write_sizes(json, job);
    json.field("state", name(job.state));
    write_moment(json, "ts_received", job.received);
    write_moment(json, "ts_queued", job.received);
    write_moment(json, "ts_process_start", job.process_start);
    write_moment(json, "ts_process_done", job.process_done);
    write_moment(json, "ts_expiration", job.expiration());
    json.field("progress", job.progress);
  });
}

ServerResponse job_response(const Job& job) {
  JsonWriter json;
  write_job(json, job);
  return ServerResponse::json(json.take());
}

Answer<Job> asked_job(const Call& call) {
  FM_ASSIGN(const std::string id, required(call.request, "job_id"));
  return call.service.jobs.find(id);
}

Answer<Job> finished(Job job) {
  if (job.state == JobState::kExpired)
    return refuse(404, "batch_job_expired", "The files of job {} are gone", job.plan.id);
  if (job.state != JobState::kDone)
    return refuse(409, "batch_job_not_ready", "Job {} is {}", job.plan.id, name(job.state));
  return job;
}

std::unexpected<ApiError> bad(std::string_view name, std::string_view message) {
  return refuse(422, "request_invalid", "`{}`: {}", name, message);
}

Answer<JobPlan> parse_plan(const Call& call) {
  const net::ServerRequest& request = call.request;
  JobPlan plan;
  // A job for everything is not made by leaving words out.
  for (const std::string_view name : {"start", "schema", "symbols"})
    FM_TRY(required(request, name));
  FM_ASSIGN(DataRequest data, parse_data_request(request, *call.service.archive));
  const auto split = parse_split(optional(request, "split_duration").value_or("day"));
  if (!split) return bad("split_duration", "expected none, day, week, month or year");
  plan.split = *split;
  const auto by_symbol = parse_flag(optional(request, "split_symbols").value_or("false"));
  if (!by_symbol) return bad("split_symbols", by_symbol.error().message());
  plan.split_symbols = *by_symbol;
  if (plan.split_symbols && data.symbols.front() == kAllSymbols)
    return bad("split_symbols", "ALL_SYMBOLS cannot be split by symbol");
  if (optional(request, "split_size")) return bad("split_size", "files are not split by size here");
  if (optional(request, "delivery").value_or("download") != "download")
    return bad("delivery", "expected download");
  FM_ASSIGN(plan.data, prepare(*call.service.archive, std::move(data)));
  plan.url = download_url(call);
  plan.wrong_hash = call.service.faults.wrong_hash();
  return plan;
}

// "done,processing" holds "done".
bool is_listed(std::string_view states, JobState state) {
  while (true) {
    const std::size_t comma = std::min(states.find(','), states.size());
    if (states.substr(0, comma) == name(state)) return true;
    if (comma == states.size()) return false;
    states.remove_prefix(comma + 1);
  }
}

Answer<std::string> asked_states(const Call& call) {
  const std::string_view states =
      optional(call.request, "states").value_or("queued,processing,done");
  std::string_view rest = states;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, comma);
    const bool is_state = word == "received" || is_listed(word, JobState::kQueued) ||
                          is_listed(word, JobState::kProcessing) ||
                          is_listed(word, JobState::kDone) || is_listed(word, JobState::kExpired);
    if (!is_state) return bad("states", fmt::format("'{}' is no state", word.substr(0, 32)));
    rest.remove_prefix(std::min(rest.size(), comma + 1));
  }
  return std::string(states);
}

}  // namespace

Answer<ServerResponse> submit_job(const Call& call) {
  FM_ASSIGN(JobPlan plan, parse_plan(call));
  FM_ASSIGN(const Size size, measure(*call.service.archive, plan.data));
  const double cost = cost_of(size.bytes, plan.data.request.schema, "historical");
  FM_ASSIGN(const Job job, call.service.jobs.submit(std::move(plan), cost));
  return job_response(job);
}

Answer<ServerResponse> list_jobs(const Call& call) {
  FM_ASSIGN(const std::string states, asked_states(call));
  Nanos since = 0;
  if (const auto text = optional(call.request, "since")) {
    const auto time = parse_written_time(*text);
    if (!time) return bad("since", time.error().message());
    since = time->at;
  }
  const auto is_short = parse_flag(optional(call.request, "short").value_or("false"));
  if (!is_short) return bad("short", is_short.error().message());
  JsonWriter json;
  json.array([&] {
    for (const Job& job : call.service.jobs.list()) {
      if (job.received < since || !is_listed(states, job.state)) continue;
      if (!*is_short) {
        write_job(json, job);
        continue;
      }
      json.object([&] {
        json.field("id", job.plan.id);
        json.field("state", name(job.state));
        write_moment(json, "ts_received", job.received);
      });
    }
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> get_job_details(const Call& call) {
  FM_ASSIGN(const Job job, asked_job(call));
  return job_response(job);
}

Answer<ServerResponse> list_files(const Call& call) {
  FM_ASSIGN(Job asked, asked_job(call));
  FM_ASSIGN(const Job job, finished(std::move(asked)));
  const std::string url = fmt::format("{}{}/", download_url(call), job.plan.id);
  JsonWriter json;
  json.array([&] {
    for (const JobFile& file : job.result.files) write_file(json, file, url);
  });
  return ServerResponse::json(json.take());
}

Answer<ServerResponse> download_all(const Call& call) {
  FM_ASSIGN(Job asked, asked_job(call));
  FM_ASSIGN(const Job job, finished(std::move(asked)));
  std::vector<ZipEntry> entries;
  entries.reserve(job.result.files.size());
  for (const JobFile& file : job.result.files)
    entries.push_back({.name = file.name,
                       .path = call.service.jobs.path_of(job, file.name),
                       .size_bytes = file.size_bytes,
                       .crc32 = file.crc32});
  return zip_response(call.service.env, entries);
}

Answer<ServerResponse> download_file(const Call& call) {
  const auto& parts = call.request.parts;
  FM_ASSIGN(Job asked, call.service.jobs.find(parts[1]));
  FM_ASSIGN(const Job job, finished(std::move(asked)));
  // Only names that the job wrote: nothing of the request reaches the file system.
  const auto file = std::ranges::find(job.result.files, parts[2], &JobFile::name);
  if (parts[0] != kUserId || file == job.result.files.end()) return refuse(404, "", "Not Found");
  return net::file_response(call.service.env, call.service.jobs.path_of(job, file->name),
                            call.request);
}

}  // namespace fm::gateway
