#include "sim/output/sweep_panel.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "sim/output/axis.hpp"
#include "sim/output/number_text.hpp"

namespace labtwin::output {
namespace {

constexpr double kCurvesHeight = 330.0;
constexpr double kFailuresHeight = 210.0;
constexpr double kLeftOfAxis = 62.0;
constexpr double kBelowAxis = 40.0;
constexpr double kAboveAxis = 40.0;
constexpr double kFailureBar = 26.0;
constexpr std::string_view kFailed = "#a4161a";
constexpr double kLogarithmicFrom = 20.0;  ///< ratio of largest to smallest value from which an axis is logarithmic

struct Curve {
  std::string_view name;
  std::string_view color;
  double SweepRow::*value;
};
constexpr std::array<Curve, 3> kCurves{
    {{"p99", "#cc79a7", &SweepRow::p99_s}, {"p95", "#d55e00", &SweepRow::p95_s}, {"p50", "#0072b2", &SweepRow::p50_s}}};

/// A point of the sweep and where it stands: by what the swept job moved in MB/s, or from 0 to 1 in the order of the values.
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
    const double place = static_cast<double>(points.size()) / static_cast<double>(sweep.points.size() - 1);
    points.push_back({&row, by_job ? megabytes : place});
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

/// What the values of a sweep are, along the lower edge.
void draw_values(Svg& svg, const SweepResult& sweep, const std::vector<PlacedPoint>& points, const Axis& x, double bottom) {
  const TextStyle middle{.size = 11.0, .anchor = Anchor::Middle, .color = kQuiet};
  const auto mark = [&](double value, const std::string& text) {
    svg.line({x.pixel(value), bottom}, {x.pixel(value), bottom + 4.0}, {.color = kAxis});
    svg.text({x.pixel(value), bottom + 17.0}, text, middle);
  };
  if (has_job(sweep)) {
    for (const double tick : x.ticks()) mark(tick, tick_text(tick));
  } else {
    for (const PlacedPoint& at : points) mark(at.x, at.row->value);
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

/// The area between the axes of a panel.
struct Frame {
  double left = 0.0;
  double right = 0.0;
  double top = 0.0;
  double bottom = 0.0;
};

Frame frame_of(const Panel& panel) {
  return {.left = panel.corner.x + kLeftOfAxis,
          .right = panel.corner.x + panel.size.width,
          .top = panel.corner.y + kAboveAxis,
          .bottom = panel.corner.y + panel.size.height - kBelowAxis};
}

void draw_axes(Svg& svg, const Panel& panel, const Axis& y, const std::string& y_label, const SweepResult& sweep) {
  const Frame frame = frame_of(panel);
  const TextStyle label{.size = 11.5, .anchor = Anchor::Middle, .color = kQuiet};
  for (const double tick : y.ticks()) {
    svg.line({frame.left, y.pixel(tick)}, {frame.right, y.pixel(tick)}, {.color = kGrid});
    svg.text({frame.left - 7.0, y.pixel(tick) + 4.0}, tick_text(tick), {.size = 11.0, .anchor = Anchor::End, .color = kQuiet});
  }
  svg.line({frame.left, frame.bottom}, {frame.right, frame.bottom}, {.color = kAxis});
  svg.text({(frame.left + frame.right) / 2.0, frame.bottom + 35.0}, sweep.label, label);
  TextStyle turned = label;
  turned.turn_degrees = -90.0;
  svg.text({panel.corner.x + 12.0, (frame.top + frame.bottom) / 2.0}, y_label, turned);
}

/// Values in their order keep clear of the edges, so that bars over them have room.
Axis value_axis(const Frame& frame, const SweepResult& sweep, const std::vector<PlacedPoint>& points) {
  const double clear = has_job(sweep) ? 0.0 : kFailureBar;
  return {Scale::Linear, {0.0, points.back().x}, {frame.left + clear, frame.right - clear}};
}

void draw_times(Svg& svg, const Panel& panel, const Results& results, const std::vector<PlacedPoint>& points) {
  const SweepResult& sweep = *results.sweep;
  double largest = 0.0;
  double smallest = points.front().row->p50_s;
  for (const PlacedPoint& at : points) {
    largest = std::max({largest, at.row->p99_s, at.row->p95_interval_s.high});
    smallest = std::min(smallest, at.row->p50_s);
  }
  svg.text(
      panel.corner,
      fmt::format("How long {} takes{}", with_article(results.unit_of_work), has_job(sweep) ? " beside the neighbour" : ""),
      {.size = kPanelTitleSize, .bold = true});
  const Frame frame = frame_of(panel);
  const bool logarithmic = smallest > 0.0 && largest / smallest > kLogarithmicFrom;
  const Axis x = value_axis(frame, sweep, points);
  const Axis y(logarithmic ? Scale::Logarithmic : Scale::Linear, {smallest, largest}, {frame.bottom, frame.top});
  draw_axes(svg, panel, y, fmt::format("time of {} in s", with_article(results.unit_of_work)), sweep);
  draw_values(svg, sweep, points, x, frame.bottom);
  draw_curve_legend(svg, {frame.left, panel.corner.y + 22.0});
  draw_curves(svg, points, x, y);
}

/// A bar for each value: the share that failed, of which the rest was answered.
void draw_failures(Svg& svg, const Panel& panel, const Results& results, const std::vector<PlacedPoint>& points) {
  const SweepResult& sweep = *results.sweep;
  double largest = 0.0;
  for (const PlacedPoint& at : points) largest = std::max(largest, at.row->failed_fraction);
  svg.text(panel.corner, fmt::format("How many {} fail", plural(results.unit_of_work)),
           {.size = kPanelTitleSize, .bold = true});
  const Frame frame = frame_of(panel);
  const Axis x = value_axis(frame, sweep, points);
  const Axis y(Scale::Linear, {0.0, 100.0 * largest}, {frame.bottom, frame.top});
  draw_axes(svg, panel, y, "% that fail", sweep);
  draw_values(svg, sweep, points, x, frame.bottom);
  for (const PlacedPoint& at : points) {
    const double failed = at.row->failed_fraction;
    const double edge = y.pixel(100.0 * failed);
    svg.rectangle({x.pixel(at.x) - kFailureBar / 2.0, edge}, {kFailureBar, frame.bottom - edge}, kFailed,
                  fmt::format("{}: {} fail, {} are answered", at.row->value, percent(failed), percent(1.0 - failed)));
    svg.text({x.pixel(at.x), edge - 5.0}, percent(failed), {.size = 11.0, .anchor = Anchor::Middle, .color = "#222222"});
  }
}

bool has_failures(const SweepResult& sweep) {
  return std::any_of(sweep.points.begin(), sweep.points.end(), [](const SweepRow& row) { return row.failed_fraction > 0.0; });
}

}  // namespace

void draw_sweep_panel(Svg& svg, const Panel& panel, const Results& results) {
  const std::vector<PlacedPoint> points = placed_points(*results.sweep);
  draw_times(svg, {panel.corner, {panel.size.width, kCurvesHeight}}, results, points);
  if (!has_failures(*results.sweep)) return;
  const Point below{panel.corner.x, panel.corner.y + kCurvesHeight + 24.0};
  draw_failures(svg, {below, {panel.size.width, kFailuresHeight}}, results, points);
}

double sweep_panel_height(const SweepResult& sweep) {
  return kCurvesHeight + (has_failures(sweep) ? 24.0 + kFailuresHeight : 0.0);
}

}  // namespace labtwin::output
