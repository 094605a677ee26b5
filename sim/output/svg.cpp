#include "sim/output/svg.hpp"

#include <fmt/format.h>

namespace labtwin::output {
namespace {

constexpr double kMeanCharacterWidth = 0.53;  ///< of the font size, mixed English text

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

const char* anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::Start:
      return "start";
    case Anchor::Middle:
      return "middle";
    case Anchor::End:
      return "end";
  }
  return "start";
}

std::string stroke(const LineStyle& style) {
  return fmt::format("stroke=\"{}\" stroke-width=\"{:.2f}\"{}", style.color, style.width,
                     style.dashed ? " stroke-dasharray=\"4 3\"" : "");
}

}  // namespace

std::string point_text(Point point) {
  return fmt::format("{:.2f},{:.2f}", point.x, point.y);
}

double text_width(std::string_view text, double size) {
  return kMeanCharacterWidth * size * static_cast<double>(text.size());
}

void Svg::line(Point from, Point to, const LineStyle& style) {
  body_ += fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n", from.x, from.y, to.x, to.y,
                       stroke(style));
}

void Svg::rectangle(Point corner, Size size, std::string_view fill, std::string_view tooltip) {
  body_ += fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\">", corner.x, corner.y,
                       size.width, size.height, fill);
  if (!tooltip.empty()) body_ += fmt::format("<title>{}</title>", escaped(tooltip));
  body_ += "</rect>\n";
}

void Svg::circle(Point center, double radius, std::string_view fill) {
  body_ += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" fill=\"{}\"/>\n", center.x, center.y, radius, fill);
}

void Svg::text(Point at, std::string_view text, const TextStyle& style) {
  body_ += fmt::format(
      "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\"{}{}{}>{}</text>\n", at.x, at.y,
      style.size, anchor_name(style.anchor), style.color, style.bold ? " font-weight=\"bold\"" : "",
      style.halo ? " stroke=\"white\" stroke-width=\"4\" paint-order=\"stroke\"" : "",
      style.turn_degrees == 0.0 ? ""
                                : fmt::format(" transform=\"rotate({:.0f} {:.2f} {:.2f})\"", style.turn_degrees, at.x, at.y),
      escaped(text));
}

void Svg::polyline(const std::string& points, const LineStyle& style) {
  body_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {}/>\n", points, stroke(style));
}

void Svg::polygon(const std::string& points, std::string_view fill, double opacity) {
  body_ += fmt::format("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{:.2f}\"/>\n", points, fill, opacity);
}

std::string Svg::document() const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{2}</svg>\n",
      size_.width, size_.height, body_);
}

}  // namespace labtwin::output
