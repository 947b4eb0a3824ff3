#include <algorithm>
#include <string>

#include "base/text.h"
#include "kube/api_errors.h"
#include "kube/rest.h"

namespace instantexec::kube {
namespace {

bool has_cause(const std::optional<ApiStatus>& status, std::string_view reason) {
  return status && std::any_of(status->causes.begin(), status->causes.end(),
                               [&](const engine::StatusCause& cause) { return cause.reason == reason; });
}

// The authoriser's sentence is `… is forbidden: User "x" cannot …`; admission plugins write others.
bool is_authorisation(const std::optional<ApiStatus>& status) {
  return !status || status->message.find("forbidden: User \"") != std::string::npos;
}

const ErrorCode& code_of(int http_status, const std::optional<ApiStatus>& status) {
  const std::string_view reason = status ? std::string_view(status->reason) : std::string_view{};
  switch (http_status) {
    case 400:
    case 422:
      return errors::kInvalid;
    case 401:
      return errors::kUnauthorized;
    case 403:
      if (has_cause(status, "NamespaceTerminating")) return errors::kNamespaceTerminating;
      return is_authorisation(status) ? errors::kForbidden : errors::kAdmissionDenied;
    case 404:
      // The API server answers unknown paths in plain text; a Status without a name comes from a kind too.
      return reason == "NotFound" ? errors::kNotFound : errors::kKindNotServed;
    case 409:
      if (has_cause(status, "FieldManagerConflict")) return errors::kOwnershipConflict;
      return reason == "AlreadyExists" ? errors::kAlreadyExists : errors::kConflict;
    case 410:
      return errors::kExpired;
    case 413:
      return errors::kTooLarge;
    case 429:
      return errors::kTooManyRequests;
    default:
      return http_status >= 500 ? errors::kUnavailable : errors::kRejected;
  }
}

// Validation messages repeat what is wrong, and for a Secret that may be its values (base64 or JSON with an
// error in it). Messages about rights, names and versions do not.
bool may_repeat_values(const ApiCall& call, int http_status) {
  if (call.gvk.kind != "Secret" || call.body.empty() || call.no_values) return false;
  return http_status != 401 && http_status != 404 && http_status != 409 && http_status != 429;
}

std::string subject(const ApiCall& call) {
  std::string out = call.verb + " " + call.resource;
  if (!call.name.empty()) out += " \"" + sanitise_line(call.name, 253) + "\"";
  if (!call.ns.empty()) out += " in namespace \"" + sanitise_line(call.ns, 63) + "\"";
  return out;
}

std::string in_namespace(const ApiCall& call) {
  return call.ns.empty() ? std::string{} : " -n " + sanitise_line(call.ns, 63);
}

std::string hint_for(const ErrorCode& code, const ApiCall& call) {
  if (call.resource.empty()) return {};
  const std::string name = sanitise_line(call.name, 253);
  if (&code == &errors::kForbidden) {
    return "kubectl auth can-i " + call.verb + " " + call.resource + in_namespace(call);
  }
  if (&code == &errors::kAdmissionDenied) {
    return "kubectl get resourcequota,limitrange" + in_namespace(call) +
           ", or the policy or webhook named in the message";
  }
  if (&code == &errors::kNamespaceTerminating) return "kubectl get namespace " + sanitise_line(call.ns, 63);
  if (&code == &errors::kNotFound || &code == &errors::kAlreadyExists) {
    return "kubectl get " + call.resource + in_namespace(call);
  }
  if (&code == &errors::kOwnershipConflict) {
    return "kubectl get " + call.resource + " " + name + in_namespace(call) +
           " --show-managed-fields -o yaml, then leave the field out or take it over deliberately";
  }
  if (&code == &errors::kInvalid) return "kubectl explain " + call.resource;
  return {};
}

}  // namespace

bool is_schema_refusal(const ApiCall& call, int http_status, ApiStatus& status) {
  if (http_status != 500 || !status.reason.empty()) return false;
  if (call.content_type != "application/apply-patch+yaml") return false;
  const std::string_view message = status.message;
  if (!message.starts_with("failed to create typed patch object (") &&
      !message.starts_with("failed to convert new object (")) {
    return false;
  }
  // "… (ns/name; v1, Kind=X): .spec.replicas: expected numeric …"
  const auto field = message.find("): .");
  const auto end = field == std::string_view::npos ? field : message.find(": ", field + 4);
  if (end != std::string_view::npos) {
    status.causes.push_back({"FieldValueInvalid",
                             sanitise_line(message.substr(field + 3, end - field - 3), 500),
                             sanitise(message.substr(end + 2))});
  }
  return true;
}

bool is_webhook_failure(int http_status, const ApiStatus& status) {
  return http_status == 500 && status.reason == "InternalError" &&
         status.message.starts_with("Internal error occurred: failed calling webhook \"");
}

Error refusal(const ApiCall& call, int http_status, const std::optional<ApiStatus>& status,
              bool schema_refusal) {
  const ErrorCode& code = schema_refusal ? errors::kInvalid : code_of(http_status, status);
  std::string message = subject(call) + ": ";
  if (may_repeat_values(call, http_status)) {
    message += "the server answered " + std::to_string(http_status) +
               (status && !status->reason.empty() ? " " + status->reason : "");
    if (status) {
      for (const engine::StatusCause& cause : status->causes)
        message += ", " + cause.field + " " + cause.reason;
    }
    message += " (its text is not shown: it may hold values of the Secret)";
  } else if (status && !status->message.empty()) {
    message += sanitise(status->message);
  } else {
    message += "the server answered " + std::to_string(http_status);
  }
  std::string hint = status && is_webhook_failure(http_status, *status)
                         ? "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations"
                         : hint_for(code, call);
  Error error = make_error(code, std::move(message), std::move(hint));
  error.reason = status ? status->reason : "";
  error.http_status = http_status;
  return error;
}

}  // namespace instantexec::kube
