#include "sim/output/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "sim/output/answer.hpp"
#include "sim/output/axis.hpp"
#include "sim/output/number_text.hpp"
#include "sim/output/svg.hpp"

namespace labtwin::output {
namespace {

constexpr std::string_view kGrid = "#e3e6ea";
constexpr std::string_view kAxis = "#7a828c";
constexpr std::string_view kQuiet = "#5b636d";
constexpr std::string_view kRest = "#c9ced6";
/// Okabe and Ito's palette, which colour-blind readers can tell apart; the first is for waiting on the worst culprit.
constexpr std::array<std::string_view, 6> kColors{"#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"};
constexpr std::size_t kMaxCategories = kColors.size();

constexpr double kWidth = 1180.0;
constexpr double kMargin = 28.0;
constexpr double kTitleLine = 24.0;
constexpr double kTitleSize = 17.0;
constexpr double kBoldWidth = 1.2;  ///< of bold letters, in that of others
constexpr double kBarHeight = 22.0;
constexpr double kBarGap = 14.0;
constexpr double kPanelHeight = 330.0;
constexpr double kLogarithmicFrom = 20.0;  ///< ratio of largest to smallest value from which an axis is logarithmic

struct Panel {
  Point corner;
  Size size;
};

std::vector<std::string> wrapped(const std::string& sentence, double width, double size) {
  std::vector<std::string> lines{""};
  std::size_t start = 0;
  while (start < sentence.size()) {
    const std::size_t space = std::min(sentence.find(' ', start), sentence.size());
    const std::string word = sentence.substr(start, space - start);
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (text_width(longer, size) > width && !lines.back().empty()) {
      lines.push_back(word);
    } else {
      lines.back() = longer;
    }
    start = space + 1;
  }
  return lines;
}

/// Ticks are round: no digits for show.
std::string tick_text(double value) {
  return fmt::format("{:g}", value);
}

/// Title and sentences; returns the height used.
double draw_heading(Svg& svg, const Results& results) {
  const std::vector<std::string> sentences = answer(results);
  double y = kMargin + kTitleSize;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const double size = i == 0 ? kTitleSize : 13.0;
    for (const std::string& line : wrapped(sentences[i], kWidth - 2 * kMargin, i == 0 ? kBoldWidth * size : size)) {
      svg.text({kMargin, y}, line, {.size = size, .bold = i == 0, .color = i == 0 ? "#111111" : kQuiet});
      y += i == 0 ? kTitleLine : 19.0;
    }
  }
  return y + 4.0;
}

std::string category_of(const BlameRow& row, const std::string& workload) {
  if (row.kind == "service") return row.resource + " at work";
  return fmt::format("{} {} behind {}", row.kind == "slowdown" ? "slowed at" : "waiting for", row.resource,
                     culprit_text(row.culprit, workload));
}

using Shares = std::map<std::string, double>;

Shares tail_seconds(const std::vector<BlameRow>& blame, const std::string& workload, double tail_mean_s) {
  Shares shares;
  for (const BlameRow& row : blame) {
    if (row.workload == workload) shares[category_of(row, workload)] += row.tail_share * tail_mean_s;
  }
  return shares;
}

struct Bar {
  std::string name;
  Shares seconds;
  double total = 0.0;
};

std::vector<Bar> make_bars(const Results& results) {
  std::vector<Bar> bars;
  const LatencyRow* now = results.find_latency(results.workload);
  if (now != nullptr) {
    bars.push_back({"as it is", tail_seconds(results.blame, results.workload, now->tail_mean_s), now->tail_mean_s});
  }
  for (const CounterfactualRow& row : results.counterfactuals) {
    bars.push_back({row.name, tail_seconds(row.blame, row.workload, row.tail_mean_s), row.tail_mean_s});
  }
  if (bars.size() > 1) {
    std::stable_sort(bars.begin() + 1, bars.end(), [](const Bar& a, const Bar& b) { return a.total > b.total; });
  }
  return bars;
}

/// The categories worth a colour, largest over all bars first.
std::vector<std::string> main_categories(const std::vector<Bar>& bars) {
  Shares total;
  for (const Bar& bar : bars) {
    for (const auto& [name, seconds] : bar.seconds) total[name] += seconds;
  }
  std::vector<std::string> names;
  for (const auto& [name, seconds] : total) names.push_back(name);
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return total[a] > total[b]; });
  if (names.size() > kMaxCategories) names.resize(kMaxCategories);
  std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name.starts_with("waiting"); });
  return names;
}

void draw_legend(Svg& svg, Point at, const std::vector<std::string>& names, double width) {
  Point place = at;
  std::vector<std::string> all = names;
  all.push_back("everything else");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double needed = 18.0 + text_width(all[i], 11.5) + 16.0;
    if (place.x + needed > at.x + width && place.x > at.x) place = {at.x, place.y + 18.0};
    svg.rectangle({place.x, place.y - 10.0}, {12.0, 12.0}, i < names.size() ? kColors[i] : kRest);
    svg.text({place.x + 17.0, place.y}, all[i], {.size = 11.5});
    place.x += needed;
  }
}

void draw_bar(Svg& svg, const Bar& bar, const std::vector<std::string>& names, const Axis& axis, double y) {
  double so_far = 0.0;
  double named = 0.0;
  const auto piece = [&](double seconds, std::string_view color, const std::string& name) {
    if (seconds <= 0.0) return;
    const double from = axis.pixel(so_far);
    so_far += seconds;
    svg.rectangle({from, y}, {axis.pixel(so_far) - from, kBarHeight}, color,
                  fmt::format("{}: {}", name, duration_text(seconds)));
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = bar.seconds.find(names[i]);
    const double seconds = found == bar.seconds.end() ? 0.0 : found->second;
    named += seconds;
    piece(seconds, kColors[i], names[i]);
  }
  piece(std::max(0.0, bar.total - named), kRest, "everything else");
  svg.text({axis.pixel(so_far) + 6.0, y + kBarHeight * 0.7}, duration_text(bar.total), {.size = 11.5, .color = kQuiet});
}

void draw_tail_panel(Svg& svg, const Panel& panel, const Results& results) {
  const std::vector<Bar> bars = make_bars(results);
  if (bars.empty()) return;
  const std::vector<std::string> names = main_categories(bars);
  double longest_name = 0.0;
  double longest_bar = 0.0;
  for (const Bar& bar : bars) {
    longest_name = std::max(longest_name, text_width(bar.name, 12.0));
    longest_bar = std::max(longest_bar, bar.total);
  }
  svg.text(panel.corner, fmt::format("What the slowest 5 % of {}s spend their time on", results.unit_of_work),
           {.size = 13.5, .bold = true});
  const double left = panel.corner.x + longest_name + 10.0;
  const double top = panel.corner.y + 18.0;
  const double bottom = top + static_cast<double>(bars.size()) * (kBarHeight + kBarGap);
  const Axis axis(Scale::Linear, {0.0, longest_bar}, {left, panel.corner.x + panel.size.width - 58.0});
  for (const double tick : axis.ticks()) {
    svg.line({axis.pixel(tick), top - 4.0}, {axis.pixel(tick), bottom}, {.color = kGrid});
    svg.text({axis.pixel(tick), bottom + 16.0}, tick_text(tick), {.size = 11.0, .anchor = Anchor::Middle, .color = kQuiet});
  }
  double y = top + kBarGap / 2.0;
  for (const Bar& bar : bars) {
    svg.text({left - 8.0, y + kBarHeight * 0.7}, bar.name, {.size = 12.0, .anchor = Anchor::End});
    draw_bar(svg, bar, names, axis, y);
    y += kBarHeight + kBarGap;
  }
  svg.line({left, top - 4.0}, {left, bottom}, {.color = kAxis});
  svg.text({(left + panel.corner.x + panel.size.width - 58.0) / 2.0, bottom + 34.0}, "mean time in s",
           {.size = 11.5, .anchor = Anchor::Middle, .color = kQuiet});
  draw_legend(svg, {panel.corner.x, bottom + 58.0}, names, panel.size.width);
}

double tail_panel_height(const Results& results) {
  return static_cast<double>(1 + results.counterfactuals.size()) * (kBarHeight + kBarGap) + 18.0 + 100.0;
}

struct Curve {
  std::string_view name;
  std::string_view color;
  double SweepRow::*value;
};
constexpr std::array<Curve, 3> kCurves{
    {{"p99", "#cc79a7", &SweepRow::p99_s}, {"p95", "#d55e00", &SweepRow::p95_s}, {"p50", "#0072b2", &SweepRow::p50_s}}};

/// A point of the sweep and where it stands: by what the swept job moved, or in the order of the values.
struct PlacedPoint {
  const SweepRow* row = nullptr;
  double x = 0.0;
};

bool has_job(const SweepResult& sweep) {
  return std::any_of(sweep.points.begin(), sweep.points.end(), [](const SweepRow& row) { return row.job_bytes_per_s; });
}

std::vector<PlacedPoint> placed_points(const SweepResult& sweep) {
  std::vector<PlacedPoint> points;
  const bool by_job = has_job(sweep);
  for (const SweepRow& row : sweep.points) {
    const double megabytes = row.job_bytes_per_s.value_or(0.0) * 1e-6;
    points.push_back({&row, by_job ? megabytes : static_cast<double>(points.size())});
  }
  std::stable_sort(points.begin(), points.end(), [](const PlacedPoint& a, const PlacedPoint& b) { return a.x < b.x; });
  return points;
}

void draw_curves(Svg& svg, const std::vector<PlacedPoint>& points, const Axis& x, const Axis& y) {
  std::string band;
  for (const PlacedPoint& at : points) band += point_text({x.pixel(at.x), y.pixel(at.row->p95_interval_s.high)}) + " ";
  for (auto at = points.rbegin(); at != points.rend(); ++at) {
    band += point_text({x.pixel(at->x), y.pixel(std::max(at->row->p95_interval_s.low, 1e-9))}) + " ";
  }
  svg.polygon(band, "#d55e00", 0.15);
  for (const Curve& curve : kCurves) {
    std::string line;
    for (const PlacedPoint& at : points) line += point_text({x.pixel(at.x), y.pixel(at.row->*(curve.value))}) + " ";
    svg.polyline(line, {.color = curve.color, .width = 2.0});
    for (const PlacedPoint& at : points) svg.circle({x.pixel(at.x), y.pixel(at.row->*(curve.value))}, 3.2, curve.color);
  }
}

/// What the values of a sweep are, and which share of requests failed there.
void draw_values(Svg& svg, const std::vector<PlacedPoint>& points, const Axis& x, double top, double bottom) {
  for (const PlacedPoint& at : points) {
    const TextStyle middle{.size = 11.0, .anchor = Anchor::Middle, .color = kQuiet};
    svg.line({x.pixel(at.x), bottom}, {x.pixel(at.x), bottom + 4.0}, {.color = kAxis});
    svg.text({x.pixel(at.x), bottom + 17.0}, at.row->value, middle);
    if (at.row->failed_fraction > 0.0) svg.text({x.pixel(at.x), top - 3.0}, percent(at.row->failed_fraction) + " fail", middle);
  }
}

void draw_curve_legend(Svg& svg, Point at) {
  double left = at.x;
  for (auto curve = kCurves.rbegin(); curve != kCurves.rend(); ++curve) {
    svg.line({left, at.y - 4.0}, {left + 18.0, at.y - 4.0}, {.color = curve->color, .width = 2.5});
    svg.text({left + 23.0, at.y}, curve->name, {.size = 11.5});
    left += 60.0;
  }
  svg.rectangle({left, at.y - 10.0}, {18.0, 12.0}, "#f7dfcc");
  svg.text({left + 23.0, at.y}, "90 % interval of p95", {.size = 11.5});
}

void draw_sweep_panel(Svg& svg, const Panel& panel, const Results& results) {
  const std::vector<PlacedPoint> points = placed_points(*results.sweep);
  const bool by_job = has_job(*results.sweep);
  double largest = 0.0;
  double smallest = points.front().row->p50_s;
  for (const PlacedPoint& at : points) {
    largest = std::max({largest, at.row->p99_s, at.row->p95_interval_s.high});
    smallest = std::min(smallest, at.row->p50_s);
  }
  svg.text(panel.corner,
           fmt::format("How long {} takes{}", with_article(results.unit_of_work), by_job ? " beside the neighbour" : ""),
           {.size = 13.5, .bold = true});
  const double left = panel.corner.x + 52.0;
  const double right = panel.corner.x + panel.size.width;
  const double top = panel.corner.y + 40.0;
  const double bottom = panel.corner.y + panel.size.height - 40.0;
  const bool logarithmic = smallest > 0.0 && largest / smallest > kLogarithmicFrom;
  const Axis x(Scale::Linear, {0.0, points.back().x}, {left, by_job ? right : right - 20.0});
  const Axis y(logarithmic ? Scale::Logarithmic : Scale::Linear, {smallest, largest}, {bottom, top});
  for (const double tick : y.ticks()) {
    svg.line({left, y.pixel(tick)}, {right, y.pixel(tick)}, {.color = kGrid});
    svg.text({left - 7.0, y.pixel(tick) + 4.0}, tick_text(tick), {.size = 11.0, .anchor = Anchor::End, .color = kQuiet});
  }
  if (by_job) {
    for (const double tick : x.ticks()) {
      svg.line({x.pixel(tick), bottom}, {x.pixel(tick), bottom + 4.0}, {.color = kAxis});
      svg.text({x.pixel(tick), bottom + 17.0}, tick_text(tick), {.size = 11.0, .anchor = Anchor::Middle, .color = kQuiet});
    }
  } else {
    draw_values(svg, points, x, top, bottom);
  }
  svg.line({left, bottom}, {right, bottom}, {.color = kAxis});
  svg.text({(left + right) / 2.0, bottom + 35.0}, results.sweep->label,
           {.size = 11.5, .anchor = Anchor::Middle, .color = kQuiet});
  svg.text({panel.corner.x + 12.0, (top + bottom) / 2.0}, fmt::format("time of {} in s", with_article(results.unit_of_work)),
           {.size = 11.5, .anchor = Anchor::Middle, .color = kQuiet, .turn_degrees = -90.0});
  draw_curve_legend(svg, {left, panel.corner.y + 22.0});
  draw_curves(svg, points, x, y);
}

}  // namespace

std::string plot_svg(const Results& results) {
  Svg probe({kWidth, 100.0});
  const double heading = draw_heading(probe, results);
  const bool has_sweep = results.sweep && results.sweep->points.size() > 1;
  const double height = heading + 24.0 + std::max(has_sweep ? kPanelHeight : 0.0, tail_panel_height(results)) + kMargin;
  Svg svg({kWidth, height});
  draw_heading(svg, results);
  const double top = heading + 24.0;
  const double half = (kWidth - 3 * kMargin) / 2.0;
  if (has_sweep) draw_sweep_panel(svg, {{kMargin, top}, {half - 30.0, kPanelHeight}}, results);
  const double tail_left = has_sweep ? 2 * kMargin + half : kMargin;
  draw_tail_panel(svg, {{tail_left, top}, {kWidth - kMargin - tail_left, 0.0}}, results);
  return svg.document();
}

}  // namespace labtwin::output
