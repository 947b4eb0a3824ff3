#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/deploy.h"
#include "engine/rights.h"
#include "engine/session.h"

// Which rights an identity has beyond those a release needs: what an attacker gains with its credentials.
namespace instantexec::engine {

// What rules of a SelfSubjectRulesReview for namespace `ns` (status.resourceRules) grant beyond the needs, a
// text for each resource and sorted: "create pods/exec", "*/list secrets", "* *.*" for everything. Reading
// counts only where it shows credentials; reviews of oneself, which everybody may create, do not. Untrusted
// names are sanitised.
[[nodiscard]] std::vector<std::string> excess_of(std::span<const model::Json> rules, const Needs& needs,
                                                 const std::string& ns);

// Asks the API server what the identity may do in the namespace. Empty: nothing beyond the needs. Error when
// it does not answer; what it knows may be incomplete, as some authorizers cannot list what they grant.
Result<std::vector<std::string>> read_excess(Environment environment, const Needs& needs,
                                             const std::string& ns);

}  // namespace instantexec::engine
