#include "model/gvk.h"

#include "base/text.h"

namespace instantexec::model {

std::string Gvk::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string Gvk::to_string() const {
  return group.empty() ? kind : kind + "." + group;
}

Gvk make_gvk(std::string_view api_version, std::string_view kind) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)),
          std::string(kind)};
}

std::string ObjectRef::to_string() const {
  // Groups of Kubernetes itself add nothing a reader needs.
  const bool builtin = group.find('.') == std::string::npos || group.ends_with(".k8s.io");
  std::string out = builtin ? kind : kind + "." + group;
  out += ' ';
  if (!ns.empty()) out += ns + "/";
  return sanitise_line(out + name, 300);
}

}  // namespace instantexec::model
