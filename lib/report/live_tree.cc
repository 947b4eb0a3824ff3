#include "report/live_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace instantexec::report {
namespace {

using model::HealthStatus;

constexpr Duration kFrame{100};
constexpr std::size_t kMaxTrouble = 2;  // children shown below an object

ObjectNode& node_of(LiveState& state, const model::ObjectRef& object) {
  const auto found = std::find_if(state.objects.begin(), state.objects.end(),
                                  [&](const ObjectNode& node) { return node.object == object; });
  if (found != state.objects.end()) return *found;
  state.objects.push_back({object, std::nullopt, std::nullopt, {}});
  return state.objects.back();
}

StageNode* stage_of(LiveState& state, model::StageId id) {
  const auto found = std::find_if(state.stages.begin(), state.stages.end(),
                                  [&](const StageNode& node) { return node.stage == id; });
  return found == state.stages.end() ? nullptr : &*found;
}

struct Fold {
  LiveState& state;
  Instant now;

  void operator()(const model::StageStarted& e) const {
    state.stages.push_back({e.stage, now, std::nullopt, true, {}});
  }
  void operator()(const model::StepFinished& e) const {
    if (StageNode* stage = stage_of(state, e.stage)) stage->text = e.text;
  }
  void operator()(const model::StageFinished& e) const {
    StageNode* stage = stage_of(state, e.stage);
    if (stage == nullptr) return;
    stage->elapsed = e.elapsed;
    stage->ok = e.ok;
    if (!e.summary.empty()) stage->text = e.summary;
  }
  void operator()(const model::PhaseStarted& e) const {
    state.phase = e.phase;
    state.waiting = state.waiting || e.phase == model::Phase::kWaiting;
    // After an undo has begun, what was written before says nothing about what is there now.
    if (e.phase != model::Phase::kUndoing) return;
    state.objects.clear();
    state.waiting = false;
  }
  void operator()(const model::ObjectWritten& e) const {
    ObjectNode& node = node_of(state, e.object);
    node.action = e.action;
    node.message = e.message;
  }
  void operator()(const model::ObjectHealthChanged& e) const { node_of(state, e.object).health = e.health; }
  void operator()(const model::StillWaiting&) const {}
  void operator()(const model::WarningRaised&) const {}
  void operator()(const model::Note& e) const { state.note = e.text; }
};

enum class Mark { kDone, kBad, kBusy, kHold };

std::string mark_text(Mark mark, const LiveView& view, Instant now) {
  static constexpr std::array<std::string_view, 10> kSpinner{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                             "⠴", "⠦", "⠧", "⠇", "⠏"};
  static constexpr std::array<std::string_view, 4> kPlainSpinner{"|", "/", "-", "\\"};
  const bool unicode = view.style.unicode;
  const auto frame = static_cast<std::size_t>(std::max<Duration::rep>(now.since_start / kFrame, 0));
  switch (mark) {
    case Mark::kDone:
      return paint(view.style, Colour::kGreen, unicode ? "✓" : "+");
    case Mark::kBad:
      return paint(view.style, Colour::kRed, unicode ? "✗" : "x");
    case Mark::kHold:
      return paint(view.style, Colour::kYellow, unicode ? "‖" : "=");
    case Mark::kBusy:
      return paint(view.style, Colour::kCyan,
                   unicode ? kSpinner[frame % kSpinner.size()] : kPlainSpinner[frame % kPlainSpinner.size()]);
  }
  return {};
}

// "mark name  text", cut to the width. The mark takes one column.
std::string row(std::size_t depth, const std::string& mark, std::string_view text, const LiveView& view) {
  const std::size_t before = depth * 2 + 2;
  if (view.width <= before) return {};
  return std::string(depth * 2, ' ') + mark + " " + fit(text, view.width - before);
}

Mark mark_of(const ObjectNode& node, bool waiting) {
  if (node.action == model::Action::kFailed) return Mark::kBad;
  if (node.health) {
    switch (node.health->status) {
      case HealthStatus::kCurrent:
        return Mark::kDone;
      case HealthStatus::kFailed:
        return Mark::kBad;
      case HealthStatus::kSuspended:
        return Mark::kHold;
      default:
        return Mark::kBusy;
    }
  }
  return node.settled(waiting) ? Mark::kDone : Mark::kBusy;
}

std::string object_text(const ObjectNode& node, const LiveView& view) {
  std::string out = resource_name(node.object, view.ns);
  if (node.action) out += fmt::format(" {}", model::to_string(*node.action));
  if (!node.message.empty()) return out + ": " + sanitise_line(node.message);
  if (node.health && node.health->status != HealthStatus::kCurrent)
    out += ": " + sanitise_line(node.health->message);
  return out;
}

void add_object(std::vector<std::string>& lines, const ObjectNode& node, const LiveState& state,
                const LiveView& view, Instant now) {
  lines.push_back(row(1, mark_text(mark_of(node, state.waiting), view, now), object_text(node, view), view));
  if (!node.health || node.health->status == HealthStatus::kCurrent) return;
  std::size_t shown = 0;
  for (const model::Evidence& item : node.health->evidence) {
    if (++shown > kMaxTrouble) break;
    const std::string text = resource_name(item.subject, view.ns) + ": " + sanitise_line(item.text);
    lines.push_back(row(2, view.style.unicode ? "└" : "`", text, view));
  }
}

std::string stage_line(const StageNode& stage, const LiveView& view, Instant now) {
  const Mark mark = !stage.elapsed ? Mark::kBusy : stage.ok ? Mark::kDone : Mark::kBad;
  const Duration length = stage.elapsed.value_or(now - stage.started);
  const std::string text = fmt::format("{:<22} {:>7}  {}", model::to_string(stage.stage),
                                       format_duration(length), sanitise_line(stage.text));
  return row(0, mark_text(mark, view, now), trim(text), view);
}

std::string phase_line(const LiveState& state, const LiveView& view, Instant now) {
  std::string text(model::to_string(*state.phase));
  if (*state.phase == model::Phase::kWaiting) {
    const auto ready = std::count_if(state.objects.begin(), state.objects.end(),
                                     [](const ObjectNode& node) { return node.settled(true); });
    text += fmt::format(": {} of {} ready", ready, state.objects.size());
  }
  if (!state.note.empty()) text += "  " + sanitise_line(state.note);
  if (state.started) text += "  " + format_duration(now - *state.started);
  return row(0, mark_text(Mark::kBusy, view, now), text, view);
}

}  // namespace

bool ObjectNode::settled(bool waiting) const {
  if (action == model::Action::kFailed) return false;
  if (health) return health->status == HealthStatus::kCurrent || health->status == HealthStatus::kSuspended;
  return action.has_value() && !waiting;
}

void fold(LiveState& state, const model::Event& event, Instant now) {
  if (!state.started) state.started = now;
  std::visit(Fold{state, now}, event);
}

std::vector<std::string> live_lines(const LiveState& state, const LiveView& view, Instant now) {
  std::vector<std::string> lines;
  for (const StageNode& stage : state.stages) lines.push_back(stage_line(stage, view, now));
  const bool stage_open = std::any_of(state.stages.begin(), state.stages.end(),
                                      [](const StageNode& stage) { return !stage.elapsed; });
  const bool ended = !state.stages.empty() && !stage_open;
  if (state.phase && !ended) lines.push_back(phase_line(state, view, now));
  if (ended) return lines;

  const auto settled = static_cast<std::size_t>(
      std::count_if(state.objects.begin(), state.objects.end(),
                    [&](const ObjectNode& node) { return node.settled(state.waiting); }));
  // Troubled objects take lines for their children as well; count generously.
  std::size_t needed = lines.size();
  for (const ObjectNode& node : state.objects) {
    needed += 1 + (node.health && node.health->status != HealthStatus::kCurrent
                       ? std::min(kMaxTrouble, node.health->evidence.size())
                       : 0);
  }
  const bool collapse = needed > view.height && settled > 0;
  if (collapse) {
    lines.push_back(row(1, mark_text(Mark::kDone, view, now), counted(settled, "object") + " done", view));
  }
  for (const ObjectNode& node : state.objects) {
    if (collapse && node.settled(state.waiting)) continue;
    add_object(lines, node, state, view, now);
  }
  if (lines.size() > view.height && view.height > 0) {
    const std::size_t hidden = lines.size() - (view.height - 1);
    lines.resize(view.height - 1);
    lines.push_back(row(1, " ", fmt::format("… {} more", hidden), view));
  }
  return lines;
}

LiveProgress::LiveProgress(Output output, LiveView view)
    : output_(std::move(output)), view_(std::move(view)) {}

void LiveProgress::emit(const model::Event& event, Instant now) {
  if (finished_) return;
  if (std::holds_alternative<model::WarningRaised>(event)) {
    draw(now, event_line(event, view_.style, view_.ns));
    return;
  }
  fold(state_, event, now);
  tick(now);
}

void LiveProgress::tick(Instant now) {
  if (finished_ || !state_.started) return;
  if (last_frame_ && now - *last_frame_ < kFrame) return;
  // The spinner moves though nothing has happened, but not faster than it need be.
  draw(now, {});
}

void LiveProgress::resize(std::size_t width, std::size_t height) {
  view_.width = width;
  view_.height = height;
}

void LiveProgress::finish(Instant now) {
  if (finished_) return;
  if (state_.started) draw(now, {});
  finished_ = true;
}

void LiveProgress::draw(Instant now, std::string_view above) {
  std::string frame;
  // A line drawn wider than the terminal is now may have been wrapped into several.
  std::size_t up = 0;
  for (const std::size_t width : drawn_)
    up += view_.width == 0 ? 1 : std::max<std::size_t>(1, (width + view_.width - 1) / view_.width);
  if (up > 0) frame += fmt::format("\x1b[{}A", up);
  frame += "\r\x1b[J";
  frame += above;
  drawn_.clear();
  LiveView plain = view_;
  plain.style.colour = false;
  for (const std::string& line : live_lines(state_, plain, now)) drawn_.push_back(display_width(line));
  for (const std::string& line : live_lines(state_, view_, now)) frame += line + "\n";
  last_frame_ = now;
  output_(frame);
}

}  // namespace instantexec::report
