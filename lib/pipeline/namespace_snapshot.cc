#include "pipeline/namespace_snapshot.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "pipeline/live_objects.h"
#include "status/child_index.h"
#include "status/status.h"

namespace instantexec::pipeline {
namespace {

struct KindRow {
  const char* group;
  const char* version;
  const char* kind;
};

// What the baseline looks at, and what workloads refer to.
constexpr std::array kKinds{
    KindRow{"", "v1", "ConfigMap"},
    KindRow{"", "v1", "Secret"},
    KindRow{"", "v1", "Service"},
    KindRow{"", "v1", "ServiceAccount"},
    KindRow{"", "v1", "Pod"},
    KindRow{"", "v1", "PersistentVolumeClaim"},
    KindRow{"", "v1", "ResourceQuota"},
    KindRow{"apps", "v1", "Deployment"},
    KindRow{"apps", "v1", "ReplicaSet"},
    KindRow{"apps", "v1", "StatefulSet"},
    KindRow{"apps", "v1", "DaemonSet"},
    KindRow{"discovery.k8s.io", "v1", "EndpointSlice"},
    KindRow{"networking.k8s.io", "v1", "NetworkPolicy"},
    KindRow{"policy", "v1", "PodDisruptionBudget"},
    KindRow{"autoscaling", "v2", "HorizontalPodAutoscaler"},
    KindRow{"rbac.authorization.k8s.io", "v1", "Role"},
    KindRow{"rbac.authorization.k8s.io", "v1", "RoleBinding"},
};

bool is_judged(const model::Object& object) {
  const std::string kind = object.kind();
  return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet";
}

void judge(validate::NamespaceSnapshot& snapshot, Timestamp now) {
  status::ChildIndex index;
  for (const auto& object : snapshot.objects) index.upsert(object);
  status::Context context;
  context.now = now;
  for (const auto& object : snapshot.objects) {
    if (is_judged(object))
      snapshot.health.emplace(object.ref(), status::assess(object, index, context).status);
  }
}

}  // namespace

Result<validate::NamespaceSnapshot> read_namespace(engine::Cluster& cluster, engine::Clock& clock,
                                                   const std::string& ns) {
  std::vector<engine::ListRequest> requests;
  requests.push_back({{"", "v1", "Namespace"}, "", "", "metadata.name=" + ns});
  for (const auto& row : kKinds) requests.push_back({{row.group, row.version, row.kind}, ns, "", ""});
  IE_TRY_ASSIGN(auto answers, list_all(cluster, std::move(requests)));
  validate::NamespaceSnapshot snapshot;
  snapshot.ns = ns;
  if (!answers.front().items.empty()) snapshot.namespace_object = std::move(answers.front().items.front());
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    ListAnswer& answer = answers[i + 1];
    if (answer.error && !answer.not_found) snapshot.unreadable.emplace(kKinds[i].kind, answer.error->message);
    std::move(answer.items.begin(), answer.items.end(), std::back_inserter(snapshot.objects));
  }
  judge(snapshot, cluster.server_time().value_or(clock.wall()));
  return snapshot;
}

}  // namespace instantexec::pipeline
