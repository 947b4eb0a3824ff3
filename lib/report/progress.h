#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "model/event.h"
#include "report/style.h"

// Progress on standard error without a terminal: one line for each change of state.
namespace instantexec::report {

// Takes whole chunks of text, newlines included; called on the thread that emits.
using Output = std::function<void(std::string_view)>;

// The line of one event, with its newline; "" for events that are not worth a line. Objects of namespaces
// other than `ns` are marked.
[[nodiscard]] std::string event_line(const model::Event& event, const Style& style = {},
                                     std::string_view ns = {});

// Writes event_line of everything it is given; a line equal to the one before it is left out.
class LineProgress {
 public:
  LineProgress(Output output, Style style = {}, std::string ns = {});
  void emit(const model::Event& event);

 private:
  Output output_;
  Style style_;
  std::string ns_;
  std::string last_;
};

}  // namespace instantexec::report
