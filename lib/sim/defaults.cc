#include "sim/defaults.h"

#include <array>
#include <functional>
#include <map>
#include <utility>

#include "base/digest.h"

namespace instantexec::sim {
namespace {

using model::get_string;
using model::Json;

void give(Json& object, const char* field, Json value) {
  if (!object.contains(field)) object[field] = std::move(value);
}

Json* inside(Json& object, const char* field) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(field);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

template <typename F>
void each(Json& object, const char* field, F&& body) {
  Json* list = inside(object, field);
  if (list == nullptr || !list->is_array()) return;
  for (Json& item : *list) {
    if (item.is_object()) body(item);
  }
}

void deployment(Json& object) {
  Json& spec = object["spec"];
  give(spec, "progressDeadlineSeconds", 600);
  give(spec, "replicas", 1);
  give(spec, "revisionHistoryLimit", 10);
  Json& strategy = spec["strategy"];
  give(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") {
    give(strategy["rollingUpdate"], "maxSurge", "25%");
    give(strategy["rollingUpdate"], "maxUnavailable", "25%");
  }
}

void stateful_set(Json& object) {
  Json& spec = object["spec"];
  give(spec, "podManagementPolicy", "OrderedReady");
  give(spec, "replicas", 1);
  give(spec, "revisionHistoryLimit", 10);
  give(spec["updateStrategy"], "type", "RollingUpdate");
  if (spec["updateStrategy"]["type"] == "RollingUpdate")
    give(spec["updateStrategy"]["rollingUpdate"], "partition", 0);
  Json& retention = spec["persistentVolumeClaimRetentionPolicy"];
  give(retention, "whenDeleted", "Retain");
  give(retention, "whenScaled", "Retain");
  each(spec, "volumeClaimTemplates", [](Json& claim) {
    give(claim, "apiVersion", "v1");
    give(claim, "kind", "PersistentVolumeClaim");
    give(claim["spec"], "volumeMode", "Filesystem");
    give(claim["status"], "phase", "Pending");
  });
}

void daemon_set(Json& object) {
  Json& spec = object["spec"];
  give(spec, "revisionHistoryLimit", 10);
  give(spec["updateStrategy"], "type", "RollingUpdate");
  if (spec["updateStrategy"]["type"] == "RollingUpdate") {
    give(spec["updateStrategy"]["rollingUpdate"], "maxSurge", 0);
    give(spec["updateStrategy"]["rollingUpdate"], "maxUnavailable", 1);
  }
}

void job_spec(Json& spec) {
  give(spec, "backoffLimit", 6);
  give(spec, "completionMode", "NonIndexed");
  if (!spec.contains("completions") && !spec.contains("parallelism")) spec["completions"] = 1;
  give(spec, "parallelism", 1);
  give(spec, "podReplacementPolicy", spec.contains("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
  give(spec, "manualSelector", false);
  give(spec, "suspend", false);
}

void service(Json& object) {
  Json& spec = object["spec"];
  give(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] == "ClientIP") {
    give(spec["sessionAffinityConfig"]["clientIP"], "timeoutSeconds", 10800);
  }
  give(spec, "type", "ClusterIP");
  each(spec, "ports", [](Json& port) {
    give(port, "protocol", "TCP");
    if (!port.contains("targetPort") && port.contains("port")) port["targetPort"] = port["port"];
  });
  const std::string type = get_string(spec, "/type");
  if (type == "NodePort" || type == "LoadBalancer") give(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") give(spec, "allocateLoadBalancerNodePorts", true);
  if (type != "ExternalName") give(spec, "internalTrafficPolicy", "Cluster");
}

void secret(Json& object) {
  give(object, "type", "Opaque");
  Json* plain = inside(object, "stringData");
  if (plain == nullptr) return;
  for (const auto& [key, value] : plain->items()) {
    if (value.is_string()) object["data"][key] = base64_encode(value.get_ref<const std::string&>());
  }
  object.erase("stringData");
}

void scaling_rules(Json& behavior) {
  Json& up = behavior["scaleUp"];
  give(up, "stabilizationWindowSeconds", 0);
  give(up, "selectPolicy", "Max");
  give(up, "policies", Json::parse(R"([{"type":"Pods","value":4,"periodSeconds":15},
                                       {"type":"Percent","value":100,"periodSeconds":15}])"));
  Json& down = behavior["scaleDown"];
  give(down, "selectPolicy", "Max");
  give(down, "policies", Json::parse(R"([{"type":"Percent","value":100,"periodSeconds":15}])"));
}

void autoscaler(Json& object) {
  Json& spec = object["spec"];
  give(spec, "minReplicas", 1);
  if (Json* behavior = inside(spec, "behavior")) scaling_rules(*behavior);
  if (get_string(object, "/apiVersion") == "autoscaling/v2" && !spec.contains("metrics")) {
    spec["metrics"] = Json::parse(
        R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}])");
  }
}

void network_policy(Json& object) {
  Json& spec = object["spec"];
  if (!spec.contains("policyTypes")) {
    spec["policyTypes"] = Json::array({"Ingress"});
    if (const Json* egress = inside(spec, "egress"); egress != nullptr && !egress->empty()) {
      spec["policyTypes"].push_back("Egress");
    }
  }
  for (const char* direction : {"ingress", "egress"}) {
    each(spec, direction,
         [](Json& rule) { each(rule, "ports", [](Json& port) { give(port, "protocol", "TCP"); }); });
  }
}

void limit_range(Json& object) {
  each(object["spec"], "limits", [](Json& limit) {
    if (get_string(limit, "/type") != "Container") return;
    for (const auto& [target, source] : {std::pair("default", "max"), std::pair("defaultRequest", "default"),
                                         std::pair("defaultRequest", "min")}) {
      const Json* amounts = inside(limit, source);
      if (amounts == nullptr || !amounts->is_object()) continue;
      const Json copy = *amounts;
      for (const auto& [name, amount] : copy.items()) give(limit[target], name.c_str(), amount);
    }
  });
}

void claim(Json& object) {
  give(object["spec"], "volumeMode", "Filesystem");
}

void volume(Json& object) {
  Json& spec = object["spec"];
  give(spec, "persistentVolumeReclaimPolicy", "Retain");
  if (Json* path = inside(spec, "hostPath")) give(*path, "type", "");
  give(spec, "volumeMode", "Filesystem");
}

void storage_class(Json& object) {
  give(object, "reclaimPolicy", "Delete");
  give(object, "volumeBindingMode", "Immediate");
}

void name_space(Json& object) {
  object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"]["name"];
}

void role_binding(Json& object) {
  each(object, "subjects", [](Json& subject) {
    const bool is_account = get_string(subject, "/kind") == "ServiceAccount";
    if (!is_account) give(subject, "apiGroup", "rbac.authorization.k8s.io");
  });
  if (object.contains("roleRef")) give(object["roleRef"], "apiGroup", "rbac.authorization.k8s.io");
}

void custom_definition(Json& object) {
  Json& spec = object["spec"];
  give(spec["conversion"], "strategy", "None");
  Json& names = spec["names"];
  const std::string kind = get_string(names, "/kind");
  give(names, "listKind", kind + "List");
  if (!names.contains("singular")) {
    std::string singular;
    for (const char c : kind) singular += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    names["singular"] = singular;
  }
}

void webhooks(Json& object) {
  each(object, "webhooks", [&](Json& hook) {
    give(hook, "failurePolicy", "Fail");
    give(hook, "matchPolicy", "Equivalent");
    give(hook, "namespaceSelector", Json::object());
    give(hook, "objectSelector", Json::object());
    give(hook, "timeoutSeconds", 10);
    if (get_string(object, "/kind") == "MutatingWebhookConfiguration")
      give(hook, "reinvocationPolicy", "Never");
    each(hook, "rules", [](Json& rule) { give(rule, "scope", "*"); });
    if (Json* client = inside(hook, "clientConfig")) {
      if (Json* target = inside(*client, "service")) give(*target, "port", 443);
    }
  });
}

void priority_class(Json& object) {
  give(object, "preemptionPolicy", "PreemptLowerPriority");
}

// Limits count as requests where there are none.
void pod(Json& object) {
  Json& spec = object["spec"];
  for (const char* list : {"containers", "initContainers"}) {
    each(spec, list, [](Json& container) {
      Json* resources = inside(container, "resources");
      if (resources == nullptr || !resources->contains("limits")) return;
      for (const auto& [name, amount] : (*resources)["limits"].items()) {
        give((*resources)["requests"], name.c_str(), amount);
      }
    });
  }
  give(spec, "enableServiceLinks", true);
  give(spec, "preemptionPolicy", "PreemptLowerPriority");
  give(spec, "priority", 0);
  give(spec, "serviceAccountName", spec.value("serviceAccount", "default"));
  give(spec, "serviceAccount", spec["serviceAccountName"]);
  if (!spec.contains("tolerations")) {
    spec["tolerations"] = Json::parse(
        R"([{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
            {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}])");
  }
}

using Defaulter = std::function<void(Json&)>;

const std::map<std::string, Defaulter, std::less<>>& defaulters() {
  static const std::map<std::string, Defaulter, std::less<>> kDefaulters = {
      {"Deployment.apps", deployment},
      {"StatefulSet.apps", stateful_set},
      {"DaemonSet.apps", daemon_set},
      {"ReplicaSet.apps", [](Json& object) { give(object["spec"], "replicas", 1); }},
      {"ReplicationController",
       [](Json& object) {
         give(object["spec"], "replicas", 1);
         const Json& labels = model::get_object(object, "/spec/template/metadata/labels");
         if (!labels.empty()) give(object["metadata"], "labels", labels);
       }},
      {"Job.batch", [](Json& object) { job_spec(object["spec"]); }},
      {"CronJob.batch",
       [](Json& object) {
         Json& spec = object["spec"];
         give(spec, "concurrencyPolicy", "Allow");
         give(spec, "failedJobsHistoryLimit", 1);
         give(spec, "successfulJobsHistoryLimit", 3);
         give(spec, "suspend", false);
       }},
      {"Service", service},
      {"Secret", secret},
      {"LimitRange", limit_range},
      {"Event",
       [](Json& object) {
         give(object, "reportingComponent", "");
         give(object, "reportingInstance", "");
       }},
      {"EndpointSlice.discovery.k8s.io",
       [](Json& object) {
         each(object, "ports", [](Json& port) {
           give(port, "name", "");
           give(port, "protocol", "TCP");
         });
       }},
      {"HorizontalPodAutoscaler.autoscaling", autoscaler},
      {"NetworkPolicy.networking.k8s.io", network_policy},
      {"PersistentVolumeClaim", claim},
      {"PersistentVolume", volume},
      {"StorageClass.storage.k8s.io", storage_class},
      {"Namespace", name_space},
      {"RoleBinding.rbac.authorization.k8s.io", role_binding},
      {"ClusterRoleBinding.rbac.authorization.k8s.io", role_binding},
      {"CustomResourceDefinition.apiextensions.k8s.io", custom_definition},
      {"MutatingWebhookConfiguration.admissionregistration.k8s.io", webhooks},
      {"ValidatingWebhookConfiguration.admissionregistration.k8s.io", webhooks},
      {"PriorityClass.scheduling.k8s.io", priority_class},
      {"Pod", pod},
  };
  return kDefaulters;
}

// Where kinds keep a pod specification.
Json* pod_spec_of(Json& object, std::string_view kind) {
  static const std::map<std::string, std::string, std::less<>> kPlaces = {
      {"Pod", "/spec"},
      {"Deployment.apps", "/spec/template/spec"},
      {"StatefulSet.apps", "/spec/template/spec"},
      {"DaemonSet.apps", "/spec/template/spec"},
      {"ReplicaSet.apps", "/spec/template/spec"},
      {"ReplicationController", "/spec/template/spec"},
      {"PodTemplate", "/template/spec"},
      {"Job.batch", "/spec/template/spec"},
      {"CronJob.batch", "/spec/jobTemplate/spec/template/spec"}};
  const auto it = kPlaces.find(kind);
  if (it == kPlaces.end()) return nullptr;
  // Only an address is made of the constant result: the object is ours.
  return const_cast<Json*>(model::find(object, it->second));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

void schema_defaults(Json& value, const Type& type) {
  if (value.is_object()) {
    for (const auto& [name, otherwise] : type.defaults) {
      if (!value.contains(name)) value[name] = otherwise;
    }
    for (auto& [name, field] : value.items()) {
      const Type* inner = type.shape == Shape::kMap ? type.element : type.field(name);
      if (inner != nullptr) schema_defaults(field, *inner);
    }
  } else if (value.is_array() && type.element != nullptr) {
    for (Json& item : value) schema_defaults(item, *type.element);
  }
}

}  // namespace

void set_defaults(Json& object, const ServedKind& kind) {
  if (kind.custom) {
    schema_defaults(object, *kind.type);
    return;
  }
  const auto& gvk = kind.resource.gvk;
  const std::string name = gvk.group.empty() ? gvk.kind : gvk.kind + "." + gvk.group;
  if (Json* spec = pod_spec_of(object, name); spec != nullptr && spec->is_object()) set_pod_defaults(*spec);
  const auto it = defaulters().find(name);
  if (it == defaulters().end()) return;
  // A missing or mistyped spec is validation's to report.
  if (object.contains("spec") && !object["spec"].is_object()) return;
  it->second(object);
}

}  // namespace instantexec::sim
