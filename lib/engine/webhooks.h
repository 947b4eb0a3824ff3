#pragma once

#include <set>
#include <span>
#include <string>

#include "engine/session.h"
#include "plan/desired.h"
#include "status/admission.h"

namespace instantexec::engine {

// Which Services of these namespaces can answer. A namespace whose Services and EndpointSlices cannot be
// listed, or not within a few seconds, stays unknown.
[[nodiscard]] status::ReadyServices read_ready_services(Session& session,
                                                        const std::set<std::string>& namespaces);

// Namespaces of the Services that the object's webhooks call are added to `out`.
void note_webhook_namespaces(const model::Object& object, std::set<std::string>& out);

// Warns of admission webhooks whose Service has no ready endpoint, unless it gets one within a few seconds.
// They are no failure of the release that brings them, and yet refuse what they are to be asked about.
void warn_of_webhooks(Session& session, std::span<const plan::Desired> desired);

}  // namespace instantexec::engine
