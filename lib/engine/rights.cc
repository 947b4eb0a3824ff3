#include "engine/rights.h"

#include <algorithm>

#include "base/text.h"

namespace instantexec::engine {
namespace {

using model::Json;

constexpr const char* kRbac = "rbac.authorization.k8s.io";

class Collector {
 public:
  Collector(const plan::Scope& scope, const ResourceNames& names, const status::Options& readiness)
      : scope_(scope), names_(names), readiness_(readiness) {}

  void add(const Touched& touched, std::initializer_list<const char*> verbs, Purpose purpose) {
    const model::ObjectRef& object = touched.object;
    for (const char* verb : verbs) {
      Need& need = entry({object.ns, object.group, names_.of(touched.gvk), verb}, purpose);
      const std::string_view word = verb;
      if (word != "list" && word != "watch") need.names.insert(object.name);
    }
  }

  void add(const std::string& ns, const std::string& group, const char* resource,
           std::initializer_list<const char*> verbs, Purpose purpose) {
    for (const char* verb : verbs) {
      // Not about single objects, whoever needs it besides.
      entry({ns, group, resource, verb}, purpose).names.clear();
      general_.insert({ns, group, resource, verb});
    }
  }

  void add_records() {
    add(scope_.ns, "", "secrets", {"get", "list", "create", "update", "delete"}, Purpose::kRecords);
    add(scope_.ns, "coordination.k8s.io", "leases", {"get", "create", "update"}, Purpose::kRecords);
  }

  // A new definition is deleted again only if nobody has objects of it, in any namespace.
  void add_instances(const Touched& touched) {
    if (!plan::is_crd(touched.gvk)) return;
    const std::string& name = touched.object.name;  // PLURAL.GROUP, always
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return;
    add("", name.substr(dot + 1), name.substr(0, dot).c_str(), {"list"}, Purpose::kRollback);
  }

  // Of workloads: what they make, and why it does not run.
  void add_diagnosis(const Touched& touched) {
    const auto children = status::child_kinds(touched.gvk, readiness_);
    const std::string& ns = touched.object.ns;
    if (status::events_tell(touched.gvk, readiness_))
      add(ns, "", "events", {"list", "watch"}, Purpose::kDiagnosis);
    if (children.empty()) return;
    for (const model::Gvk& child : children) {
      add(ns, child.group, names_.of(child).c_str(), {"get", "list", "watch"}, Purpose::kDiagnosis);
    }
    const bool runs =
        std::find(children.begin(), children.end(), model::Gvk{"", "v1", "Pod"}) != children.end();
    if (runs) add(ns, "", "pods/log", {"get"}, Purpose::kDiagnosis);
  }

  // A pod of the failed revision keeps a stateful set from going back, kubernetes#67250.
  void add_stuck_pods(const Touched& touched) {
    if (touched.gvk.group != "apps" || touched.gvk.kind != "StatefulSet") return;
    add(touched.object.ns, "", "pods", {"delete"}, Purpose::kRollback);
  }

  Needs take() {
    for (auto& [right, need] : needs_) {
      if (general_.contains(right)) need.names.clear();
    }
    return std::move(needs_);
  }

 private:
  Need& entry(Right right, Purpose purpose) {
    const auto [place, fresh] = needs_.try_emplace(std::move(right));
    if (fresh || purpose < place->second.purpose) place->second.purpose = purpose;
    return place->second;
  }

  const plan::Scope& scope_;
  const ResourceNames& names_;
  const status::Options& readiness_;
  Needs needs_;
  std::set<Right> general_;
};

// Rules of one role: resources of a group that have the same verbs stand together.
Json rules_of(const std::map<std::pair<std::string, std::string>, std::set<std::string>>& verbs,
              const std::set<std::string>& names) {
  std::map<std::pair<std::string, std::set<std::string>>, Json> grouped;
  for (const auto& [resource, allowed] : verbs) {
    auto& resources = grouped[{resource.first, allowed}];
    if (resources.is_null()) resources = Json::array();
    resources.push_back(resource.second);
  }
  Json out = Json::array();
  for (auto& [key, resources] : grouped) {
    Json rule{
        {"apiGroups", Json::array({key.first})}, {"resources", std::move(resources)}, {"verbs", key.second}};
    if (!names.empty()) rule["resourceNames"] = names;
    out.push_back(std::move(rule));
  }
  return out;
}

model::Object role(const char* kind, const std::string& name, const std::string& ns, Json rules) {
  model::Object out;
  out.json = {{"apiVersion", std::string(kRbac) + "/v1"}, {"kind", kind}, {"metadata", {{"name", name}}}};
  if (!ns.empty()) out.json["metadata"]["namespace"] = ns;
  out.json["rules"] = std::move(rules);
  return out;
}

model::Object binding(const model::Object& role, const plan::Scope& scope, const std::string& account) {
  const std::size_t slash = account.find('/');
  const bool with_ns = slash != std::string::npos;
  model::Object out;
  out.json = {{"apiVersion", std::string(kRbac) + "/v1"},
              {"kind", role.kind() + "Binding"},
              {"metadata", role.json["metadata"]},
              {"roleRef", {{"apiGroup", kRbac}, {"kind", role.kind()}, {"name", role.name()}}},
              {"subjects", Json::array({{{"kind", "ServiceAccount"},
                                         {"name", with_ns ? account.substr(slash + 1) : account},
                                         {"namespace", with_ns ? account.substr(0, slash) : scope.ns}}})}};
  return out;
}

}  // namespace

ResourceNames::ResourceNames(const model::ApiCatalog& catalog, std::span<const plan::Desired> desired)
    : catalog_(catalog) {
  for (const plan::Desired& one : desired) {
    const model::Object& object = one.object();
    if (!plan::is_crd(object.gvk())) continue;
    arriving_[{model::get_string(object.json, "/spec/group"),
               model::get_string(object.json, "/spec/names/kind")}] =
        model::get_string(object.json, "/spec/names/plural");
  }
}

std::string ResourceNames::of(const model::Gvk& gvk) const {
  if (const auto* found = catalog_.find(gvk)) return found->resource;
  if (const auto* found = catalog_.find_preferred(gvk.group, gvk.kind)) return found->resource;
  const auto arriving = arriving_.find({gvk.group, gvk.kind});
  return arriving != arriving_.end() ? arriving->second : to_lower(gvk.kind) + "s";
}

Needs needs_of(std::span<const Touched> objects, const plan::Scope& scope, const ResourceNames& names,
               const status::Options& readiness) {
  Collector out(scope, names, readiness);
  out.add_records();
  for (const Touched& one : objects) {
    out.add(one, {"get"}, Purpose::kDeploy);
    switch (one.op) {
      case plan::Op::kCreate:
        out.add(one, {"create", "patch"}, Purpose::kDeploy);
        out.add(one, {"delete"}, Purpose::kRollback);
        out.add_instances(one);
        break;
      case plan::Op::kConfigure:
      case plan::Op::kRestore:
        out.add(one, {"patch"}, Purpose::kDeploy);
        out.add_stuck_pods(one);
        break;
      case plan::Op::kPrune:
      case plan::Op::kDelete:
        out.add(one, {"delete"}, Purpose::kDeploy);
        break;
      case plan::Op::kUnchanged:
      case plan::Op::kKeep:
        break;
    }
    out.add_diagnosis(one);
  }
  return out.take();
}

Needs needs_of_any(std::span<const Touched> objects, const plan::Scope& scope, const ResourceNames& names,
                   const status::Options& readiness) {
  Collector out(scope, names, readiness);
  out.add_records();
  for (const Touched& one : objects) {
    out.add(one, {"get", "list", "create", "patch", "delete"}, Purpose::kDeploy);
    out.add(one, {"watch"}, Purpose::kDiagnosis);
    out.add_instances(one);
    out.add_stuck_pods(one);
    out.add_diagnosis(one);
  }
  return out.take();
}

std::vector<model::Object> roles_of(const Needs& needs, const plan::Scope& scope,
                                    const std::string& service_account) {
  using Verbs = std::map<std::pair<std::string, std::string>, std::set<std::string>>;
  std::map<std::string, Verbs> by_ns;
  std::map<std::set<std::string>, Verbs> by_names;  // at the cluster scope
  for (const auto& [right, need] : needs) {
    // A new object has no name yet that could be checked.
    const bool named = right.ns.empty() && right.verb != "create";
    auto& verbs = right.ns.empty() ? by_names[named ? need.names : std::set<std::string>{}] : by_ns[right.ns];
    verbs[{right.group, right.resource}].insert(right.verb);
  }
  const std::string name = "instantexec-" + scope.release;
  std::vector<model::Object> out;
  for (const auto& [ns, verbs] : by_ns) {
    Json rules = rules_of(verbs, {});
    if (ns == scope.ns) {
      // Whether the namespace exists; a request for a namespace counts as one inside of it.
      rules.push_back({{"apiGroups", Json::array({""})},
                       {"resources", Json::array({"namespaces"})},
                       {"resourceNames", Json::array({ns})},
                       {"verbs", Json::array({"get"})}});
    }
    out.push_back(role("Role", name, ns, std::move(rules)));
  }
  if (!by_names.empty()) {
    Json rules = Json::array();
    for (const auto& [names, verbs] : by_names) {
      for (Json& rule : rules_of(verbs, names)) rules.push_back(std::move(rule));
    }
    // Cluster roles of releases with the same name in two namespaces are two.
    out.push_back(role("ClusterRole", name + "-" + scope.ns, "", std::move(rules)));
  }
  if (service_account.empty()) return out;
  const std::size_t roles = out.size();
  for (std::size_t i = 0; i < roles; ++i) out.push_back(binding(out[i], scope, service_account));
  return out;
}

std::string describe(const Needs& needs) {
  std::map<std::string, std::map<std::string, std::vector<std::string>>> places;  // by ns, then resource
  for (const auto& [right, need] : needs) {
    std::string resource = right.resource + (right.group.empty() ? "" : "." + right.group);
    places[right.ns][std::move(resource)].push_back(right.verb);
  }
  std::vector<std::string> out;
  for (const auto& [ns, resources] : places) {
    std::vector<std::string> parts;
    for (const auto& [resource, verbs] : resources) parts.push_back(join(verbs, "/") + " " + resource);
    out.push_back(join(parts, ", ") + (ns.empty() ? " (cluster scope)" : " in namespace " + ns));
  }
  return join(out, "; ");
}

}  // namespace instantexec::engine
