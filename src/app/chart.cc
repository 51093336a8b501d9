#include "app/chart.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <date/tz.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "app/progress.h"
#include "base/assert.h"

namespace fm::app {
namespace {

struct Colour {
  double red, green, blue;
  double alpha = 1;
};

constexpr Colour rgb(unsigned hex, double alpha = 1) {
  return {((hex >> 16) & 0xff) / 255.0, ((hex >> 8) & 0xff) / 255.0, (hex & 0xff) / 255.0, alpha};
}

// Blue and vermilion of the Okabe–Ito palette: told apart with every common form of colour
// blindness.
constexpr Colour kUp = rgb(0x0072B2);
constexpr Colour kDown = rgb(0xD55E00);
constexpr Colour kPaper = rgb(0xFFFFFF);
constexpr Colour kInk = rgb(0x1B1F24);
constexpr Colour kQuietInk = rgb(0x5B6470);
constexpr Colour kGrid = rgb(0xE6E9ED);
constexpr Colour kFrame = rgb(0xC3C9D1);
constexpr Colour kSwitch = rgb(0x6B3FA0);
constexpr Colour kSecondStint = rgb(0x6B3FA0, 0.045);

constexpr double kLeft = 40;
constexpr double kRight = kChartWidth - 104;
constexpr double kAxisText = 13;
constexpr const char* kFont = "DejaVu Sans";
constexpr const char* kMinus = "\u2212";

struct Rect {
  double top, bottom;
  [[nodiscard]] double height() const { return bottom - top; }
};
constexpr Rect kPricePane{128, 478};
constexpr Rect kDeltaPane{522, 646};
constexpr Rect kCvdPane{690, 812};

// Maps values to y within a pane; low at the bottom.
struct Scale {
  Rect pane;
  double low, high;
  [[nodiscard]] double y(double value) const {
    return pane.bottom - (value - low) / (high - low) * pane.height();
  }
};

class Canvas {
 public:
  explicit Canvas(cairo_t* cr) : cr_(cr) {}

  void colour(Colour c) { cairo_set_source_rgba(cr_, c.red, c.green, c.blue, c.alpha); }
  void fill(double x, double y, double width, double height, Colour c) {
    colour(c);
    cairo_rectangle(cr_, x, y, width, height);
    cairo_fill(cr_);
  }
  void line(double x1, double y1, double x2, double y2, Colour c, double width = 1) {
    colour(c);
    cairo_set_line_width(cr_, width);
    cairo_move_to(cr_, x1, y1);
    cairo_line_to(cr_, x2, y2);
    cairo_stroke(cr_);
  }
  void dashed(double x, double top, double bottom, Colour c) {
    const double dashes[] = {5, 4};
    cairo_set_dash(cr_, dashes, 2, 0);
    line(x, top, x, bottom, c, 1.4);
    cairo_set_dash(cr_, nullptr, 0, 0);
  }
  void font(double size, bool bold = false) {
    cairo_select_font_face(cr_, kFont, CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr_, size);
  }
  [[nodiscard]] double width_of(const std::string& text) {
    cairo_text_extents_t extents;
    cairo_text_extents(cr_, text.c_str(), &extents);
    return extents.x_advance;
  }
  // `anchor` 0 puts x at the text's left, 0.5 at its middle, 1 at its right; y is the base line.
  void text(double x, double y, const std::string& text, Colour c, double anchor = 0) {
    colour(c);
    cairo_move_to(cr_, x - anchor * width_of(text), y);
    cairo_show_text(cr_, text.c_str());
  }
  [[nodiscard]] cairo_t* raw() { return cr_; }

 private:
  cairo_t* cr_;
};

// Half a pixel in, so that one-pixel lines are sharp.
double crisp(double at) { return std::floor(at) + 0.5; }

std::string signed_number(double value, int decimals) {
  std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
  const auto point = digits.find('.');
  const std::string fraction = point == std::string::npos ? "" : digits.substr(point);
  const auto whole = static_cast<std::int64_t>(std::abs(value) + (decimals == 0 ? 0.5 : 0));
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  return fmt::format("{}{}{}", value < 0 && !zero ? kMinus : "", grouped(whole), fraction);
}

// "Mon 9 Jun"
std::string day_name(date::local_days day) {
  const date::year_month_day parts(day);
  return fmt::format("{} {} {}", date::format("%a", day), static_cast<unsigned>(parts.day()),
                     date::format("%b", day));
}

class Drawing {
 public:
  Drawing(cairo_t* cr, const Chart& chart, const date::time_zone& zone)
      : canvas_(cr), chart_(chart), zone_(zone) {}

  void draw() {
    canvas_.fill(0, 0, kChartWidth, kChartHeight, kPaper);
    draw_header();
    const Scale price = price_scale();
    const Scale delta = delta_scale();
    const Scale cvd = cvd_scale();
    for (const auto& pane : {kPricePane, kDeltaPane, kCvdPane}) shade_stints(pane);
    const ChartBar& last = chart_.bars.back();
    const auto last_cvd = static_cast<double>(last.cvd_close);
    draw_pane(price, 7, chart_.price_decimals, "Price", chart_.price_unit, last.close);
    draw_pane(delta, 4, 0, "Volume delta", fmt::format("contracts bought {} sold per bar", kMinus));
    draw_pane(cvd, 5, 0, "Cumulative volume delta", "contracts, continuous across the roll",
              last_cvd);
    draw_time_axis();
    draw_bars(price);
    draw_delta(delta);
    draw_cvd(cvd);
    draw_switches();
    draw_tag(price, last.close, chart_.price_decimals, last.close >= last.open ? kUp : kDown);
    draw_tag(cvd, last_cvd, 0, kInk);
    canvas_.font(11.5);
    canvas_.text(kLeft, kChartHeight - 18, chart_.footer, kQuietInk);
  }

 private:
  [[nodiscard]] double x(Second at) const {
    return kLeft + (kRight - kLeft) * static_cast<double>(at - chart_.begin) /
                       static_cast<double>(chart_.end - chart_.begin);
  }
  [[nodiscard]] Second end_of(std::size_t i) const {
    const Second whole = (chart_.bars[i].start / chart_.bar_seconds + 1) * chart_.bar_seconds;
    return i + 1 < chart_.bars.size() ? std::min(whole, chart_.bars[i + 1].start) : whole;
  }

  [[nodiscard]] date::local_seconds local(Second at) const {
    return zone_.to_local(date::sys_seconds(std::chrono::seconds(at)));
  }

  [[nodiscard]] Scale price_scale() const {
    double low = chart_.bars.front().low;
    double high = chart_.bars.front().high;
    for (const auto& bar : chart_.bars) {
      low = std::min(low, bar.low);
      high = std::max(high, bar.high);
    }
    const double span = std::max(high - low, std::abs(high) * 1e-6 + 1e-9);
    return {kPricePane, low - 0.05 * span, high + 0.11 * span};
  }
  [[nodiscard]] Scale delta_scale() const {
    double most = 1;
    for (const auto& bar : chart_.bars)
      most = std::max(most, std::abs(static_cast<double>(bar.volume_delta)));
    return {kDeltaPane, -1.12 * most, 1.12 * most};
  }
  [[nodiscard]] Scale cvd_scale() const {
    double low = 0;
    double high = 0;
    for (const auto& bar : chart_.bars) {
      low = std::min(low, static_cast<double>(bar.cvd_close));
      high = std::max(high, static_cast<double>(bar.cvd_close));
    }
    const double span = std::max(high - low, 1.0);
    return {kCvdPane, low - 0.08 * span, high + 0.08 * span};
  }

  void draw_header() {
    canvas_.font(25, true);
    canvas_.text(kLeft, 47, chart_.title, kInk);
    canvas_.font(14.5);
    canvas_.text(kLeft, 74, chart_.subtitle, kQuietInk);
    draw_legend();
  }

  void draw_legend() {
    canvas_.font(13);
    double at = kRight;
    const struct {
      const char* text;
      Colour colour;
    } entries[] = {{"price down, more sold", kDown}, {"price up, more bought", kUp}};
    for (const auto& entry : entries) {
      canvas_.text(at, 74, entry.text, kQuietInk, 1);
      at -= canvas_.width_of(entry.text) + 19;
      canvas_.fill(at, 63.5, 12, 12, entry.colour);
      at -= 20;
    }
  }

  // Every second stint has a tint of its own, so that a roll shows in all panes.
  void shade_stints(Rect pane) {
    for (std::size_t i = 1; i < chart_.stints.size(); i += 2) {
      const double from = x(chart_.stints[i].start);
      const double to = i + 1 < chart_.stints.size() ? x(chart_.stints[i + 1].start) : kRight;
      canvas_.fill(from, pane.top, to - from, pane.height(), kSecondStint);
    }
  }

  // `tag` is a value whose label draw_tag will put on the axis: ticks give way to it.
  void draw_pane(const Scale& scale, int tick_count, int decimals, const std::string& name,
                 const std::string& unit, std::optional<double> tag = std::nullopt) {
    const Rect pane = scale.pane;
    const Ticks ticks = round_ticks(scale.low, scale.high, tick_count);
    canvas_.font(kAxisText);
    for (double value = ticks.first; value <= scale.high; value += ticks.step) {
      const double y = crisp(scale.y(value));
      const bool zero = std::abs(value) < ticks.step / 1e6;
      canvas_.line(kLeft, y, kRight, y, zero ? kFrame : kGrid);
      if (tag && std::abs(scale.y(*tag) - y) < 19) continue;
      canvas_.text(kRight + 9, y + 4.5, signed_number(value, decimals), kQuietInk);
    }
    canvas_.colour(kFrame);
    cairo_set_line_width(canvas_.raw(), 1);
    cairo_rectangle(canvas_.raw(), crisp(kLeft), crisp(pane.top), std::round(kRight - kLeft),
                    std::round(pane.height()));
    cairo_stroke(canvas_.raw());
    canvas_.font(14, true);
    canvas_.text(kLeft, pane.top - 10, name, kInk);
    const double name_width = canvas_.width_of(name);
    canvas_.font(13);
    canvas_.text(kLeft + name_width + 10, pane.top - 10, unit, kQuietInk);
  }

  void draw_time_axis() {
    const auto hours = static_cast<int>((chart_.end - chart_.begin) / 3'600);
    const int step = hours > 12 ? 2 : 1;
    std::optional<date::local_days> labelled;
    const Second first = (chart_.begin + 3'599) / 3'600 * 3'600;
    for (Second at = first; at <= chart_.end; at += 3'600) {
      const auto wall = local(at);
      const auto day = date::floor<date::days>(wall);
      const auto hour = date::floor<std::chrono::hours>(wall - day).count();
      // Counted from the axis' first hour, so that the session's open has its label.
      if ((at - first) / 3'600 % step != 0) continue;
      const double at_x = crisp(x(at));
      for (const auto& pane : {kPricePane, kDeltaPane, kCvdPane}) {
        if (at > chart_.begin && at < chart_.end)
          canvas_.line(at_x, pane.top + 1, at_x, pane.bottom - 1, kGrid);
      }
      canvas_.line(at_x, kCvdPane.bottom, at_x, kCvdPane.bottom + 5, kFrame);
      canvas_.font(kAxisText);
      canvas_.text(at_x, kCvdPane.bottom + 20, fmt::format("{:02}:00", hour), kQuietInk, 0.5);
      if (labelled != day) {
        canvas_.font(kAxisText, true);
        canvas_.text(at_x, kCvdPane.bottom + 38, day_name(day), kQuietInk,
                     labelled ? 0.5 : std::min(0.5, (at_x - kLeft) / 60));
        labelled = day;
      }
    }
    canvas_.font(12);
    canvas_.text(kRight, kCvdPane.bottom + 38, chart_.time_zone + " time", kQuietInk, 1);
  }

  void draw_bars(const Scale& scale) {
    for (std::size_t i = 0; i < chart_.bars.size(); ++i) {
      const ChartBar& bar = chart_.bars[i];
      const Colour colour = bar.close >= bar.open ? kUp : kDown;
      const double room = x(end_of(i)) - x(bar.start);
      const double middle = x(bar.start) + room / 2;
      const double width = std::max(1.0, room * 0.64);
      canvas_.line(middle, scale.y(bar.high), middle, scale.y(bar.low), colour, 1);
      const double top = scale.y(std::max(bar.open, bar.close));
      const double bottom = scale.y(std::min(bar.open, bar.close));
      canvas_.fill(middle - width / 2, top, width, std::max(1.0, bottom - top), colour);
    }
  }

  void draw_delta(const Scale& scale) {
    const double zero = scale.y(0);
    for (std::size_t i = 0; i < chart_.bars.size(); ++i) {
      const ChartBar& bar = chart_.bars[i];
      const double room = x(end_of(i)) - x(bar.start);
      const double width = std::max(1.0, room * 0.72);
      const double y = scale.y(static_cast<double>(bar.volume_delta));
      canvas_.fill(x(bar.start) + (room - width) / 2, std::min(y, zero), width, std::abs(y - zero),
                   bar.volume_delta >= 0 ? kUp : kDown);
    }
  }

  // From the value at the left end, through each bar's close at its end.
  void draw_cvd(const Scale& scale) {
    cairo_t* cr = canvas_.raw();
    const ChartBar& first = chart_.bars.front();
    const double last_x = x(end_of(chart_.bars.size() - 1));
    const auto trace = [&] {
      cairo_move_to(cr, x(first.start),
                    scale.y(static_cast<double>(first.cvd_close - first.volume_delta)));
      for (std::size_t i = 0; i < chart_.bars.size(); ++i)
        cairo_line_to(cr, x(end_of(i)), scale.y(static_cast<double>(chart_.bars[i].cvd_close)));
    };
    trace();
    cairo_line_to(cr, last_x, scale.y(0));
    cairo_line_to(cr, x(first.start), scale.y(0));
    cairo_close_path(cr);
    canvas_.colour(rgb(0x1B1F24, 0.07));
    cairo_fill(cr);
    trace();
    canvas_.colour(kInk);
    cairo_set_line_width(cr, 1.8);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
  }

  void draw_switches() {
    for (std::size_t i = 0; i < chart_.stints.size(); ++i) {
      const double from = i == 0 ? kLeft : x(chart_.stints[i].start);
      const double to = i + 1 < chart_.stints.size() ? x(chart_.stints[i + 1].start) : kRight;
      if (i > 0) {
        for (const auto& pane : {kPricePane, kDeltaPane, kCvdPane})
          canvas_.dashed(from, pane.top, pane.bottom, kSwitch);
      }
      draw_contract(chart_.stints[i].symbol, from, to, i);
    }
  }

  // The contract's name at the top of its stretch, and when it took over.
  void draw_contract(const std::string& symbol, double from, double to, std::size_t stint) {
    canvas_.font(15, true);
    const double name_width = canvas_.width_of(symbol);
    if (to - from < name_width + 16) return;  // a stretch too short to be named
    canvas_.text(from + 10, kPricePane.top + 24, symbol, stint == 0 ? kInk : kSwitch);
    if (stint == 0) return;
    canvas_.font(12);
    const std::string since = fmt::format("front month from {}",
                                          date::format("%H:%M", local(chart_.stints[stint].start)));
    if (to - from < name_width + 26 + canvas_.width_of(since)) return;
    canvas_.text(from + 10 + name_width + 8, kPricePane.top + 24, since, kSwitch);
  }

  // The last value, on the axis.
  void draw_tag(const Scale& scale, double value, int decimals, Colour colour) {
    canvas_.font(kAxisText, true);
    const std::string text = signed_number(value, decimals);
    const double y = scale.y(value);
    canvas_.fill(kRight + 1, y - 10, canvas_.width_of(text) + 16, 20, colour);
    canvas_.text(kRight + 9, y + 4.5, text, kPaper);
  }

  Canvas canvas_;
  const Chart& chart_;
  const date::time_zone& zone_;
};

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

cairo_status_t append_bytes(void* closure, const unsigned char* data, unsigned size) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

Result<const date::time_zone*> find_zone(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception& problem) {
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("time zone {}: {}", name, problem.what()))
            .hint("Install the time zone database: apt-get install tzdata"));
  }
}

Status draw_on(cairo_surface_t* surface, const Chart& chart, double scale) {
  FM_ASSERT(!chart.bars.empty() && chart.begin < chart.end);
  FM_ASSIGN(const date::time_zone* const zone, find_zone(chart.time_zone));
  cairo_t* cr = cairo_create(surface);
  cairo_scale(cr, scale, scale);
  Drawing(cr, chart, *zone).draw();
  const cairo_status_t status = cairo_status(cr);
  cairo_destroy(cr);
  if (status == CAIRO_STATUS_SUCCESS) return {};
  return fail(Code::kInternal, "drawing failed: {}", cairo_status_to_string(status));
}

}  // namespace

Ticks round_ticks(double low, double high, int count) {
  FM_ASSERT(low < high && count > 0);
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power < rough * 0.9999) continue;
    step = factor * power;
    break;
  }
  return {std::ceil(low / step - 1e-9) * step, step};
}

Status write_png(Env& env, const Chart& chart, const std::string& path) {
  constexpr int kPixelsPerUnit = 2;
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, kPixelsPerUnit * kChartWidth,
                                                   kPixelsPerUnit * kChartHeight),
                        &cairo_surface_destroy);
  FM_TRY(draw_on(surface.get(), chart, kPixelsPerUnit));
  std::string bytes;
  const cairo_status_t status =
      cairo_surface_write_to_png_stream(surface.get(), append_bytes, &bytes);
  if (status != CAIRO_STATUS_SUCCESS)
    return fail(Code::kInternal, "{}: {}", path, cairo_status_to_string(status));
  return write_text_atomically(env, path, bytes);
}

Status write_svg(Env& env, const Chart& chart, const std::string& path) {
  std::string bytes;
  const Surface surface(
      cairo_svg_surface_create_for_stream(append_bytes, &bytes, kChartWidth, kChartHeight),
      &cairo_surface_destroy);
  FM_TRY(draw_on(surface.get(), chart, 1));
  cairo_surface_finish(surface.get());
  const cairo_status_t status = cairo_surface_status(surface.get());
  if (status != CAIRO_STATUS_SUCCESS)
    return fail(Code::kInternal, "{}: {}", path, cairo_status_to_string(status));
  return write_text_atomically(env, path, bytes);
}

}  // namespace fm::app
