#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace labtwin::output {

enum class Anchor : std::uint8_t { Start, Middle, End };

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Size {
  double width = 0.0;
  double height = 0.0;
};

struct TextStyle {
  double size = 12.0;
  Anchor anchor = Anchor::Start;
  bool bold = false;
  std::string_view color = "#222222";
  double turn_degrees = 0.0;
  bool halo = false;  ///< white around the letters, to be read on top of lines
};

struct LineStyle {
  std::string_view color = "#222222";
  double width = 1.0;
  bool dashed = false;
};

/// A drawing that stands alone: text in the reader's own sans-serif font, coordinates rounded to a hundredth, so that equal
/// results give equal files.
class Svg {
 public:
  explicit Svg(Size size) : size_(size) {}

  void line(Point from, Point to, const LineStyle& style);
  void rectangle(Point corner, Size size, std::string_view fill, std::string_view tooltip = {});
  void circle(Point center, double radius, std::string_view fill);
  void text(Point at, std::string_view text, const TextStyle& style);
  /// A line through points given as `x,y x,y`.
  void polyline(const std::string& points, const LineStyle& style);
  void polygon(const std::string& points, std::string_view fill, double opacity);

  [[nodiscard]] std::string document() const;

 private:
  Size size_;
  std::string body_;
};

/// `x,y` for the point lists of Svg.
[[nodiscard]] std::string point_text(Point point);

/// Width of a text in the fonts that browsers choose for sans-serif, within a few per cent; for legends and line breaks.
[[nodiscard]] double text_width(std::string_view text, double size);

}  // namespace labtwin::output
