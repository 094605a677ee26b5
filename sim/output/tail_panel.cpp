#include "sim/output/tail_panel.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "sim/output/answer.hpp"
#include "sim/output/axis.hpp"
#include "sim/output/number_text.hpp"

namespace labtwin::output {
namespace {

constexpr std::string_view kRest = "#c9ced6";
/// Okabe and Ito's palette, which colour-blind readers can tell apart; the first is for waiting on the worst culprit.
constexpr std::array<std::string_view, 6> kColors{"#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"};
constexpr std::size_t kMaxCategories = kColors.size();
constexpr double kBarHeight = 22.0;
constexpr double kBarGap = 14.0;
constexpr double kLegendLine = 18.0;
constexpr double kLegendSize = 11.5;

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

/// An entry of the legend and where it stands below the legend's corner.
struct LegendEntry {
  std::string name;
  Point offset;
};

std::vector<LegendEntry> legend_entries(std::vector<std::string> names, double width) {
  names.emplace_back("everything else");
  std::vector<LegendEntry> entries;
  Point place;
  for (std::string& name : names) {
    const double needed = 18.0 + text_width(name, kLegendSize) + 16.0;
    if (place.x + needed > width && place.x > 0.0) place = {0.0, place.y + kLegendLine};
    entries.push_back({std::move(name), place});
    place.x += needed;
  }
  return entries;
}

void draw_legend(Svg& svg, Point at, const std::vector<std::string>& names, double width) {
  const std::vector<LegendEntry> entries = legend_entries(names, width);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Point place{at.x + entries[i].offset.x, at.y + entries[i].offset.y};
    svg.rectangle({place.x, place.y - 10.0}, {12.0, 12.0}, i < names.size() ? kColors[i] : kRest);
    svg.text({place.x + 17.0, place.y}, entries[i].name, {.size = kLegendSize});
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

}  // namespace

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
  svg.text(panel.corner, fmt::format("What the slowest 5 % of {} spend their time on", plural(results.unit_of_work)),
           {.size = kPanelTitleSize, .bold = true});
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

double tail_panel_height(const Results& results, double width) {
  constexpr double kAroundBars = 18.0 + 76.0;
  const std::vector<Bar> bars = make_bars(results);
  const double legend = legend_entries(main_categories(bars), width).back().offset.y;
  return static_cast<double>(bars.size()) * (kBarHeight + kBarGap) + kAroundBars + legend;
}

}  // namespace labtwin::output
