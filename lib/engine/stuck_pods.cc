#include "engine/stuck_pods.h"

#include <algorithm>

namespace instantexec::engine {
namespace {

constexpr Duration kTryAgainAfter{2000};

bool ready(const model::Object& pod) {
  const model::Json& conditions = model::get_array(pod.json, "/status/conditions");
  return std::any_of(conditions.begin(), conditions.end(), [](const model::Json& condition) {
    return model::get_string(condition, "/type") == "Ready" &&
           model::get_string(condition, "/status") == "True";
  });
}

}  // namespace

void StuckPods::consider(const model::Object& restored) {
  const model::Gvk gvk = restored.gvk();
  if (gvk.group != "apps" || gvk.kind != "StatefulSet") return;
  if (model::get_string(restored.json, "/spec/podManagementPolicy", "OrderedReady") != "OrderedReady") return;
  if (model::get_string(restored.json, "/spec/updateStrategy/type", "RollingUpdate") != "RollingUpdate")
    return;
  uids_.push_back(restored.uid());
}

void StuckPods::free(const status::ChildIndex& index) {
  for (const std::string& uid : uids_) {
    const model::Object* set = index.find(uid);
    if (set == nullptr) continue;
    // Only once the controller has taken the former template in.
    if (model::get_int(set->json, "/status/observedGeneration") < set->generation()) continue;
    const std::string wanted = model::get_string(set->json, "/status/updateRevision");
    for (const model::Object* pod : index.family(uid).of_kind("Pod")) {
      const auto labels = pod->labels();
      const auto hash = labels.find("controller-revision-hash");
      const bool old = hash != labels.end() && !wanted.empty() && hash->second != wanted;
      if (!old || ready(*pod) || pod->terminating() || !session_.may_write()) continue;
      const auto tried = freed_.find(pod->uid());
      if (tried != freed_.end() && session_.now() < tried->second) continue;
      session_.emit(model::Note{"deleting " + pod->ref().to_string() +
                                ", which keeps its StatefulSet from going back"});
      const Response response = session_.call(DeleteRequest{
          {"", "v1", "Pod"}, pod->ns(), pod->name(), {pod->uid(), ""}, Propagation::kBackground, false});
      freed_[pod->uid()] = transient(response) ? session_.now() + kTryAgainAfter : Instant{Duration::max()};
    }
  }
}

}  // namespace instantexec::engine
