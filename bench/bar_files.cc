#include "bar_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "dbn/byte_source.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"
#include "market/session.h"
#include "minutes.h"
#include "table/catalogue.h"

namespace fm::bench {
namespace {

constexpr Nanos kMinuteNanos = 60 * kNanosPerSecond;
constexpr std::array<const char*, 4> kDailyRoots{"ES", "CL", "GC", "ZL"};
constexpr int kDailyContracts = 2;
constexpr int kMinutesADay = 625;
constexpr int kMinutesADayQuick = 20;

// Prices on a random walk, the same on every machine.
class Walk {
 public:
  dbn::OhlcvMsg bar(Nanos time, std::uint32_t instrument) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    const Price open = price_;
    price_ += (static_cast<Price>(state_ % 9) - 4) * (kPriceScale / 4);
    dbn::OhlcvMsg bar{};
    bar.header = {dbn::kLengthOf<dbn::OhlcvMsg>, dbn::RType::kOhlcv1m, 1, instrument, time};
    bar.open = open;
    bar.high = std::max(open, price_) + kPriceScale / 4;
    bar.low = std::min(open, price_) - kPriceScale / 4;
    bar.close = price_;
    bar.volume = state_ % 1'000;
    return bar;
  }

 private:
  Price price_ = 6'000 * kPriceScale;
  std::uint64_t state_ = 88'172'645'463'325'252ULL;
};

dbn::Metadata metadata_of(const std::vector<std::string>& symbols, Date from, Date to) {
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.schema = dbn::Schema::kOhlcv1m;
  metadata.stype_in = dbn::SType::kRawSymbol;
  metadata.start = static_cast<Nanos>(from.first_second()) * kNanosPerSecond;
  metadata.end = static_cast<Nanos>(to.first_second()) * kNanosPerSecond;
  metadata.symbols = symbols;
  for (std::size_t i = 0; i < symbols.size(); ++i)
    metadata.mappings.push_back({symbols[i], {{from, to, std::to_string(i + 1)}}});
  return metadata;
}

Status write_daily_file(Env& env, const std::string& path, const std::string& root, Date day,
                        int minutes, Walk& walk) {
  std::string text;
  const int year = (day.year() + 1) % 10;
  for (int minute = 0; minute < minutes; ++minute)
    for (int contract = 0; contract < kDailyContracts; ++contract) {
      const Nanos time = static_cast<Nanos>(day.first_second()) * kNanosPerSecond +
                         static_cast<Nanos>(minute) * kMinuteNanos;
      const auto bar = walk.bar(time, static_cast<std::uint32_t>(contract + 1));
      const std::string symbol = fmt::format("{}{}{}", root, contract == 0 ? 'H' : 'M', year);
      if (!dbn::append_json(dbn::RecordView(bar), {.map_symbols = true}, symbol, text))
        return fail(Code::kInternal, "a bar is no JSON");
    }
  return write_text_atomically(env, path, text);
}

Status note_file(Env& env, BarFiles& files, std::string path) {
  FM_ASSIGN(const FileInfo info, env.info(path));
  files.bytes += info.size_bytes;
  files.files.push_back(std::move(path));
  return {};
}

// One partition's bars as the vendor's file.
Status write_yearly_file(const Context& context, const lake::Lake& lake, const std::string& root,
                         int year, const std::string& path) {
  const auto& table = table::databento_futures_ohlcv_1m();
  FM_ASSIGN(
      const auto rows,
      lake.read(table, {.root = root, .from = Date(year, 1, 1), .before = Date(year + 1, 1, 1)}));
  std::vector<std::string> symbols;
  for (const char month : {'H', 'M', 'U', 'Z'})
    symbols.push_back(fmt::format("{}{}{}", root, month, (year + 1) % 10));
  const std::string draft = path + ".draft.dbn.zst";
  FM_ASSIGN(auto sink, dbn::create_output(*context.env, draft));
  FM_ASSIGN(auto writer, dbn::Writer::open(std::move(sink), metadata_of(symbols, Date(year, 1, 1),
                                                                        Date(year + 1, 1, 1))));
  table::RowBatch batch(table);
  const auto column = [&](std::string_view name) { return table.column_index(name); };
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) break;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const auto price = [&](std::string_view name) {
        return static_cast<Price>(batch.doubles(column(name))[row] * 100) * (kPriceScale / 100);
      };
      const auto place = std::ranges::find(symbols, batch.text(column("symbol"), row));
      dbn::OhlcvMsg bar{};
      bar.header = {dbn::kLengthOf<dbn::OhlcvMsg>, dbn::RType::kOhlcv1m, 1,
                    static_cast<std::uint32_t>(place - symbols.begin()) + 1,
                    static_cast<Nanos>(batch.int64s(column("ts_event"))[row]) * 1'000};
      bar.open = price("open");
      bar.high = price("high");
      bar.low = price("low");
      bar.close = price("close");
      bar.volume = static_cast<std::uint64_t>(batch.int64s(column("volume"))[row]);
      FM_TRY(writer.write(bar));
    }
  }
  FM_TRY(writer.finish());
  return context.env->rename(draft, path);
}

}  // namespace

Result<std::shared_ptr<BarFiles>> ensure_daily_json(const Context& context) {
  Env& env = *context.env;
  const int minutes = context.data.records < 10'000'000 ? kMinutesADayQuick : kMinutesADay;
  auto made = std::make_shared<BarFiles>();
  made->directory = join(context.data.directory, fmt::format("daily-json-{}", minutes));
  made->rows = std::uint64_t{kDailyFiles} * static_cast<std::uint64_t>(minutes * kDailyContracts);
  Walk walk;
  constexpr int kDays = (kDailyFiles + static_cast<int>(kDailyRoots.size()) - 1) /
                        static_cast<int>(kDailyRoots.size());
  for (const char* root : kDailyRoots) {
    const std::string folder = join(made->directory, root);
    FM_TRY(env.make_directories(folder));
    for (int day = 0; day < kDays && made->files.size() < kDailyFiles; ++day) {
      const Date date = Date(2021, 1, 4) + day;
      std::string name = date.iso();
      std::erase(name, '-');
      std::string path = join(folder, fmt::format("glbx-mdp3-{}.ohlcv-1m.json", name));
      if (!env.exists(path)) FM_TRY(write_daily_file(env, path, root, date, minutes, walk));
      FM_TRY(note_file(env, *made, std::move(path)));
    }
  }
  return made;
}

Result<std::shared_ptr<BarFiles>> ensure_yearly_dbn(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(const auto minutes, ensure_minutes(context));
  FM_ASSIGN(const auto lake, open_minutes(context, minutes->directory));
  auto made = std::make_shared<BarFiles>();
  made->directory = minutes->directory + "-dbn";
  made->rows = minutes->rows;
  FM_TRY(env.make_directories(made->directory));
  FM_ASSIGN(const auto partitions, lake->partitions(table::databento_futures_ohlcv_1m()));
  for (const lake::Manifest& manifest : partitions) {
    const lake::PartitionKey key = manifest.key();
    std::string path =
        join(made->directory, fmt::format("{}-{}.ohlcv-1m.dbn.zst", key.root, key.date.year()));
    if (!env.exists(path))
      FM_TRY(write_yearly_file(context, *lake, key.root, key.date.year(), path));
    FM_TRY(note_file(env, *made, std::move(path)));
  }
  return made;
}

Status write_bars(Env& env, const std::string& path, std::uint64_t rows) {
  const Date first(2011, 1, 1);
  std::vector<std::string> symbols;
  std::vector<Walk> walks;
  for (const char* root : {"CL", "ES", "GC", "NQ", "ZL"})
    for (const char month : {'H', 'M', 'U', 'Z'})
      symbols.push_back(fmt::format("{}{}5", root, month));
  walks.resize(symbols.size());
  FM_ASSIGN(auto sink, dbn::create_output(env, path));
  FM_ASSIGN(auto writer,
            dbn::Writer::open(std::move(sink), metadata_of(symbols, first, Date(2031, 1, 1))));
  const Nanos start = static_cast<Nanos>(first.first_second()) * kNanosPerSecond;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const std::size_t i = row % symbols.size();
    const Nanos time = start + row / symbols.size() * kMinuteNanos;
    FM_TRY(writer.write(walks[i].bar(time, static_cast<std::uint32_t>(i + 1))));
  }
  return writer.finish();
}

}  // namespace fm::bench
