#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/event.h"
#include "report/progress.h"
#include "report/style.h"

// Progress on a terminal: a tree of stages, objects and their troubled children, redrawn in place.
namespace instantexec::report {

struct StageNode {
  model::StageId stage;
  Instant started;
  std::optional<Duration> elapsed;  // set once it has ended
  bool ok = true;
  std::string text;  // its last step, then its summary
};

struct ObjectNode {
  model::ObjectRef object;
  std::optional<model::Action> action;
  std::optional<model::ObjectStatus> health;
  std::string message;

  // Nothing more is expected of it: ready, or written and not waited for.
  [[nodiscard]] bool settled(bool waiting) const;
};

// What has happened so far. Built by `fold` alone.
struct LiveState {
  std::vector<StageNode> stages;
  std::optional<model::Phase> phase;
  std::vector<ObjectNode> objects;  // in the order of their first event
  bool waiting = false;             // the health of objects is being watched
  std::string note;
  std::optional<Instant> started;
};

// Adds one event. Warnings change nothing: they are printed above the tree.
void fold(LiveState& state, const model::Event& event, Instant now);

struct LiveView {
  std::size_t width = 80;   // columns
  std::size_t height = 24;  // lines the tree may take; objects that are done collapse into one line first
  Style style;
  std::string ns;
};

// The tree at this moment, without newlines, each line at most `width` columns wide.
[[nodiscard]] std::vector<std::string> live_lines(const LiveState& state, const LiveView& view, Instant now);

// Draws the tree with at most ten frames a second. Reads no clock: the caller says what time it is, calls
// `tick` while nothing happens, and `finish` before it writes anything else to the terminal.
class LiveProgress {
 public:
  LiveProgress(Output output, LiveView view);
  void emit(const model::Event& event, Instant now);
  void tick(Instant now);
  // The terminal has been resized.
  void resize(std::size_t width, std::size_t height);
  // Draws the last frame and leaves it on the screen. Nothing is drawn afterwards.
  void finish(Instant now);

 private:
  void draw(Instant now, std::string_view above);

  Output output_;
  LiveView view_;
  LiveState state_;
  std::vector<std::size_t> drawn_;  // widths of the lines on the screen
  std::optional<Instant> last_frame_;
  bool finished_ = false;
};

}  // namespace instantexec::report
