#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/ports.h"
#include "engine/session.h"
#include "plan/plan.h"

namespace instantexec::engine {

// What a node of the graph wants next.
struct Next {
  enum class Kind {
    kSend,  // `request`
    kWait,  // be asked again at `at`, or earlier when anything was seen on a watch
    kDone,
    kFailed,
  };
  Kind kind = Kind::kDone;
  std::optional<Request> request;
  Instant at;

  static Next done() { return {Kind::kDone, std::nullopt, {}}; }
  static Next failed() { return {Kind::kFailed, std::nullopt, {}}; }
  static Next send(Request request) { return {Kind::kSend, std::move(request), {}}; }
  static Next wait(Instant at) { return {Kind::kWait, std::nullopt, at}; }
};

// What the nodes do. The executor knows order and capacity, nothing of policy.
class Work {
 public:
  virtual ~Work() = default;
  // Everything before the node is done.
  virtual Next start(std::size_t node) = 0;
  // The answer to the node's request.
  virtual Next answered(std::size_t node, Response response) = 0;
  // The node waited long enough, or something was seen on a watch.
  virtual Next resume(std::size_t node) = 0;
  // Everything else that Session::next delivers, first.
  virtual void observe(const ClusterEvent& event) = 0;
  // Whether it counts as a failure that the lock cannot be renewed any more (Session::lock_refusal).
  [[nodiscard]] virtual bool minds_refusal() const { return false; }
};

struct Graph {
  std::vector<std::vector<std::size_t>> depends_on;
  std::vector<std::vector<std::size_t>> waits_for;  // indices into `groups`
  std::vector<std::vector<std::size_t>> groups;
  std::vector<bool> included;  // the others count as done
};

[[nodiscard]] Graph graph_of(const plan::Plan& plan);

// Why it ended before everything was done.
enum class Stop { kNone, kFailed, kInterrupted, kLockLost };

struct GraphResult {
  Stop stop = Stop::kNone;
  bool unanswered = false;  // a write was sent, and it ended without waiting for what became of it
};

// Runs the graph: whatever is ready starts at once, as much as the cluster takes. After a failure, an
// interruption or the loss of the lock nothing new starts; what is under way is waited for (3 s after an
// interruption).
GraphResult run_graph(Session& session, const Graph& graph, Work& work);

}  // namespace instantexec::engine
