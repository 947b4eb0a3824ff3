#pragma once

#include "model/object.h"
#include "sim/registry.h"

namespace instantexec::sim {

// Fills in what the server's defaulting does on every read of a request, so that a dry-run shows the same
// differences. Built-in kinds: the versioned SetDefaults functions; custom kinds: `default` in their schema.
void set_defaults(model::Json& object, const ServedKind& kind);

// Defaults of a pod specification (also in templates). `is_template` leaves out what only bare pods get.
void set_pod_defaults(model::Json& pod_spec);

}  // namespace instantexec::sim
