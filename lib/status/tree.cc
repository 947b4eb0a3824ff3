#include "status/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "status/rule.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxDepth = 8;

// One container's state in a word and a sentence.
model::ObjectStatus container_status(const model::Json& status) {
  model::ObjectStatus out;
  const bool ready = model::get_bool(status, "/ready");
  const auto restarts = model::get_int(status, "/restartCount");
  out.status = ready ? model::HealthStatus::kCurrent : model::HealthStatus::kInProgress;
  out.reason = ready ? "Ready" : "NotReady";
  for (const std::string_view state : {"waiting", "terminated"}) {
    const model::Json* seen = model::find(status, fmt::format("/state/{}", state));
    if (seen == nullptr || !seen->is_object()) continue;
    out.reason = clean(model::get_string(*seen, "/reason", "Waiting"));
    out.message = clean(model::get_string(*seen, "/message"));
    const std::int64_t code = model::get_int(*seen, "/exitCode", -1);
    if (code == 0) out.status = model::HealthStatus::kCurrent;
    if (code > 0) {
      out.status = model::HealthStatus::kFailed;
      out.message = fmt::format("exit code {}", code);
    }
  }
  if (restarts > 0) {
    out.message += fmt::format("{}restarted {}", out.message.empty() ? "" : "; ",
                               restarts == 1 ? std::string("once") : fmt::format("{} times", restarts));
  }
  return out;
}

void add_containers(const model::Object& pod, HealthNode& node) {
  static constexpr std::array<std::string_view, 2> kLists{"/status/initContainerStatuses",
                                                          "/status/containerStatuses"};
  for (const std::string_view list : kLists) {
    for (const model::Json& status : model::get_array(pod.json, list)) {
      HealthNode child;
      child.object = pod.ref();
      child.container = clean(model::get_string(status, "/name"));
      child.status = container_status(status);
      // An init container that has ended well says nothing more.
      if (list == kLists.front() && child.status.status == model::HealthStatus::kCurrent) continue;
      node.children.push_back(std::move(child));
    }
  }
}

bool of_the_past(const model::Object& object) {
  return object.kind() == "ControllerRevision" ||
         (object.kind() == "ReplicaSet" && model::get_int(object.json, "/spec/replicas", 1) == 0 &&
          model::get_int(object.json, "/status/replicas") == 0);
}

HealthNode build(const model::Object& object, const ChildIndex& index, const Context& context,
                 std::size_t depth) {
  HealthNode out;
  Assessment verdict = assess(object, index, context);
  out.object = object.ref();
  out.api_version = clean(object.api_version());
  out.status = std::move(verdict.status);
  out.rule = std::move(verdict.rule);
  if (object.kind() == "Pod" && object.gvk().group.empty()) add_containers(object, out);
  if (depth >= kMaxDepth || object.uid().empty()) return out;
  for (const model::Object* member : index.family(object.uid()).members) {
    const model::Json& owners = model::get_array(member->json, "/metadata/ownerReferences");
    const bool own = std::any_of(owners.begin(), owners.end(), [&](const model::Json& owner) {
      return model::get_string(owner, "/uid") == object.uid();
    });
    if (own && !of_the_past(*member)) out.children.push_back(build(*member, index, context, depth + 1));
  }
  std::stable_sort(out.children.begin(), out.children.end(),
                   [](const HealthNode& a, const HealthNode& b) { return a.object < b.object; });
  return out;
}

}  // namespace

HealthNode health_tree(const model::Object& root, const ChildIndex& index, const Context& context) {
  return build(root, index, context, 0);
}

bool counts_as_ready(model::HealthStatus status) {
  return status == model::HealthStatus::kCurrent || status == model::HealthStatus::kSuspended;
}

}  // namespace instantexec::status
