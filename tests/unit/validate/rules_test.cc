#include "validate/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "manifest/load.h"
#include "source_dir.h"

namespace instantexec::validate {
namespace {

using model::Finding;
using model::Severity;

// A small release without a fault. Rows change one text in it.
constexpr const char* kClean = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: demo}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}
      containers:
      - name: web
        image: example.com/web:1.2.3
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: MODE, valueFrom: {configMapKeyRef: {name: web, key: mode}}}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: web, key: password}}}
        readinessProbe: {httpGet: {path: /, port: http}}
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: demo, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: demo}
data: {mode: fast}
---
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: demo}
stringData: {password: x}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: demo}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: demo}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: demo}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: demo}
spec:
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: demo}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: batch, namespace: demo}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}, minReplicas: 1, maxReplicas: 3}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: demo}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: db
        image: example.com/db@sha256:0123
        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: store, mountPath: /store}]
  volumeClaimTemplates: [{metadata: {name: store}}]
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: demo}
spec: {clusterIP: None, selector: {app: db}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: demo}
spec:
  template:
    metadata: {labels: {app: once}}
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: once
        image: example.com/once:1
        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: demo}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: demo}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, namespace: demo}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: demo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: demo}]
)";

std::vector<Finding> check(const std::string& text, const std::vector<model::Object>* live = nullptr) {
  const auto manifests = manifest::manifests_from(std::vector<manifest::SourceFile>{{"a.yaml", text}});
  for (const Finding& finding : manifests.findings)
    ADD_FAILURE() << finding.at.to_string() << finding.message;
  Scope scope;
  scope.manifests = manifests.objects;
  scope.live = live;
  scope.default_namespace = "demo";
  return check_manifests(scope);
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kClean;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "not unique: " << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

struct Row {
  std::string rule;
  std::string from;
  std::string to;
  Severity severity;
  std::string field;
};

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;

// One fault each; the object's other rules must stay silent unless they see the same fault.
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows{
      {"workload.image", "image: example.com/web:1.2.3", "image: ''", kError,
       "spec.template.spec.containers[0].image"},
      {"workload.image-tag", "web:1.2.3", "web", kWarning, "spec.template.spec.containers[0].image"},
      {"workload.image-tag", "example.com/web:1.2.3", "example.com:5000/web:latest", kWarning,
       "spec.template.spec.containers[0].image"},
      {"workload.quantity", "cpu: 100m, memory: 64Mi", "cpu: 100mi, memory: 64Mi", kError,
       "spec.template.spec.containers[0].resources.requests.cpu"},
      {"workload.quantity", "cpu: 100m, memory: 64Mi", "cpu: 100m, memory: 256Mi", kError,
       "spec.template.spec.containers[0].resources.requests.memory"},
      {"workload.resource-requests", "cpu: 100m, memory: 64Mi", "memory: 64Mi", kWarning,
       "spec.template.spec.containers[0].resources"},
      {"workload.memory-limit", "64Mi}, limits: {memory: 128Mi}", "64Mi}", kWarning,
       "spec.template.spec.containers[0].resources"},
      {"workload.readiness-probe", "readinessProbe", "x-readinessProbe", kWarning,
       "spec.template.spec.containers[0]"},
      {"workload.probe-handler", "httpGet: {path: /, port: http}", "periodSeconds: 5", kError,
       "spec.template.spec.containers[0].readinessProbe"},
      {"workload.probe-handler", "httpGet: {path: /, port: http}",
       "httpGet: {path: /, port: http}, exec: {command: [x]}", kError,
       "spec.template.spec.containers[0].readinessProbe"},
      {"workload.probe-port", "{path: /, port: http}", "{path: /, port: admin}", kError,
       "spec.template.spec.containers[0].readinessProbe.httpGet.port"},
      {"workload.selector-mismatch", "matchLabels: {app: web}}\n  template",
       "matchLabels: {app: api}}\n  template", kError, "spec.template.metadata.labels"},
      {"workload.selector-mismatch", "selector: {matchLabels: {app: web}}\n  template", "template", kError,
       "spec.selector"},
      {"workload.containers", "- name: web\n        image", "- image", kError,
       "spec.template.spec.containers[0].name"},
      {"workload.volume-mount", "[{name: data, mountPath: /data}]", "[{name: date, mountPath: /data}]",
       kError, "spec.template.spec.containers[0].volumeMounts[0].name"},
      {"workload.volume-mount", "[{name: data, mountPath: /data}]",
       "[{name: data, mountPath: /data}, {name: data, mountPath: /data}]", kError,
       "spec.template.spec.containers[0].volumeMounts[1].mountPath"},
      {"workload.restart-policy", "restartPolicy: Never", "restartPolicy: Always", kError,
       "spec.template.spec.restartPolicy"},
      {"workload.rolling-update", "maxSurge: 1", "maxSurge: 0%", kError,
       "spec.strategy.rollingUpdate.maxUnavailable"},
      {"workload.duplicate-env", "- {name: PASSWORD", "- {name: MODE", kWarning,
       "spec.template.spec.containers[0].env[1].name"},
      {"workload.ports", "containerPort: 8080", "containerPort: 80800", kError,
       "spec.template.spec.containers[0].ports[0].containerPort"},
      {"workload.ports", "[{name: http, containerPort: 8080}]",
       "[{name: http, containerPort: 8080}, {name: http, containerPort: 81}]", kError,
       "spec.template.spec.containers[0].ports[1].name"},
      {"workload.topology-spread", "maxSkew: 1", "maxSkew: 0", kError,
       "spec.template.spec.topologySpreadConstraints[0].maxSkew"},
      {"security.pod-security",
       "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n        volumeMounts: [{name: data",
       "{capabilities: {drop: [ALL]}}\n        volumeMounts: [{name: data", kError,
       "spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation"},
      {"security.privileged-conflict",
       "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n        volumeMounts: [{name: data",
       "{allowPrivilegeEscalation: false, privileged: true, capabilities: {drop: [ALL]}}\n        "
       "volumeMounts: [{name: data",
       kError, "spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation"},
      {"reference.config-map", "configMapKeyRef: {name: web", "configMapKeyRef: {name: wbe", kWarning,
       "spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.name"},
      {"reference.secret", "secretKeyRef: {name: web", "secretKeyRef: {name: wbe", kWarning,
       "spec.template.spec.containers[0].env[1].valueFrom.secretKeyRef.name"},
      {"reference.key", "key: mode", "key: mood", kError,
       "spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.key"},
      {"reference.service-account", "serviceAccountName: web", "serviceAccountName: wbe", kWarning,
       "spec.template.spec.serviceAccountName"},
      {"reference.volume-claim", "claimName: data", "claimName: date", kWarning,
       "spec.template.spec.volumes[0].persistentVolumeClaim.claimName"},
      {"service.ports", "port: 80, targetPort", "port: 0, targetPort", kError, "spec.ports[0].port"},
      {"service.ports", "[{name: http, port: 80, targetPort: http}]",
       "[{name: http, port: 80, targetPort: http}, {port: 81}]", kError, "spec.ports[1].name"},
      {"service.target-port", "targetPort: http", "targetPort: https", kError, "spec.ports[0].targetPort"},
      {"service.selects-nothing", "{selector: {app: web}, ports", "{selector: {app: wbe}, ports", kWarning,
       "spec.selector"},
      {"service.ingress-backend", "port: {number: 80}", "port: {number: 81}", kError,
       "spec.rules[0].http.paths[0].backend.service.port"},
      {"service.ingress-backend", "service: {name: web", "service: {name: wbe", kWarning,
       "spec.rules[0].http.paths[0].backend.service.name"},
      {"service.ingress-path", "pathType: Prefix, ", "", kError, "spec.rules[0].http.paths[0].pathType"},
      {"service.ingress-path", "path: /, pathType", "path: x, pathType", kError,
       "spec.rules[0].http.paths[0].path"},
      {"service.stateful-set", "{clusterIP: None, selector", "{ports: [{port: 1}], selector", kWarning,
       "spec.serviceName"},
      {"availability.budget-fields", "{maxUnavailable: 1,", "{maxUnavailable: 1, minAvailable: 1,", kError,
       "spec.maxUnavailable"},
      {"availability.budget-blocks", "{maxUnavailable: 1,", "{maxUnavailable: 0,", kWarning,
       "spec.maxUnavailable"},
      {"availability.budget-blocks", "{maxUnavailable: 1,", "{minAvailable: 3,", kWarning,
       "spec.minAvailable"},
      {"availability.budget-blocks", "{maxUnavailable: 1,", "{minAvailable: 100%,", kWarning,
       "spec.minAvailable"},
      {"availability.budget-selects-nothing", "1, selector: {matchLabels: {app: web}}",
       "1, selector: {matchLabels: {app: wbe}}", kWarning, "spec.selector"},
      {"availability.scale-target", "kind: StatefulSet, name: db", "kind: StatefulSet, name: bd", kWarning,
       "spec.scaleTargetRef.name"},
      {"availability.scale-range", "minReplicas: 1, maxReplicas: 3", "minReplicas: 4, maxReplicas: 3", kError,
       "spec.minReplicas"},
      {"availability.fixed-replicas", "kind: StatefulSet, name: db", "kind: Deployment, name: web", kWarning,
       "spec.replicas"},
      {"network.uncovered-pods", "{podSelector: {}, policyTypes: [Ingress]}",
       "{podSelector: {}, policyTypes: [Egress]}", kWarning, "spec.template.metadata.labels"},
      {"network.selects-nothing", "{podSelector: {matchLabels: {app: web}}",
       "{podSelector: {matchLabels: {app: wbe}}", kWarning, "spec.podSelector"},
      {"access.subject", "[{kind: ServiceAccount,", "[{kind: Serviceaccount,", kError, "subjects[0].kind"},
      {"access.rule", "verbs: [get]", "verbs: []", kError, "rules[0]"},
      {"access.role", "kind: Role, name: web", "kind: Role, name: wbe", kWarning, "roleRef.name"},
      {"access.cluster-admin", "kind: Role, name: web", "kind: ClusterRole, name: cluster-admin", kWarning,
       "roleRef.name"},
      {"access.wildcard", "verbs: [get]", "verbs: ['*']", kWarning, "rules[0].verbs"},
      {"object.name", "metadata: {name: batch,", "metadata: {name: my_batch,", kError, "metadata.name"},
      {"object.name", "metadata: {name: once, namespace: demo}", "metadata: {name: once, namespace: demo.x}",
       kError, "metadata.namespace"},
      {"object.labels", "metadata: {labels: {app: once}}", "metadata: {labels: {app: -once}}", kError,
       "spec.template.metadata.labels.app"},
      {"object.labels", "metadata: {labels: {app: once}}", "metadata: {labels: {app: once, ok: yes}}", kError,
       "spec.template.metadata.labels.ok"},
      {"object.labels", "metadata: {labels: {app: once}}", "metadata: {labels: {app: once, a/b/c: x}}",
       kError, "spec.template.metadata.labels[a/b/c]"},
      {"api.removed", "apiVersion: policy/v1", "apiVersion: policy/v1beta1", kError, "apiVersion"},
  };
  return kRows;
}

TEST(Rules, CleanSetHasNoFindings) {
  for (const Finding& finding : check(kClean))
    ADD_FAILURE() << finding.rule << " " << finding.field << " " << finding.message;
}

TEST(Rules, EachFaultIsFoundAtItsField) {
  for (const Row& row : rows()) {
    const auto findings = check(changed(row.from, row.to));
    bool found = false;
    for (const Finding& finding : findings) {
      if (finding.rule != row.rule || finding.field != row.field) continue;
      found = true;
      EXPECT_EQ(finding.severity, row.severity) << row.rule;
      EXPECT_EQ(finding.at.file, "a.yaml");
      EXPECT_GT(finding.at.begin.line, 0U);
      EXPECT_FALSE(finding.hint.empty()) << row.rule;
      EXPECT_TRUE(finding.subject.has_value());
    }
    EXPECT_TRUE(found) << row.rule << " at " << row.field << " in\n"
                       << row.to << [&] {
                            std::string got;
                            for (const Finding& finding : findings)
                              got += "\n  " + finding.rule + " " + finding.field;
                            return got;
                          }();
  }
}

TEST(Rules, NoOtherErrorFromOneFault) {
  // Faults that a second rule rightly sees too.
  const std::set<std::string> related{"workload.image", "security.privileged-conflict", "workload.ports",
                                      "service.ports"};
  for (const Row& row : rows()) {
    for (const Finding& finding : check(changed(row.from, row.to))) {
      if (finding.rule == row.rule || finding.severity != kError || related.contains(row.rule)) continue;
      ADD_FAILURE() << row.rule << " also gives " << finding.rule << ": " << finding.message;
    }
  }
}

constexpr const char* kOpenNamespace = R"(apiVersion: v1
kind: Pod
metadata: {name: p, namespace: open}
spec:
  hostNetwork: true
  containers: [{name: a, image: "a:1", resources: {limits: {cpu: 1, memory: 1Gi}}, securityContext: {privileged: true}}]
  volumes: [{name: v, hostPath: {path: /}}]
)";

TEST(Rules, UnenforcedNamespacesGetWarnings) {
  std::set<std::string> fields;
  for (const Finding& finding : check(kOpenNamespace)) {
    EXPECT_NE(finding.severity, kError) << finding.rule;
    if (finding.rule == "security.host-access" || finding.rule == "security.run-as-non-root")
      fields.insert(finding.field);
  }
  EXPECT_THAT(fields, testing::ElementsAre("spec.containers[0].securityContext.privileged",
                                           "spec.containers[0].securityContext.runAsNonRoot",
                                           "spec.hostNetwork", "spec.volumes[0].hostPath"));
}

TEST(Rules, NamesByKind) {
  struct NameRow {
    const char* api_version;
    const char* kind;
    const char* name;
    bool good;
  };
  const std::vector<NameRow> names{
      {"v1", "ConfigMap", "a.b-c.d", true},
      {"v1", "ConfigMap", "A", false},
      {"v1", "Service", "a.b", false},
      {"v1", "Namespace", "a.b", false},
      {"rbac.authorization.k8s.io/v1", "ClusterRole", "system:Node_x", true},
      {"rbac.authorization.k8s.io/v1", "ClusterRole", "a/b", false},
      {"example.com/v1", "Widget", "UP", false},
      {"certificates.k8s.io/v1", "CertificateSigningRequest", "Any_thing", true},  // rules of its own
  };
  for (const NameRow& row : names) {
    std::vector<model::Manifest> manifests(1);
    manifests[0].object.json = {
        {"apiVersion", row.api_version}, {"kind", row.kind}, {"metadata", {{"name", row.name}}}};
    Scope scope;
    scope.manifests = manifests;
    bool named = false;
    for (const Finding& finding : check_manifests(scope)) named = named || finding.rule == "object.name";
    EXPECT_EQ(named, !row.good) << row.kind << " " << row.name;
  }
}

TEST(Rules, BudgetsThatOverlap) {
  const std::string text = std::string(kClean) +
                           "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"
                           "metadata: {name: all, namespace: demo}\n"
                           "spec: {maxUnavailable: 1, selector: {}}\n";
  const auto findings = check(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "availability.budget-overlap");
  EXPECT_EQ(findings[0].subject->name, "all");
}

TEST(Rules, EveryRuleHasATestThatCanFail) {
  std::set<std::string> tested{"security.host-access", "security.run-as-non-root",
                               "availability.budget-overlap"};
  for (const Row& row : rows()) tested.insert(row.rule);
  std::set<std::string> known;
  for (const Rule& rule : all_rules()) {
    EXPECT_TRUE(known.emplace(rule.id).second) << rule.id << " is there twice";
    EXPECT_EQ(find_rule(rule.id)->title, rule.title);
    EXPECT_LE(std::string(kIgnorePrefix).size() - std::string("instantexec.dev/").size() + rule.id.size(),
              63U)
        << "too long for an annotation";
  }
  EXPECT_EQ(tested, known);
  EXPECT_EQ(find_rule("no.such-rule"), nullptr);
}

TEST(Rules, LiveObjectsCountAndTheirAbsenceProves) {
  const std::string text = changed("configMapKeyRef: {name: web", "configMapKeyRef: {name: shared");
  std::vector<model::Object> live;
  const auto without = check(text, &live);
  ASSERT_EQ(without.size(), 1U);
  EXPECT_EQ(without[0].rule, "reference.config-map");
  EXPECT_EQ(without[0].severity, kError);
  live.push_back({model::Json::parse(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"shared","namespace":"demo"},"data":{"mode":"x"}})")});
  EXPECT_TRUE(check(text, &live).empty());
  live.back().json["data"] = {{"other", "x"}};
  const auto key = check(text, &live);
  ASSERT_EQ(key.size(), 1U);
  EXPECT_EQ(key[0].rule, "reference.key");
}

TEST(Rules, IgnoredWithAReason) {
  const std::string fault = changed("web:1.2.3", "web");
  const auto at = fault.find("metadata: {name: web, namespace: demo}");
  const auto annotated = [&](const std::string& reason) {
    std::string text = fault;
    return text.replace(at, std::string("metadata: {name: web, namespace: demo}").size(),
                        "metadata: {name: web, namespace: demo, annotations: "
                        "{instantexec.dev/ignore-workload.image-tag: '" +
                            reason + "'}}");
  };
  const auto ignored = check(annotated("pinned by the mirror"));
  ASSERT_EQ(ignored.size(), 1U);
  EXPECT_EQ(ignored[0].severity, Severity::kInfo);
  EXPECT_THAT(ignored[0].message, testing::HasSubstr("pinned by the mirror"));
  const auto without_reason = check(annotated(" "));
  ASSERT_EQ(without_reason.size(), 1U);
  EXPECT_EQ(without_reason[0].severity, kWarning);
}

TEST(Rules, RemovedApisDependOnTheServer) {
  const auto manifests = manifest::manifests_from(std::vector<manifest::SourceFile>{
      {"a.yaml",
       "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: x}\n"}});
  Scope scope;
  scope.manifests = manifests.objects;
  for (const auto& [minor, severity] : std::vector<std::pair<int, Severity>>{{31, kWarning}, {32, kError}}) {
    scope.server_minor = minor;
    const auto findings = check_manifests(scope);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].severity, severity) << minor;
  }
}

TEST(Rules, ToleratesAnyShape) {
  // Every field of the clean set replaced by a value of another type, one at a time: no crash, no exception.
  const auto manifests = manifest::manifests_from(std::vector<manifest::SourceFile>{{"a.yaml", kClean}});
  std::size_t tried = 0;
  for (std::size_t i = 0; i < manifests.objects.size(); ++i) {
    for (const auto& [pointer, position] : *manifests.objects[i].positions) {
      if (pointer.empty() || pointer == "/kind" || pointer == "/apiVersion") continue;
      for (const char* value : {"5", "[1, null]", R"({"a": {"b": 1}})"}) {
        auto objects = manifests.objects;
        objects[i].object.json[model::Json::json_pointer(pointer)] = model::Json::parse(value);
        Scope scope;
        scope.manifests = objects;
        for (const Finding& finding : check_manifests(scope)) EXPECT_FALSE(finding.rule.empty());
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 500U);
}

TEST(Rules, ShippedBaselinesAreClean) {
  std::vector<manifest::SourceFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(INSTANTEXEC_SOURCE_DIR "/config/baselines")) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(in), {}}});
  }
  const auto manifests = manifest::manifests_from(files);
  Scope scope;
  scope.manifests = manifests.objects;
  const std::vector<model::Object> nothing;
  scope.live = &nothing;
  const auto findings = check_manifests(scope);
  for (const Finding& finding : findings) ADD_FAILURE() << finding.at.to_string() << " " << finding.rule;
  EXPECT_EQ(manifests.objects.size(), 24U);
}

}  // namespace
}  // namespace instantexec::validate
