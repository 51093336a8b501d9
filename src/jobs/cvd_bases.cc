#include "jobs/cvd_bases.h"

#include <charconv>

#include "base/log.h"
#include "jobs/session_account.h"
#include "jobs/session_window.h"
#include "postgres/connection.h"

namespace fm::jobs {
namespace {

constexpr const char* kFile = "cvd_bases.txt";
constexpr std::size_t kWords = 4;

std::string file_in(const std::string& state_dir) { return join(state_dir, kFile); }

bool read_number(std::string_view text, std::int64_t& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

Result<std::vector<CvdBase>> ask(postgres::Connection& db, const market::Universe& universe,
                                 const market::Calendar& calendar, Second feed_start) {
  std::vector<CvdBase> bases;
  FM_ASSIGN(const postgres::Rows known,
            db.query("SELECT to_regclass('market_data.candles_1m') IS NOT NULL"));
  if (known[0][0] != "t") return bases;
  const Second boundary = widen_to_front(calendar, feed_start);
  for (const market::Root& root : universe.roots()) {
    const Date first = first_trade_date(calendar, root.name, boundary);
    FM_ASSIGN(const postgres::Rows newest,
              db.query("SELECT trade_date, cvd_close, symbol FROM market_data.candles_1m "
                       "WHERE ticker = $1 AND trade_date < $2 ORDER BY \"time\" DESC LIMIT 1",
                       {root.name, first.iso()}));
    if (newest.empty()) continue;
    CvdBase base{
        .ticker = root.name, .trade_date = {}, .cvd_close = 0, .symbol = newest[0][2].value_or("")};
    FM_ASSIGN(base.trade_date, Date::parse(newest[0][0].value_or("")));
    if (!read_number(newest[0][1].value_or(""), base.cvd_close))
      return fail(Code::kCorrupt, "{}: {}: cvd_close is no number", db.place(), base.ticker);
    bases.push_back(std::move(base));
  }
  return bases;
}

}  // namespace

// TICKER YYYY-MM-DD CVD SYMBOL, a line for each root.
Result<std::vector<CvdBase>> read_cvd_bases(Env& env, const std::string& state_dir) {
  std::vector<CvdBase> bases;
  const std::string file = file_in(state_dir);
  if (!env.exists(file)) return bases;
  FM_ASSIGN(const std::string text, read_text(env, file));
  std::string_view rest = text;
  for (int line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    std::vector<std::string_view> words;
    while (!line.empty()) {
      const std::size_t blank = std::min(line.find(' '), line.size());
      words.push_back(line.substr(0, blank));
      line.remove_prefix(std::min(line.size(), blank + 1));
    }
    CvdBase base;
    const auto date = words.size() == kWords ? Date::parse(words[1]) : Date::parse("");
    if (!date || !read_number(words[2], base.cvd_close))
      return fail(Code::kCorrupt, "{}: line {}: expected TICKER YYYY-MM-DD CVD SYMBOL", file,
                  line_number);
    base.ticker = words[0];
    base.trade_date = *date;
    base.symbol = words[3];
    bases.push_back(std::move(base));
  }
  return bases;
}

Status keep_cvd_bases(Env& env, const lake::Lake& lake, const market::Universe& universe,
                      const market::Calendar& calendar, const Secret& uri, Nanos feed_start) {
  const std::string file = file_in(lake.state_dir());
  if (env.exists(file)) return {};
  FM_ASSIGN(const std::vector<std::string> roots, roots_in(lake));
  if (!roots.empty()) return {};
  FM_ASSIGN(auto db, postgres::Connection::open(env, uri, {}));
  FM_ASSIGN(const std::vector<CvdBase> bases, ask(db, universe, calendar, second_of(feed_start)));
  std::string text;
  for (const CvdBase& base : bases)
    text += fmt::format("{} {} {} {}\n", base.ticker, base.trade_date.iso(), base.cvd_close,
                        base.symbol);
  if (!bases.empty())
    log_info("{}: the CVD of {} roots goes on from what is stored there", db.place(), bases.size());
  return write_text_atomically(env, file, text);
}

}  // namespace fm::jobs
