#include "status/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "status/rule.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxDepth = 8;

// A state that a container does not leave by itself, as the kubelet names it: CrashLoopBackOff, ErrImagePull,
// CreateContainerConfigError, InvalidImageName.
bool names_trouble(std::string_view reason) {
  return reason.ends_with("BackOff") || reason.ends_with("Error") || reason.starts_with("Err") ||
         reason.starts_with("Invalid") || reason.ends_with("CannotRun");
}

std::string ended_with(const model::Json& end) {
  const std::int64_t code = model::get_int(end, "/exitCode");
  const std::string reason = model::get_string(end, "/reason");
  const bool plain = reason.empty() || reason == "Error" || reason == "Completed";
  return fmt::format("exit code {}{}", code, plain ? "" : " (" + clean(reason) + ")");
}

// One container's state in a word and a sentence.
model::ObjectStatus container_status(const model::Json& status) {
  model::ObjectStatus out;
  const bool ready = model::get_bool(status, "/ready");
  const auto restarts = model::get_int(status, "/restartCount");
  out.status = ready ? model::HealthStatus::kCurrent : model::HealthStatus::kInProgress;
  out.reason = ready ? "Ready" : "NotReady";
  const model::Json& waiting = model::get_object(status, "/state/waiting");
  const model::Json& ended = model::get_object(status, "/state/terminated");
  const model::Json& last = model::get_object(status, "/lastState/terminated");
  if (!waiting.empty()) {
    out.reason = clean(model::get_string(waiting, "/reason", "Waiting"));
    // How it ended says more than for how long it will not be started again.
    const bool crashed = out.reason == "CrashLoopBackOff" && !last.empty();
    out.message = crashed ? ended_with(last) : clean(model::get_string(waiting, "/message"));
    if (names_trouble(out.reason)) out.status = model::HealthStatus::kFailed;
  } else if (!ended.empty()) {
    const bool well = model::get_int(ended, "/exitCode") == 0;
    out.reason = clean(model::get_string(ended, "/reason", "Ended"));
    out.status = well ? model::HealthStatus::kCurrent : model::HealthStatus::kFailed;
    out.message = ended_with(ended);
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

// A tree under construction.
class Tree {
 public:
  Tree(const model::Object& root, const ChildIndex& index, const Context& context)
      : index_(index), context_(context), shown_{root.uid()} {
    for (const model::Object* member : index.family(root.uid()).members) {
      for (const model::Json& owner : model::get_array(member->json, "/metadata/ownerReferences"))
        owned_[model::get_string(owner, "/uid")].push_back(member);
    }
  }

  HealthNode build(const model::Object& object, std::size_t depth) {
    HealthNode out;
    Assessment verdict = assess(object, index_, context_);
    out.object = object.ref();
    out.api_version = clean(object.api_version());
    out.status = std::move(verdict.status);
    out.rule = std::move(verdict.rule);
    if (object.kind() == "Pod" && object.gvk().group.empty()) add_containers(object, out);
    const auto owned = owned_.find(object.uid());
    if (depth >= kMaxDepth || object.uid().empty() || owned == owned_.end()) return out;
    std::vector<const model::Object*> children;
    for (const model::Object* member : owned->second) {
      if (!of_the_past(*member) && shown_.insert(member->uid()).second) children.push_back(member);
    }
    for (const model::Object* child : children) out.children.push_back(build(*child, depth + 1));
    std::stable_sort(out.children.begin(), out.children.end(),
                     [](const HealthNode& a, const HealthNode& b) { return a.object < b.object; });
    return out;
  }

 private:
  const ChildIndex& index_;
  const Context& context_;
  std::map<std::string, std::vector<const model::Object*>> owned_;  // by the owner's UID
  // UIDs. Who has several owners is below one of them, or a tree of a few hundred objects that own each other
  // could have billions of nodes.
  std::set<std::string> shown_;
};

}  // namespace

HealthNode health_tree(const model::Object& root, const ChildIndex& index, const Context& context) {
  return Tree(root, index, context).build(root, 0);
}

bool counts_as_ready(model::HealthStatus status) {
  return status == model::HealthStatus::kCurrent || status == model::HealthStatus::kSuspended;
}

}  // namespace instantexec::status
