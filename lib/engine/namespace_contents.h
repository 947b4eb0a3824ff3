#pragma once

#include <string>

#include "engine/session.h"

namespace instantexec::engine {

// What a namespace holds besides what every namespace gets by itself and what is on its way out.
struct NamespaceContents {
  // Why it must not be deleted: "it holds ConfigMap default/mine". Empty: no reason.
  std::string held;
  // Objects whose owners are gone and that the garbage collector has not come to yet: look again.
  bool leaving = false;
};

// Lists every kind that can be created and listed, by what the server serves now: a remembered catalog may be
// older than somebody's CustomResourceDefinition. What could not be listed is held.
[[nodiscard]] NamespaceContents look_into(Session& session, const std::string& ns);

}  // namespace instantexec::engine
