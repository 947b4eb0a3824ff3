#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/rights.h"
#include "engine/session.h"

namespace instantexec::engine {

// What the API server says we may do.
//
// One SelfSubjectRulesReview for a namespace answers for most rights at once. It lists what role-based rules
// grant and may be incomplete, so that only a yes counts; what it does not grant is asked one by one in
// SelfSubjectAccessReviews, all at the same time, and again by name where a role may be limited to names.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/
class Access {
 public:
  // The first requests, one for each namespace, to be sent together with others.
  [[nodiscard]] static Request rules_request(const std::string& ns);
  void learn(const std::string& ns, const Response& response);

  // Those of the needs that are refused. What cannot be found out counts as allowed: the write will tell.
  Needs missing(Session& session, const Needs& needs) const;

 private:
  [[nodiscard]] bool granted(const Right& right) const;

  std::map<std::string, std::vector<model::Json>> rules_;  // by namespace
};

// Who the API server takes us for; "this identity" when it does not say.
std::string whoami(Session& session);

// Error access.missing for these rights.
[[nodiscard]] Error missing_access(const std::string& who, const Needs& missing, const plan::Scope& scope);

}  // namespace instantexec::engine
