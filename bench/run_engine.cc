#include "run_engine.h"

#include <span>
#include <utility>

#include "candles/instruments.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "dbn/tbbo_text.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::bench {
namespace {

using candles::Engine;

class Count final : public candles::Output {
 public:
  void candles(std::span<const candles::CandleRow> rows) override {
    run.rows += rows.size();
    for (const candles::CandleRow& row : rows) run.volume += row.volume;
  }
  void seconds(std::span<const candles::SecondRow>) override {}
  void session(const candles::SessionRow&) override {}
  void rejected(const candles::Rejection&) override {}

  EngineRun run;
};

class Keep final : public candles::Output {
 public:
  void candles(std::span<const candles::CandleRow> more) override {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  void seconds(std::span<const candles::SecondRow>) override {}
  void session(const candles::SessionRow&) override {}
  void rejected(const candles::Rejection&) override {}

  std::vector<candles::CandleRow> rows;
};

candles::EngineOptions candles_alone() {
  candles::EngineOptions options;
  options.seconds = false;
  return options;
}

Status feed_dbn(Env& env, const std::string& path, Engine& engine) {
  FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(env, path));
  FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(input.source), input.name));
  dbn::SymbolMap map;
  map.add(reader.metadata());
  const candles::SourceId source = engine.begin_source();
  candles::Instruments instruments(map, source, reader.metadata().schema);
  while (true) {
    FM_ASSIGN(const dbn::RecordBlock block, reader.next());
    if (block.empty()) break;
    engine.feed(block, instruments);
  }
  engine.end_source(source);
  engine.finish();
  return {};
}

Status feed_json(Env& env, const std::string& path, Engine& engine) {
  FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(env, path));
  dbn::TbboTextReader reader(std::move(input.source), input.name, dbn::TextForm::kJsonLines);
  const candles::SourceId source = engine.begin_source();
  while (true) {
    FM_ASSIGN(const std::span<const dbn::TbboLine> lines, reader.next());
    if (lines.empty()) break;
    for (const dbn::TbboLine& line : lines) {
      if (line.kind != dbn::LineKind::kTbbo) {
        return fail(Code::kCorrupt, "{}: line {} is no TBBO: {}", path, line.line_number,
                    line.reason);
      }
      engine.feed(line.record, engine.intern(line.symbol), line.line_number, source);
    }
  }
  engine.end_source(source);
  engine.finish();
  return {};
}

template <class Feed>
Result<EngineRun> count_rows(Env& env, const std::string& path, Feed feed) {
  Count count;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), candles_alone(), count);
  FM_TRY(feed(env, path, engine));
  count.run.records = engine.stats().records;
  return count.run;
}

}  // namespace

Result<EngineRun> candles_of_dbn(Env& env, const std::string& path) {
  return count_rows(env, path, feed_dbn);
}

Result<EngineRun> candles_of_json(Env& env, const std::string& path) {
  return count_rows(env, path, feed_json);
}

Result<KeptRows> keep_candles_of_dbn(Env& env, const std::string& path) {
  auto keep = std::make_unique<Keep>();
  auto engine = std::make_unique<Engine>(market::Universe::builtin(), market::Calendar::builtin(),
                                         candles_alone(), *keep);
  FM_TRY(feed_dbn(env, path, *engine));
  std::vector<candles::CandleRow> rows = std::move(keep->rows);
  return KeptRows{.output = std::move(keep), .engine = std::move(engine), .rows = std::move(rows)};
}

}  // namespace fm::bench
