#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/object.h"
#include "report/text.h"
#include "status/tree.h"

namespace instantexec::cli {

// The trees as indented text below a title (empty: none), a mark and a sentence each, and a count at the end.
// What lies below an object that is ready is left out.
[[nodiscard]] std::string health_text(std::span<const status::HealthNode> roots, const std::string& title,
                                      const report::TextOptions& text);

// One object of a snapshot: {"apiVersion","kind","namespace","name","status","reason","message","rule"}.
[[nodiscard]] model::Json health_line(const status::HealthNode& node);

// A tree: the same fields, "hint" and "evidence" where there are any, and "children"; of a container
// {"container","status","reason","message"}.
[[nodiscard]] model::Json health_document(const status::HealthNode& node);

// There is one, and every root is Current, or Suspended, which waits for a person.
[[nodiscard]] bool all_ready(std::span<const status::HealthNode> roots);

}  // namespace instantexec::cli
