// Log: what open() makes of what the last writer left.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "capture/log_reader.h"
#include "capture/log_state.h"
#include "capture/record_blocks.h"
#include "capture/segment_reader.h"

namespace fm::capture {
namespace {

constexpr std::uint64_t kIndexBytesMax = std::uint64_t{256} << 20;

class Recoverer {
 public:
  Recoverer(Env& env, const LogOptions& options) : env_(env), options_(options) {}

  Result<Found> run() {
    FM_TRY(remove_leftover_days());
    FM_ASSIGN(const auto all_days, days(env_, options_.directory));
    for (const Date day : all_days) FM_TRY_IN(recover_day(day), day.iso());
    FM_TRY(learn_from_newest(all_days));
    report();
    return std::move(found_);
  }

 private:
  Status remove_leftover_days() {
    FM_ASSIGN(const auto names, env_.list(options_.directory));
    for (const std::string& name : names) {
      if (!name.ends_with(kRemoved)) continue;
      FM_TRY(remove_tree(env_, join(options_.directory, name)));
      ++found_.recovery.leftovers_removed;
    }
    return {};
  }

  Status recover_day(Date day) {
    FM_TRY(remove_drafts(day));
    FM_ASSIGN(const auto segments, list_segments(env_, options_.directory, day));
    for (const SegmentFiles& files : segments) {
      // What a repair left open has no name that is listed here.
      if (files.name.repair) continue;
      if (files.data && !files.index)
        FM_TRY(set_aside(files.name));
      else if (files.data)
        FM_TRY(recover_segment(files));
      else if (!files.compressed)
        FM_TRY(remove_lone_index(files.name));
      else
        note(files.name);
    }
    return {};
  }

  // Of segments; a repair's drafts may have a writer of their own.
  Status remove_drafts(Date day) {
    const std::string path = day_path(options_.directory, day);
    FM_ASSIGN(const auto names, env_.list(path));
    for (const std::string& name : names) {
      if (!name.ends_with(kDraft) || name.starts_with("repair-")) continue;
      FM_TRY(env_.remove(join(path, name)));
      ++found_.recovery.leftovers_removed;
    }
    return {};
  }

  // Data whose index someone removed: not to be trusted, and not to be destroyed.
  Status set_aside(const SegmentName& name) {
    const std::string path = path_of(options_.directory, name, kData);
    const std::string aside = path + std::string(kUnindexed);
    FM_TRY(env_.rename(path, aside));
    FM_TRY(env_.sync_directory(parent_of(path)));
    ++found_.recovery.set_aside;
    log_warning("capture: {}: has no index and is set aside as {}", path, base_name(aside));
    return {};
  }

  // Made before the data were, or left when a day was removed; unless it tells of data.
  Status remove_lone_index(const SegmentName& name) {
    const std::string path = path_of(options_.directory, name, kIndex);
    FM_ASSIGN(const std::string bytes, read_text(env_, path, kIndexBytesMax));
    const Index index = parse_index(std::as_bytes(std::span(bytes)));
    if (index.blocks.empty()) {
      ++found_.recovery.leftovers_removed;
      return env_.remove(path);
    }
    log_warning("capture: {}: its data are missing ({} records)", path,
                footer_of(index.blocks).record_count);
    note(name);
    return {};
  }

  Status recover_segment(const SegmentFiles& files) {
    const std::string data = path_of(options_.directory, files.name, kData);
    const std::string index_path = path_of(options_.directory, files.name, kIndex);
    FM_ASSIGN(const FileInfo data_info, env_.info(data));
    FM_ASSIGN(const FileInfo index_info, env_.info(index_path));
    FM_ASSIGN(const bool closed,
              is_closed(index_path, index_info.size_bytes, data_info.size_bytes));
    if (!closed) {
      FM_ASSIGN(auto segment, SegmentReader::open(env_, options_.directory, files.name));
      const Index& index = segment->index();
      if (index.blocks.empty() && (index.header || !index.torn)) {
        // It never held anything durable.
        FM_TRY(env_.remove(data));
        FM_TRY(env_.remove(index_path));
        ++found_.recovery.leftovers_removed;
        return {};
      }
      if (index.blocks.empty()) return set_aside(files.name);
      FM_TRY(finish(*segment, index_path, data_info.size_bytes));
    }
    if (files.compressed) {
      // Compressing was not finished, or only the removal of the data was not: it is done again.
      FM_TRY(env_.remove(path_of(options_.directory, files.name, kCompressed)));
      ++found_.recovery.leftovers_removed;
    }
    found_.uncompressed.push_back(files.name);
    note(files.name);
    return {};
  }

  // As its writer left it after close(): a footer is the index's last entry and the data end there.
  Result<bool> is_closed(const std::string& index_path, std::uint64_t index_bytes,
                         std::uint64_t data_bytes) {
    if (index_bytes < 2 * kEntryBytes || index_bytes % kEntryBytes != 0) return false;
    FM_ASSIGN(auto file, env_.open(index_path));
    FM_TRY(file->seek(index_bytes - kEntryBytes));
    Entry last{};
    FM_ASSIGN(const std::size_t got, file->read(last));
    const auto footer = decode_footer(last);
    return got == last.size() && footer && footer->bytes == data_bytes;
  }

  Status finish(const SegmentReader& segment, const std::string& index_path,
                std::uint64_t data_bytes) {
    const Index& index = segment.index();
    const std::uint64_t end = index.footer ? index.footer->bytes : index.data_bytes();
    if (data_bytes > end) {
      FM_ASSIGN(auto data, env_.create(segment.path(), Create::kOverwrite));
      FM_TRY(data->truncate(end));
      FM_TRY(data->sync());
      FM_TRY(data->close());
      found_.recovery.bytes_cut += data_bytes - end;
    } else if (data_bytes < end) {
      log_warning("capture: {}: ends at byte {}, but its index says {}", segment.path(), data_bytes,
                  end);
    }
    FM_ASSIGN(auto file, env_.create(index_path, Create::kOverwrite));
    std::size_t entries = index.entries;
    if (!index.footer) {
      const Entry footer = encode(footer_of(index.blocks));
      FM_TRY(file->write_at(entries * kEntryBytes, footer));
      ++entries;
    }
    FM_TRY(file->truncate(entries * kEntryBytes));
    FM_TRY(file->sync());
    FM_TRY(file->close());
    ++found_.recovery.segments_finished;
    if (index.damaged_entries != 0)
      log_warning("capture: {}: {} of {} entries are damaged", index_path, index.damaged_entries,
                  index.entries);
    return {};
  }

  void note(const SegmentName& name) {
    if (found_.day && std::pair(*found_.day, found_.segment) >= std::pair(name.day, name.number))
      return;
    found_.day = name.day;
    found_.segment = name.number;
  }

  // The stream's clock, and the mappings: the newest segment begins with all that came before it.
  Status learn_from_newest(std::span<const Date> all_days) {
    bool mapped = false;
    for (std::size_t i = all_days.size(); i-- > 0 && (found_.newest_arrival == 0 || !mapped);) {
      FM_ASSIGN(const auto segments, list_segments(env_, options_.directory, all_days[i]));
      for (std::size_t j = segments.size(); j-- > 0;) {
        if (segments[j].name.repair || !(segments[j].data || segments[j].compressed)) continue;
        auto segment = SegmentReader::open(env_, options_.directory, segments[j].name);
        if (!segment && segment.error().code() == Code::kNotFound) continue;  // without an index
        if (!segment) return std::unexpected(std::move(segment).error());
        for (const Block& block : (*segment)->index().blocks)
          found_.newest_arrival = std::max(found_.newest_arrival, block.last_arrival);
        if (!mapped) {
          const Index& index = (*segment)->index();
          found_.bytes = index.footer ? index.footer->bytes : index.data_bytes();
          FM_TRY(learn_mappings(**segment));
        }
        mapped = true;
      }
    }
    return {};
  }

  Status learn_mappings(SegmentReader& segment) {
    const auto& blocks = segment.index().blocks;
    for (std::size_t number = 0; number < blocks.size(); ++number) {
      if ((blocks[number].holds & kHoldsMappings) == 0) continue;
      auto run = segment.load(number, 1);
      if (!run &&
          (run.error().code() == Code::kCorrupt || run.error().code() == Code::kTruncated)) {
        log_warning("capture: mappings may be missing: {}", run.error().message());
        continue;
      }
      if (!run) return std::unexpected(std::move(run).error());
      FM_TRY(learn_mappings(run->bytes, blocks[number].offset == 0));
    }
    return {};
  }

  Status learn_mappings(std::span<const std::byte> bytes, bool with_metadata) {
    if (with_metadata) {
      FM_ASSIGN(const std::size_t metadata, metadata_bytes(bytes));
      bytes = bytes.subspan(metadata);
    }
    for (AlignedRecords records(bytes); const auto block = records.next();)
      for (const dbn::RecordView record : *block)
        if (const auto* mapping = record.get_if<dbn::SymbolMappingMsg>())
          found_.mappings.add(*mapping);
    return {};
  }

  void report() const {
    const Recovery& did = found_.recovery;
    if (did.bytes_cut + did.segments_finished + did.leftovers_removed == 0) return;
    log_info(
        "capture: {}: finished {} segments that were left open, cut off {} bytes that were not "
        "durable, removed {} leftovers",
        options_.directory, did.segments_finished, did.bytes_cut, did.leftovers_removed);
  }

  Env& env_;
  const LogOptions& options_;
  Found found_;
};

}  // namespace

Result<Found> recover(Env& env, const LogOptions& options) { return Recoverer(env, options).run(); }

}  // namespace fm::capture
