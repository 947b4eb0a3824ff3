#include "cli/progress.h"

#include <unistd.h>

#include <optional>
#include <string_view>

#include "os/clock.h"
#include "os/files.h"
#include "report/live_tree.h"
#include "report/progress.h"

namespace instantexec::cli {
namespace {

report::Style style_of(const OutputFlags& flags, const os::Environment& environment) {
  report::Style style;
  style.colour = os::use_color(flags.color, environment, STDERR_FILENO);
  style.unicode = true;
  return style;
}

}  // namespace

struct Progress::Display {
  std::optional<report::LineProgress> lines;
  std::optional<report::LiveProgress> live;
};

Progress::Progress(const OutputFlags& flags, const os::Environment& environment) : display_(new Display) {
  const report::Output write = [](std::string_view text) {
    static_cast<void>(os::write_all(STDERR_FILENO, text));
  };
  const report::Style style = style_of(flags, environment);
  // A log on the same terminal would tear the tree.
  if (os::use_live_display(environment, STDERR_FILENO) && flags.verbosity < 0) {
    report::LiveView view;
    view.style = style;
    if (const int width = os::terminal_width(STDERR_FILENO); width > 0)
      view.width = static_cast<std::size_t>(width);
    display_->live.emplace(write, view);
  } else {
    display_->lines.emplace(write, style);
  }
}

Progress::~Progress() = default;

void Progress::emit(const model::Event& event) {
  if (display_ == nullptr) return;
  if (display_->live) display_->live->emit(event, os::monotonic_now());
  if (display_->lines) display_->lines->emit(event);
}

void Progress::finish() {
  if (display_ != nullptr && display_->live) display_->live->finish(os::monotonic_now());
  display_.reset();
}

}  // namespace instantexec::cli
