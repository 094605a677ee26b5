#include "sim/output/plot.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "sim/output/answer.hpp"
#include "sim/output/plot_style.hpp"
#include "sim/output/svg.hpp"
#include "sim/output/sweep_panel.hpp"
#include "sim/output/tail_panel.hpp"

namespace labtwin::output {
namespace {

constexpr double kWidth = 1180.0;
constexpr double kMargin = 28.0;
constexpr double kTitleLine = 24.0;
constexpr double kTitleSize = 17.0;
constexpr double kBoldWidth = 1.2;  ///< of bold letters, in that of others

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

}  // namespace

std::string plot_svg(const Results& results) {
  Svg probe({kWidth, 100.0});
  const double top = draw_heading(probe, results) + 24.0;
  const bool has_sweep = results.sweep && results.sweep->points.size() > 1;
  const double half = (kWidth - 3 * kMargin) / 2.0;
  const double tail_left = has_sweep ? 2 * kMargin + half : kMargin;
  const double tail_width = kWidth - kMargin - tail_left;
  const double sweep_height = has_sweep ? sweep_panel_height(*results.sweep) : 0.0;
  Svg svg({kWidth, top + std::max(sweep_height, tail_panel_height(results, tail_width)) + kMargin});
  draw_heading(svg, results);
  if (has_sweep) draw_sweep_panel(svg, {{kMargin, top}, {half - 30.0, sweep_height}}, results);
  draw_tail_panel(svg, {{tail_left, top}, {tail_width, 0.0}}, results);
  return svg.document();
}

}  // namespace labtwin::output
