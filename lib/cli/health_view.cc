#include "cli/health_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace instantexec::cli {
namespace {

using model::HealthStatus;

std::string mark_of(HealthStatus status, const report::Style& style) {
  switch (status) {
    case HealthStatus::kCurrent:
      return report::paint(style, report::Colour::kGreen, style.unicode ? "✓" : "ok");
    case HealthStatus::kFailed:
    case HealthStatus::kNotFound:
      return report::paint(style, report::Colour::kRed, style.unicode ? "✗" : "failed");
    case HealthStatus::kSuspended:
      return report::paint(style, report::Colour::kYellow, style.unicode ? "‖" : "paused");
    case HealthStatus::kInProgress:
    case HealthStatus::kTerminating:
    case HealthStatus::kUnknown:
      break;
  }
  return report::paint(style, report::Colour::kYellow, style.unicode ? "…" : "wait");
}

void write(const status::HealthNode& node, std::size_t depth, const report::TextOptions& text,
           std::string& out, const status::HealthNode* parent = nullptr) {
  const std::string name = node.container.empty() ? report::resource_name(node.object, text.ns)
                                                  : "container " + sanitise_line(node.container, 100);
  const std::string pad(depth * 2, ' ');
  out += fmt::format("{}{} {}  {}", pad, mark_of(node.status.status, text.style), name,
                     model::to_string(node.status.status));
  // Where all is well the sentence says it.
  const bool reason = node.status.status != HealthStatus::kCurrent || node.status.message.empty();
  if (reason && !node.status.reason.empty() && node.status.reason != model::to_string(node.status.status)) {
    out += " " + sanitise_line(node.status.reason, 100);
  }
  // A child's trouble is its parent's; once is enough.
  const bool told = parent != nullptr && parent->status.reason == node.status.reason;
  if (!node.status.message.empty() && !told) out += ": " + sanitise_line(node.status.message, 400);
  out += "\n";
  if (node.status.status == HealthStatus::kCurrent) return;
  for (const model::Evidence& seen : node.status.evidence) {
    if (!node.children.empty()) break;  // the children say it themselves
    out += fmt::format("{}    {}: {}\n", pad, report::resource_name(seen.subject, text.ns),
                       sanitise_line(seen.text, 400));
  }
  if (!node.status.hint.empty() && !told)
    out += fmt::format("{}    next: {}\n", pad, sanitise_line(node.status.hint, 300));
  for (const status::HealthNode& child : node.children) write(child, depth + 1, text, out, &node);
}

}  // namespace

std::string health_text(std::span<const status::HealthNode> roots, const std::string& title,
                        const report::TextOptions& text) {
  std::string out = title.empty() ? "" : sanitise_line(title, 300) + "\n";
  if (roots.empty()) return out + "No objects found.\n";
  std::size_t ready = 0;
  for (const status::HealthNode& root : roots) {
    write(root, title.empty() ? 0 : 1, text, out);
    if (status::counts_as_ready(root.status.status)) ++ready;
  }
  return out + fmt::format("{} of {} ready\n", ready, counted(roots.size(), "object"));
}

model::Json health_line(const status::HealthNode& node) {
  return {{"apiVersion", node.api_version},
          {"kind", sanitise_line(node.object.kind, 300)},
          {"namespace", sanitise_line(node.object.ns, 300)},
          {"name", sanitise_line(node.object.name, 300)},
          {"status", std::string(model::to_string(node.status.status))},
          {"reason", node.status.reason},
          {"message", node.status.message},
          {"rule", node.rule}};
}

model::Json health_document(const status::HealthNode& node) {
  if (!node.container.empty()) {
    return {{"container", sanitise_line(node.container, 300)},
            {"status", std::string(model::to_string(node.status.status))},
            {"reason", node.status.reason},
            {"message", node.status.message}};
  }
  model::Json out = health_line(node);
  if (!node.status.hint.empty()) out["hint"] = node.status.hint;
  for (const model::Evidence& seen : node.status.evidence) {
    out["evidence"].push_back(
        {{"kind", seen.subject.kind}, {"name", seen.subject.name}, {"text", seen.text}});
  }
  for (const status::HealthNode& child : node.children) out["children"].push_back(health_document(child));
  return out;
}

bool all_ready(std::span<const status::HealthNode> roots) {
  return !roots.empty() && std::all_of(roots.begin(), roots.end(), [](const status::HealthNode& root) {
    return status::counts_as_ready(root.status.status);
  });
}

}  // namespace instantexec::cli
