#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/style.h"

namespace instantexec::report {

// Columns as kubectl prints them: an upper-case header, three spaces between columns, the last one not
// padded. Cells are sanitised when added and kept on one line.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  // One row; missing cells are empty, surplus ones are dropped.
  void add(std::vector<std::string> cells);
  // Ends in a newline. Without rows only the header, or "" without a header.
  [[nodiscard]] std::string to_string(const Style& style = {}) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace instantexec::report
