#include "engine/release_namespace.h"

#include <algorithm>
#include <utility>

#include "engine/errors.h"
#include "plan/desired.h"

namespace instantexec::engine {
namespace {

const model::Gvk kNamespace{"", "v1", "Namespace"};

}  // namespace

Result<std::optional<std::string>> create_namespace(Session& session, const ReleaseOptions& options,
                                                    const PlanResult& planned) {
  const auto wanted =
      std::find_if(planned.desired.begin(), planned.desired.end(), [&](const plan::Desired& desired) {
        return plan::is_namespace(desired.object().gvk()) && desired.object().name() == options.ns;
      });
  if (wanted == planned.desired.end()) return std::optional<std::string>{};
  ApplyRequest request;
  request.body = wanted->object();
  request.field_manager = options.field_manager;
  Response response = session.call(std::move(request));
  // Applying the same content twice changes nothing, so a lost answer needs no more than a second try.
  if (response.outcome == Outcome::kUnknown || response.outcome == Outcome::kNotSent) {
    ApplyRequest again;
    again.body = wanted->object();
    again.field_manager = options.field_manager;
    response = session.call(std::move(again));
  }
  if (response.ok()) return std::optional(response.object.uid());
  const std::string why = response.error ? response.error->to_string() : "no answer from the API server";
  return fail(errors::kWriteFailed, "namespace " + options.ns + " could not be created: " + why,
              "kubectl auth can-i create namespaces");
}

void remove_namespace(Session& session, const ReleaseOptions& options, const std::string& uid) {
  DeleteRequest request;
  request.gvk = kNamespace;
  request.name = options.ns;
  request.preconditions.uid = uid;
  const Response response = session.call(std::move(request));
  if (!response.ok() && !response.not_found())
    session.warn("namespace " + options.ns + " was created and is left behind, empty");
}

}  // namespace instantexec::engine
