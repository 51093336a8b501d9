#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "jobs/audit.h"
#include "jobs/audit_accounts.h"
#include "jobs/text.h"

namespace fm::jobs {
namespace {

using quality::AuditReport;
using quality::DayCoverage;
using quality::Finding;
using quality::SeriesReport;
using quality::SlotState;

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Text inside a script element, where "</" would end it.
std::string script_text(std::string text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos; at += 6)
    text.replace(at, 1, "\\u003c");
  return text;
}

// What a cell shows: the worst state in it; "0" … "9" by the share of traded slots where all is
// well; "." where nothing is expected.
char shade_of(const DayCoverage& sum) {
  constexpr std::array<std::pair<SlotState, char>, 5> kWorst{{{SlotState::kGap, 'g'},
                                                              {SlotState::kNotLoaded, 'n'},
                                                              {SlotState::kDegraded, 'd'},
                                                              {SlotState::kRepaired, 'r'},
                                                              {SlotState::kHalted, 'h'}}};
  if (sum.expected() == 0) return sum.off_session > 0 ? 'o' : '.';
  for (const auto& [state, letter] : kWorst)
    if (sum.count(state) > 0) return letter;
  if (sum.off_session > 0) return 'o';
  const std::uint64_t tenth = std::uint64_t{10} * sum.count(SlotState::kTraded) / sum.expected();
  return static_cast<char>('0' + std::min<std::uint64_t>(tenth, 9));
}

void add(DayCoverage& sum, const DayCoverage& day) {
  for (std::size_t i = 0; i < quality::kSlotStates; ++i) sum.slots[i] += day.slots[i];
  sum.off_session += day.off_session;
}

std::string counts_text(const DayCoverage& sum) {
  std::string out;
  const auto part = [&](std::uint64_t count, std::string_view word) {
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", with_commas(count), word);
  };
  part(sum.count(SlotState::kTraded), "traded");
  part(sum.count(SlotState::kNoTrade), "without a trade");
  part(sum.count(SlotState::kHalted), "halted");
  part(sum.count(SlotState::kDegraded), "degraded");
  part(sum.count(SlotState::kNotLoaded), "not loaded");
  part(sum.count(SlotState::kGap), "in gaps");
  part(sum.count(SlotState::kRepaired), "repaired");
  part(sum.off_session, "while closed");
  return out.empty() ? "closed" : out;
}

int month_of(Date date) { return date.year() * 12 + static_cast<int>(date.month()) - 1; }

constexpr int kMapWidth = 1'200;
constexpr int kCellWidthMin = 6;
constexpr int kCellWidthMax = 22;
constexpr int kCellHeight = 16;
constexpr int kLeft = 64;
constexpr int kTop = 18;

// Months from left to right, roots from top to bottom.
std::string month_map(const std::vector<const SeriesReport*>& series) {
  int first = 0;
  int last = -1;
  for (const SeriesReport* const one : series) {
    if (one->days.empty()) continue;
    const int begins = month_of(one->days.front().date);
    first = last < 0 ? begins : std::min(first, begins);
    last = std::max(last, month_of(one->days.back().date));
  }
  if (last < 0) return "";
  const int cell = std::clamp(kMapWidth / (last - first + 1), kCellWidthMin, kCellWidthMax);
  const int width = kLeft + (last - first + 1) * cell + 4;
  const int height = kTop + static_cast<int>(series.size()) * kCellHeight;
  std::string out =
      fmt::format("<svg class=months width={} height={} role=img aria-label=\"coverage by month\">",
                  width, height);
  for (int month = first; month <= last; ++month)
    if (month % 12 == 0 || (month == first && month % 12 < 8))
      out += fmt::format("<text x={} y=12>{}</text>", kLeft + (month - first) * cell, month / 12);
  int y = kTop;
  for (const SeriesReport* const one : series) {
    out += fmt::format("<g data-s=\"{}/{}\"><text x=0 y={} class=root>{}</text>",
                       html(one->timeframe), html(one->root), y + 12, html(one->root));
    std::map<int, DayCoverage> months;
    for (const DayCoverage& day : one->days) add(months[month_of(day.date)], day);
    for (const auto& [month, sum] : months)
      out += fmt::format(
          "<rect x={} y={} width={} height={} class=c{}><title>{} {:04}-{:02}: {}</title></rect>",
          kLeft + (month - first) * cell, y, cell - 1, kCellHeight - 2,
          shade_of(sum) == '.' ? 'x' : shade_of(sum), html(one->root), month / 12, month % 12 + 1,
          counts_text(sum));
    out += "</g>\n";
    y += kCellHeight;
  }
  return out + "</svg>\n";
}

// A character for each calendar day from the first on; what is not ordinary in words.
std::string days_json(const SeriesReport& series) {
  if (series.days.empty()) return R"({"first":null,"days":"","notes":{}})";
  std::string days;
  std::string notes;
  const Date first = series.days.front().date;
  for (const DayCoverage& day : series.days) {
    const auto at = static_cast<std::size_t>(day.date - first);
    days.resize(std::max(days.size(), at), '.');
    const char shade = shade_of(day);
    days += shade;
    if (shade < '0' || shade > '9')
      notes += fmt::format(R"({}"{}":"{}")", notes.empty() ? "" : ",", at, counts_text(day));
  }
  return fmt::format(R"({{"first":"{}","days":"{}","notes":{{{}}}}})", first.iso(), days, notes);
}

std::string findings_table(const AuditReport& report) {
  std::string rows;
  for (const auto weight :
       {quality::Weight::kWrong, quality::Weight::kWarning, quality::Weight::kInfo})
    for (const SeriesReport& series : report.series)
      for (const Finding& finding : series.findings) {
        if (quality::weight_of(finding.check) != weight) continue;
        std::string examples;
        for (const std::string& example : finding.examples)
          examples += (examples.empty() ? "" : "<br>") + html(example);
        rows += fmt::format("<tr class=w-{}><td>{}<td>{}<td>{}<td class=n>{}<td>{}<td>{}</tr>\n",
                            name(weight), name(weight), html(series.timeframe), html(series.root),
                            with_commas(finding.count), html(quality::describe(finding.check)),
                            examples);
      }
  if (rows.empty()) return "<p>Nothing was found.</p>\n";
  return "<table><thead><tr><th>weight<th>frame<th>root<th>count<th>what<th>where</tr></thead>\n" +
         rows + "</table>\n";
}

std::string summary_table(const std::vector<const SeriesReport*>& series) {
  std::string out =
      "<table><thead><tr><th>root<th>first<th>last<th>rows<th>expected<th>traded<th>no "
      "trade<th>halted<th>degraded<th>not loaded<th>gap<th>repaired</tr></thead>\n";
  for (const SeriesReport* const one : series) {
    const auto count = [&](SlotState state) { return with_commas(one->count(state)); };
    const auto day = [](const std::optional<Second>& second) {
      return second ? Date::of_second(*second).iso() : std::string();
    };
    out += fmt::format(
        "<tr><td>{}<td>{}<td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td "
        "class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}</tr>\n",
        html(one->root), day(one->first), day(one->last), with_commas(one->rows),
        with_commas(one->expected()), count(SlotState::kTraded), count(SlotState::kNoTrade),
        one->halts_known ? count(SlotState::kHalted) : "unknown", count(SlotState::kDegraded),
        count(SlotState::kNotLoaded), count(SlotState::kGap), count(SlotState::kRepaired));
  }
  return out + "</table>\n";
}

constexpr std::string_view kStyle = R"(
:root{--fg:#1b1f24;--bg:#fff;--soft:#59636e;--line:#d1d9e0;--empty:#eceff2}
@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--soft:#9198a1;--line:#3d444d;--empty:#21262d}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:24px;max-width:1500px}
h1{font-size:20px;margin:0}h2{font-size:16px;margin:28px 0 8px}p{margin:4px 0;color:var(--soft)}
.verdict{font-weight:600;color:var(--fg)}
.scroll{overflow-x:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg text.root{fill:var(--fg);font-size:12px}
svg g{cursor:pointer}
table{border-collapse:collapse;margin:8px 0}td,th{padding:3px 10px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}td.n{text-align:right;font-variant-numeric:tabular-nums}
.w-wrong td:first-child{color:#d1242f;font-weight:600}.w-warning td:first-child{color:#bc4c00}
.legend span{display:inline-block;margin-right:14px}.legend i{display:inline-block;width:12px;height:12px;margin-right:5px;vertical-align:-1px}
.cx{fill:var(--empty);background:var(--empty)}
.c0{fill:#c9e9d3;background:#c9e9d3}.c1{fill:#b6e2c5;background:#b6e2c5}.c2{fill:#a3dab7;background:#a3dab7}.c3{fill:#8fd2a9;background:#8fd2a9}
.c4{fill:#7bca9b;background:#7bca9b}.c5{fill:#66c18d;background:#66c18d}.c6{fill:#50b87f;background:#50b87f}.c7{fill:#38ae71;background:#38ae71}
.c8{fill:#1fa463;background:#1fa463}.c9{fill:#009a56;background:#009a56}
.cg{fill:#d1242f;background:#d1242f}.cn{fill:#8c959f;background:#8c959f}.cd{fill:#f0a30a;background:#f0a30a}
.cr{fill:#2f81f7;background:#2f81f7}.ch{fill:#8250df;background:#8250df}.co{fill:#db61a2;background:#db61a2}
.days{margin:6px 0 14px 64px}
)";

constexpr std::string_view kLegend =
    "<p class=legend><span><i class=c9></i>all slots traded</span><span><i class=c4></i>half of "
    "them</span><span><i class=c0></i>few</span><span><i class=cg></i>gap</span><span><i "
    "class=cn></i>not loaded</span><span><i class=cd></i>degraded</span><span><i "
    "class=cr></i>repaired</span><span><i class=ch></i>halted</span><span><i "
    "class=co></i>bars while closed</span><span><i class=cx></i>closed</span></p>\n";

// Draws the days of the series whose row of months was clicked: a row for each year.
constexpr std::string_view kScript = R"(
const data=JSON.parse(document.getElementById('days').textContent),day=864e5;
document.querySelectorAll('svg.months g').forEach(g=>g.addEventListener('click',()=>{
  const box=g.closest('section').querySelector('.days'),key=g.dataset.s;
  if(box.dataset.s===key){box.dataset.s='';box.replaceChildren();return}
  box.dataset.s=key;
  const s=data[key],t0=Date.parse(s.first),ns='http://www.w3.org/2000/svg',rows=new Map();
  const svg=document.createElementNS(ns,'svg'),add=(name,attributes,text)=>{
    const e=document.createElementNS(ns,name);
    for(const a in attributes)e.setAttribute(a,attributes[a]);
    if(text)e.textContent=text;
    svg.append(e);return e};
  [...s.days].forEach((c,i)=>{
    if(c==='.')return;
    const d=new Date(t0+i*day),y=d.getUTCFullYear();
    if(!rows.has(y)){rows.set(y,rows.size);add('text',{x:0,y:rows.size*16-3},y)}
    const n=Math.round((Date.UTC(y,d.getUTCMonth(),d.getUTCDate())-Date.UTC(y,0,1))/day);
    const r=add('rect',{x:40+n*3.6,y:rows.get(y)*16,width:3.2,height:14,class:'c'+c});
    const t=document.createElementNS(ns,'title');
    t.textContent=d.toISOString().slice(0,10)+': '+(s.notes[i]||(c+'0 % or more traded, else no trade'));
    r.append(t)});
  svg.setAttribute('width',40+366*3.6);svg.setAttribute('height',rows.size*16);
  const title=document.createElement('p');title.textContent=key.replace('/',' ')+', day by day';
  box.replaceChildren(title,svg)}));
)";

}  // namespace

std::string to_html(const AuditReport& report) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width\"><title>Audit of {}</title>\n<style>{}</style>\n"
      "<h1>Audit of {}</h1>\n<p class=verdict>{}: {} wrong, {}, {} for information</p>\n"
      "<p>Made at {}. Each cell is a month; click a root to see its days.</p>\n{}",
      html(report.dataset), kStyle, html(report.dataset),
      report.is_wrong() ? "Something is wrong" : "Nothing is wrong",
      report.findings(quality::Weight::kWrong),
      plural(report.findings(quality::Weight::kWarning), "warning"),
      report.findings(quality::Weight::kInfo), iso_second(report.made_at), kLegend);
  std::string days;
  for (const std::string& timeframe : audit_timeframes()) {
    std::vector<const SeriesReport*> series;
    for (const SeriesReport& one : report.series)
      if (one.timeframe == timeframe) series.push_back(&one);
    if (series.empty()) continue;
    out += fmt::format(
        "<section><h2>{} <small>({})</small></h2>\n<div class=scroll>{}</div><div "
        "class=\"days scroll\"></div>\n<details><summary>Counts</summary>{}</details></section>\n",
        html(timeframe), html(series.front()->table), month_map(series), summary_table(series));
    for (const SeriesReport* const one : series)
      days += fmt::format("{}{}:{}", days.empty() ? "" : ",\n",
                          json_quoted(fmt::format("{}/{}", timeframe, one->root)), days_json(*one));
  }
  out += "<h2>Findings</h2>\n" + findings_table(report) + accounts_html(report, html);
  out += fmt::format("<script type=application/json id=days>{{{}}}</script>\n<script>{}</script>\n",
                     script_text(days), kScript);
  return out + "</html>\n";
}

}  // namespace fm::jobs
