#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/live.h"
#include "plan/plan.h"

namespace instantexec::engine {

// The finalizers of an object that is being deleted, sanitised: they decide when that ends, and are named,
// never removed. Empty: there are none, or it is not being deleted.
[[nodiscard]] std::string held_by(const model::Object& object);

// What came of one deletion.
struct DeleteOutcome {
  bool gone = false;        // deleted, being deleted, or gone before
  bool unanswered = false;  // the API server never said; the deletion is to be tried again later
  std::string message;      // why it was not deleted, or what the deletion still waits for
};

// Prunes: deletes objects that are still what the plan saw. One that somebody else changed, or created anew,
// stays; one whose kind is no longer served is gone. Never fails the graph: the new release is in force
// whatever stays behind.
class DeleteWork final : public Work {
 public:
  // `before`: the objects as they were planned.
  DeleteWork(Session& session, const plan::Plan& plan, const LiveObjects& before);

  Next start(std::size_t node) override;
  Next answered(std::size_t node, Response response) override;
  Next resume(std::size_t node) override;
  void observe(const ClusterEvent& /*event*/) override {}

  [[nodiscard]] const std::vector<DeleteOutcome>& outcomes() const { return outcomes_; }

 private:
  struct State {
    model::Gvk gvk;
    bool reading = false;
    std::string resource_version;
    int repetitions = 0;
    Instant not_before;
  };

  // The version to delete it through; nothing: its kind is no longer served, so there is none.
  [[nodiscard]] std::optional<model::Gvk> served(const model::Gvk& gvk);
  [[nodiscard]] Request request(std::size_t node) const;
  Next deleted(std::size_t node, const Response& response);
  Next looked_up(std::size_t node, const Response& response);
  Next gone(std::size_t node, std::string message);
  Next stays(std::size_t node, std::string message);
  Next gives_up(std::size_t node);

  Session& session_;
  const plan::Plan& plan_;
  const LiveObjects& before_;
  std::vector<State> states_;
  std::vector<DeleteOutcome> outcomes_;
};

}  // namespace instantexec::engine
