#pragma once

// Numbers as a reader wants them: three significant digits and a unit that fits.

#include <string>

namespace labtwin::output {

/// `412 us`, `8.2 ms`, `14.2 s`, `2 h 05 min`.
[[nodiscard]] std::string duration_text(double seconds);
/// Seconds as a bare number for a column headed `s`: `0.0041`, `14.2`, `1240`.
[[nodiscard]] std::string significant(double value);
/// `71 %`, `0.4 %`.
[[nodiscard]] std::string percent(double fraction);
/// `an agent turn`, `a request`.
[[nodiscard]] std::string with_article(const std::string& noun);
/// `agent turns`, `anomalies`.
[[nodiscard]] std::string plural(const std::string& noun);
/// `1.5 TB`, `16.1 GB`, `210 MB`.
[[nodiscard]] std::string size_text(double bytes);
/// `210 MB/s`, `1.2 GB/s`.
[[nodiscard]] std::string rate_text(double bytes_per_s);

}  // namespace labtwin::output
