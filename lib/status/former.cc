#include "status/former.h"

#include <algorithm>
#include <array>

#include "status/rule.h"
#include "status/workload.h"

namespace instantexec::status {
namespace {

bool well(const model::ObjectStatus& health) {
  return health.status == model::HealthStatus::kCurrent || health.status == model::HealthStatus::kSuspended;
}

// A condition that sums the object up and has said "no" for long enough.
bool long_unready(const model::Object& object, Timestamp now) {
  static constexpr std::array<std::string_view, 3> kSummaries{"Ready", "Available", "Healthy"};
  return std::any_of(kSummaries.begin(), kSummaries.end(), [&](std::string_view type) {
    const auto found = find_condition(object, type);
    return found && !found->is_true() && found->since != Timestamp{} && now - found->since >= kBrokenAfter;
  });
}

// What a registry answered is forgotten after a while: "ImageNotFound" becomes "ImagePull".
bool same_failure(const std::string& a, const std::string& b) {
  return a == b || (a.starts_with("Image") && b.starts_with("Image"));
}

std::int64_t ready_of_any(const model::Object& object) {
  if (object.kind() == "DaemonSet") return model::get_int(object.json, "/status/numberReady");
  return model::get_int(object.json, "/status/readyReplicas");
}

bool ready_pod(const model::Object& pod) {
  const auto ready = find_condition(pod, "Ready");
  return ready && ready->is_true() && !pod.terminating();
}

}  // namespace

std::optional<Former> read_former(const model::Object& object, const ChildIndex& index,
                                  const Context& context) {
  const model::ObjectStatus health = assess(object, index, context).status;
  if (well(health)) return std::nullopt;
  const Timestamp changed = cluster_time(object);
  const bool still = context.now != Timestamp{} && health.status != model::HealthStatus::kTerminating &&
                     ((changed != Timestamp{} && context.now - changed >= kBrokenAfter) ||
                      long_unready(object, context.now));
  if (!health.doomed() && !still) return std::nullopt;
  return Former{health, ready_of_any(object)};
}

std::int64_t ready_of_newest(const model::Object& object, const Family& family) {
  const Context context;
  const EventsBySubject no_events;
  const Input input{object, family, no_events, context};
  const auto pods = new_pods(input);
  const auto ready =
      std::count_if(pods.begin(), pods.end(), [](const model::Object* pod) { return ready_pod(*pod); });
  if (ready > 0 || object.kind() == "DaemonSet") return ready;
  const std::int64_t all = model::get_int(object.json, "/status/replicas");
  const bool one_revision = model::get_int(object.json, "/status/updatedReplicas", all) == all;
  return one_revision && family.of_kind("Pod").empty() ? ready_of_any(object) : 0;
}

bool no_worse(const Former& former, const model::ObjectStatus& health, std::int64_t ready, bool written) {
  if (health.status == model::HealthStatus::kNotFound || health.status == model::HealthStatus::kTerminating) {
    return false;
  }
  if (former.ready > 0 && ready >= former.ready) return true;
  const bool same = same_failure(health.reason, former.health.reason);
  if (written) return former.ready == 0 && same;
  // What nobody touched goes up and down by itself; only a new failure that takes what was left is ours.
  return !health.doomed() || same || former.ready == 0;
}

}  // namespace instantexec::status
