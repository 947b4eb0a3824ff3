#pragma once

#include <string>
#include <vector>

#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::validate {

// One entry of metav1.Status details.causes.
struct RejectionCause {
  std::string reason;   // "FieldValueInvalid"
  std::string field;    // "spec.template.spec.containers[0].image"; may be empty
  std::string message;  // "Invalid value: …"
};

// Why the API server refused an object, from its metav1.Status.
struct Rejection {
  int http_status = 0;
  std::string reason;  // "Invalid", "Forbidden" …
  std::string message;
  std::vector<RejectionCause> causes;  // empty: the message is all there is
};

// One finding (severity error, proven by the server) for every cause, at the line of its field:
//   server.invalid        422, or 400 about the object's content
//   server.unknown-field  strict decoding met a field the kind does not have, or one that is there twice
//   server.forbidden      403: not allowed to write it
//   server.quota          403: a ResourceQuota has no room for it
//   server.denied         an admission webhook or policy refused it
//   server.unknown-kind   404 for a kind or version the server does not serve
//   server.no-namespace   404 for the namespace
//   server.conflict       409: a field belongs to another manager, or the object changed meanwhile
//   server.rejected       anything else
// Messages are sanitised. What the server says about a Secret may repeat its data, so for Secrets only the
// field is told.
[[nodiscard]] std::vector<model::Finding> findings_from_dry_run(const model::Manifest& manifest,
                                                                const Rejection& rejection);

}  // namespace instantexec::validate
