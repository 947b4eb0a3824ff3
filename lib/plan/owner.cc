#include "plan/owner.h"

#include <array>
#include <map>
#include <string_view>

#include "base/text.h"
#include "model/marks.h"

namespace instantexec::plan {
namespace {

struct Mark {
  bool annotation;
  std::string_view key;
  std::string_view tool;
};

constexpr std::array kMarks = {
    Mark{true, "meta.helm.sh/release-name", "Helm release"},
    Mark{true, "argocd.argoproj.io/tracking-id", "Argo CD application"},
    Mark{false, "argocd.argoproj.io/instance", "Argo CD application"},
    Mark{false, "kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"},
    Mark{false, "helm.toolkit.fluxcd.io/name", "Flux HelmRelease"},
    Mark{false, "kapp.k14s.io/app", "kapp app"},
    Mark{false, "applyset.kubernetes.io/part-of", "ApplySet"},
};

std::string value_of(const std::map<std::string, std::string>& map, std::string_view key) {
  const auto it = map.find(std::string(key));
  return it == map.end() ? std::string{} : it->second;
}

// Where the release of an object keeps its records.
std::string home(const model::Object& live, const std::map<std::string, std::string>& labels) {
  const std::string explicit_home = value_of(labels, model::marks::kReleaseNamespace);
  return explicit_home.empty() ? live.ns() : explicit_home;
}

}  // namespace

std::optional<ForeignOwner> foreign_owner(const model::Object& live, const Scope& scope) {
  const auto labels = live.labels();
  const auto annotations = live.annotations();
  for (const Mark& mark : kMarks) {
    const std::string name = value_of(mark.annotation ? annotations : labels, mark.key);
    if (!name.empty()) return ForeignOwner{std::string(mark.tool), sanitise_line(name, 200)};
  }
  const std::string release = value_of(labels, model::marks::kRelease);
  if (!release.empty() && !owned_by(live, scope)) {
    return ForeignOwner{"instantexec release", sanitise_line(home(live, labels) + "/" + release, 200)};
  }
  for (const model::Json& owner : model::get_array(live.json, "/metadata/ownerReferences")) {
    if (!model::get_bool(owner, "/controller")) continue;
    return ForeignOwner{
        "controller",
        sanitise_line(model::get_string(owner, "/kind") + " " + model::get_string(owner, "/name"), 200)};
  }
  return std::nullopt;
}

bool owned_by(const model::Object& live, const Scope& scope) {
  const auto labels = live.labels();
  return value_of(labels, model::marks::kRelease) == scope.release && home(live, labels) == scope.ns;
}

bool kept_by_annotation(const model::Object& live) {
  return live.annotation(model::marks::kKeep) == "true" ||
         live.annotation("helm.sh/resource-policy") == "keep";
}

}  // namespace instantexec::plan
