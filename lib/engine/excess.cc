#include "engine/excess.h"

#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/access.h"
#include "engine/live.h"

namespace instantexec::engine {
namespace {

using model::Json;

std::vector<std::string> words(const Json& rule, const char* field) {
  std::vector<std::string> out;
  for (const Json& item : model::get_array(rule, field)) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

bool harmless(const Right& right) {
  // What every authenticated identity may do (system:basic-user).
  if (right.group == "authorization.k8s.io" || right.group == "authentication.k8s.io") return true;
  const bool reads = right.verb == "get" || right.verb == "list" || right.verb == "watch";
  return reads && right.resource != "secrets" && right.resource != "*";
}

}  // namespace

std::vector<std::string> excess_of(std::span<const Json> rules, const Needs& needs, const std::string& ns) {
  std::map<std::string, std::set<std::string>> verbs_by_resource;
  for (const Json& rule : rules) {
    // To single objects: of those a Role for the release may name some.
    if (!model::get_array(rule, "/resourceNames").empty()) continue;
    for (const std::string& group : words(rule, "/apiGroups")) {
      for (const std::string& resource : words(rule, "/resources")) {
        for (const std::string& verb : words(rule, "/verbs")) {
          const Right right{ns, group, resource, verb};
          const Right everywhere{"", group, resource, verb};
          if (harmless(right) || needs.contains(right) || needs.contains(everywhere)) continue;
          verbs_by_resource[resource + (group.empty() ? "" : "." + group)].insert(verb);
        }
      }
    }
  }
  std::vector<std::string> out;
  for (const auto& [resource, verbs] : verbs_by_resource) {
    const std::string granted =
        verbs.contains("*") ? "*" : join(std::vector<std::string>(verbs.begin(), verbs.end()), "/");
    out.push_back(sanitise_line(granted + " " + resource, 200));
    if (granted == "*" && resource == "*.*") return {out.back()};
  }
  return out;
}

Result<std::vector<std::string>> read_excess(Environment environment, const Needs& needs,
                                             const std::string& ns) {
  Session session(std::move(environment));
  const Response response = session.call(Access::rules_request(ns));
  if (!response.ok()) return fail(read_error(response, "what this identity may do in namespace " + ns));
  const Json& rules = model::get_array(response.object.json, "/status/resourceRules");
  return excess_of(std::vector<Json>(rules.begin(), rules.end()), needs, ns);
}

}  // namespace instantexec::engine
