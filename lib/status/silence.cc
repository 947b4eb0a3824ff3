#include <algorithm>

#include "status/pod.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

// As the progress deadline of a Deployment that says nothing else.
constexpr Duration kUsual = 10min;
// A controller that keeps a deadline says itself that it has passed.
constexpr Duration kControllersWord = 1min;

Duration seconds_at(const model::Json& json, std::string_view pointer) {
  return std::chrono::seconds(count_at(json, pointer));
}

// How long a pod may go through what its spec asks for without a sign: it may be slow to start, has to stay
// ready for a while, and its predecessor may take its time to end.
Duration quiet_time(const model::Json& workload, const model::Json& pod_spec) {
  Duration start{0};
  for (const model::Json& container : model::get_array(pod_spec, "/containers"))
    start = std::max(start, slowest_start(container));
  return start + seconds_at(workload, "/spec/minReadySeconds") +
         seconds_at(pod_spec, "/terminationGracePeriodSeconds");
}

bool works(const model::Json& job) {
  // `ready` since Kubernetes 1.24.
  return count_at(job, "/status/ready", count_at(job, "/status/active")) > 0;
}

}  // namespace

std::optional<Duration> silence_limit(const model::Object& object) {
  const model::Gvk gvk = object.gvk();
  if (!knows_kind(gvk)) return std::nullopt;
  const model::Json& json = object.json;
  if (gvk.kind == "Job" && gvk.group == "batch") {
    if (const Duration own = seconds_at(json, "/spec/activeDeadlineSeconds"); own > Duration{0})
      return std::max(kUsual, own + kControllersWord);
    if (works(json)) return std::nullopt;
  }
  if (gvk.kind == "Pod" && gvk.group.empty()) {
    const bool ends = model::get_string(json, "/spec/restartPolicy", "Always") != "Always";
    if (ends && model::get_string(json, "/status/phase") == "Running") return std::nullopt;
    return kUsual + quiet_time(json, model::get_object(json, "/spec"));
  }
  Duration out = kUsual + quiet_time(json, model::get_object(json, "/spec/template/spec"));
  if (gvk.kind == "Deployment")
    out = std::max(out, seconds_at(json, "/spec/progressDeadlineSeconds") + kControllersWord);
  return out;
}

}  // namespace instantexec::status
