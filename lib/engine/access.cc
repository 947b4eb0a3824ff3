#include "engine/access.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/errors.h"

namespace instantexec::engine {
namespace {

using model::Json;

// More objects of one kind than that are not asked for by name.
constexpr std::size_t kMaxNames = 50;

// One of the entries is the text, or "*".
bool holds(const Json& rule, const char* field, const std::string& text) {
  const Json& list = model::get_array(rule, field);
  return std::any_of(list.begin(), list.end(), [&](const Json& item) { return item == text || item == "*"; });
}

bool grants_resource(const Json& rule, const std::string& resource) {
  if (holds(rule, "/resources", resource)) return true;
  const std::size_t slash = resource.find('/');
  return slash != std::string::npos && holds(rule, "/resources", "*" + resource.substr(slash));
}

CreateRequest access_review(const Right& right, const std::string& name) {
  const std::size_t slash = right.resource.find('/');
  Json attributes{
      {"verb", right.verb}, {"group", right.group}, {"resource", right.resource.substr(0, slash)}};
  if (slash != std::string::npos) attributes["subresource"] = right.resource.substr(slash + 1);
  if (!right.ns.empty()) attributes["namespace"] = right.ns;
  if (!name.empty()) attributes["name"] = name;
  CreateRequest out;
  out.body.json = {{"apiVersion", "authorization.k8s.io/v1"},
                   {"kind", "SelfSubjectAccessReview"},
                   {"spec", {{"resourceAttributes", std::move(attributes)}}}};
  return out;
}

// The answer is a clear no.
bool refused(const Response& response) {
  if (!response.ok()) return false;
  const Json* allowed = model::find(response.object.json, "/status/allowed");
  return allowed != nullptr && *allowed == false;
}

}  // namespace

Request Access::rules_request(const std::string& ns) {
  CreateRequest out;
  out.body.json = {{"apiVersion", "authorization.k8s.io/v1"},
                   {"kind", "SelfSubjectRulesReview"},
                   {"spec", {{"namespace", ns}}}};
  return out;
}

void Access::learn(const std::string& ns, const Response& response) {
  if (!response.ok()) return;
  for (const Json& rule : model::get_array(response.object.json, "/status/resourceRules")) {
    // Rights to single objects are asked for by name.
    if (model::get_array(rule, "/resourceNames").empty()) rules_[ns].push_back(rule);
  }
}

bool Access::granted(const Right& right) const {
  // What a binding in a namespace grants is listed with what one of the cluster does, so that it says nothing
  // about the cluster scope.
  const auto rules = rules_.find(right.ns);
  if (right.ns.empty() || rules == rules_.end()) return false;
  return std::any_of(rules->second.begin(), rules->second.end(), [&](const Json& rule) {
    return holds(rule, "/verbs", right.verb) && holds(rule, "/apiGroups", right.group) &&
           grants_resource(rule, right.resource);
  });
}

Needs Access::missing(Session& session, const Needs& needs) const {
  std::vector<const Needs::value_type*> asked;
  std::vector<Request> requests;
  for (const auto& need : needs) {
    if (granted(need.first)) continue;
    asked.push_back(&need);
    requests.emplace_back(access_review(need.first, {}));
  }
  if (requests.empty()) return {};
  auto responses = session.call_all(std::move(requests));
  Needs out;
  std::vector<std::pair<Right, std::string>> by_name;
  requests.clear();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!refused(responses[i])) continue;
    out.insert(*asked[i]);
    const std::set<std::string>& names = asked[i]->second.names;
    if (names.size() > kMaxNames) continue;
    for (const std::string& name : names) {
      by_name.emplace_back(asked[i]->first, name);
      requests.emplace_back(access_review(asked[i]->first, name));
    }
  }
  responses = session.call_all(std::move(requests));
  for (std::size_t i = 0; i < by_name.size(); ++i) {
    if (refused(responses[i])) continue;
    const auto need = out.find(by_name[i].first);
    need->second.names.erase(by_name[i].second);
    if (need->second.names.empty()) out.erase(need);
  }
  return out;
}

std::string whoami(Session& session) {
  CreateRequest request;
  request.body.json = {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}};
  const auto response = session.call_all_once({std::move(request)}).front();
  const std::string name = model::get_string(response.object.json, "/status/userInfo/username");
  return name.empty() ? "this identity" : sanitise_line(name, 200);
}

Error missing_access(const std::string& who, const Needs& missing, const plan::Scope& scope) {
  return make_error(errors::kAccessMissing, who + " is not allowed to " + describe(missing),
                    "kubectl instantexec rbac -n " + scope.ns + " --release " + scope.release +
                        " prints the Role that suffices (with -f FILES before the first deploy)");
}

}  // namespace instantexec::engine
