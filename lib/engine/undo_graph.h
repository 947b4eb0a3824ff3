#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/live.h"
#include "journal/record.h"

namespace instantexec::engine {

// The order for undoing: what was created to decide over writes (plan::is_admission), for it may refuse the
// undo; restored objects in the order of writing; then what was created in the order of deleting.
[[nodiscard]] Graph undo_graph(std::span<const journal::SavedObject> saved);

// Takes objects out of the graph that could not be read, and created ones that these may refer to: what is
// created goes only when nothing that stays can need it. Returns for each node why it was taken out; empty:
// it was not.
[[nodiscard]] std::vector<std::string> leave_out(Graph& graph, std::span<const journal::SavedObject> saved,
                                                 const Unread& unread);

}  // namespace instantexec::engine
