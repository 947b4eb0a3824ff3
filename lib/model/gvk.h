#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace instantexec::model {

// A type of object as manifests name it. The core group is "".
struct Gvk {
  std::string group;
  std::string version;
  std::string kind;

  friend auto operator<=>(const Gvk&, const Gvk&) = default;
  // "apps/v1", "v1".
  [[nodiscard]] std::string api_version() const;
  // "Deployment.apps", "ConfigMap".
  [[nodiscard]] std::string to_string() const;
};

// Splits apiVersion ("apps/v1", "v1") and joins it with the kind. No validation: any text gives a value.
[[nodiscard]] Gvk make_gvk(std::string_view api_version, std::string_view kind);

// A type of object as REST paths name it.
struct Gvr {
  std::string group;
  std::string version;
  std::string resource;  // plural, lower case: "deployments"

  friend auto operator<=>(const Gvr&, const Gvr&) = default;
};

// Identity of an object across API versions. `ns` is empty for cluster-scoped objects.
struct ObjectRef {
  std::string group;
  std::string kind;
  std::string ns;
  std::string name;

  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;
  // "Deployment demo/web", "Namespace demo", "Certificate.cert-manager.io demo/web". External text is
  // sanitised.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace instantexec::model
