#pragma once

#include <string>
#include <vector>

namespace labtwin::output {

/// A table in plain text: the first column and every column without numbers to the left, the others to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void add(std::vector<std::string> row);
  /// Header, a rule, rows; ends with a newline.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

}  // namespace labtwin::output
