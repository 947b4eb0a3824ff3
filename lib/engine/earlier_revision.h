#pragma once

#include <vector>

#include "base/result.h"
#include "engine/deploy.h"
#include "engine/session.h"
#include "model/manifest.h"

namespace instantexec::engine {

// Makes what an earlier revision recorded fit what is there now:
// - A Job that does not exist any more is left out, with a warning: created again, it would run again.
// - ownerReferences point at the owners that are there now. An owner that was made anew has another UID, and
//   the garbage collector deletes whatever names the former one; so a reference to an owner that does not
//   exist is left out, with a warning.
// What may not be read stays as it was. Asks the API server only when there are Jobs or such references.
Status fit_to_what_is_there(Session& session, const ReleaseOptions& options,
                            std::vector<model::Manifest>& manifests);

}  // namespace instantexec::engine
