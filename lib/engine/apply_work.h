#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/health.h"
#include "engine/live.h"
#include "plan/desired.h"
#include "plan/plan.h"

namespace instantexec::engine {

// What came of one step.
struct StepOutcome {
  bool done = false;
  bool failed = false;
  std::string uid;      // of the object as stored; empty when nothing was written
  std::string message;  // why it failed, or what is not as the manifest has it; sanitised
};

// What the steps are carried out with. Everything outlives the work.
struct ApplyInput {
  const plan::Plan* plan = nullptr;
  std::span<const plan::Desired> desired;  // parallel to the first steps
  const LiveObjects* before = nullptr;
  const LiveObjects* after = nullptr;
  std::string operation;
  std::string field_manager;
  bool former = false;  // a rollback: addresses of Services that were given away meanwhile are left out
  bool resumed =
      false;  // another process began it, so an object with its mark need not be of this one's making
};

// Writes the wanted objects: server-side apply, fenced by uid and resourceVersion when the object exists,
// with the creation mark and only if it is still missing when it does not. Stale writes are tried again when
// nothing but the status changed; lost answers are settled by reading.
class ApplyWork final : public Work {
 public:
  ApplyWork(Session& session, HealthMonitor& health, const ApplyInput& input);

  Next start(std::size_t node) override;
  Next answered(std::size_t node, Response response) override;
  Next resume(std::size_t node) override;
  void observe(const ClusterEvent& event) override { health_.observe(event); }
  [[nodiscard]] bool minds_refusal() const override { return true; }

  [[nodiscard]] const std::vector<StepOutcome>& outcomes() const { return outcomes_; }
  // Some write was sent and its outcome is not known: it may still be done.
  [[nodiscard]] bool unsettled() const;
  // Somebody else made or changed the object since it was planned, and no write of the step was done.
  [[nodiscard]] bool left_to_others(std::size_t node) const;
  // The step that failed first, if any.
  [[nodiscard]] std::optional<std::size_t> first_failure() const { return first_failure_; }

 private:
  enum class Expecting { kWrite, kRead, kCatalog, kReadiness };
  struct State {
    Expecting expecting = Expecting::kWrite;
    std::string resource_version;
    int repetitions = 0;
    int stale = 0;
    Instant not_before;
    bool unsettled = false;
    bool sent_again = false;        // a creation, after one without an answer: the first may still be done
    model::Json without_addresses;  // the spec of a Service without what was given away; null: nothing was
    bool others = false;            // made or changed it since it was planned
    std::string refusal;            // a 422 that may mean another object of the same name
  };

  [[nodiscard]] const plan::Step& step(std::size_t node) const { return input_.plan->steps[node]; }
  [[nodiscard]] bool creates(std::size_t node) const { return step(node).op == plan::Op::kCreate; }
  [[nodiscard]] Request write(std::size_t node) const;
  [[nodiscard]] Request read(std::size_t node) const;
  Next written(std::size_t node, Response response);
  Next refused(std::size_t node, const Response& response);
  // Whether the refusal is about addresses that the object can do without.
  bool leaves_addresses(std::size_t node, const Response& response);
  Next looked_up(std::size_t node, Response response);
  Next found(std::size_t node, model::Object live);
  bool served(const model::Gvk& gvk);
  Next again_later(std::size_t node, const std::string& why);
  Next await_readiness(std::size_t node);
  Next succeed(std::size_t node, model::Object stored);
  Next fail_step(std::size_t node, std::string message);
  [[nodiscard]] const model::Object* known(const LiveObjects& objects, std::size_t node) const;

  Session& session_;
  HealthMonitor& health_;
  const ApplyInput& input_;
  std::vector<State> states_;
  std::vector<StepOutcome> outcomes_;
  std::optional<std::size_t> first_failure_;
  std::optional<Instant> discovered_;
};

}  // namespace instantexec::engine
