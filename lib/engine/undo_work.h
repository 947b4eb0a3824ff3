#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/live.h"
#include "journal/record.h"
#include "plan/undo.h"

namespace instantexec::engine {

// What came of putting one object back.
struct UndoOutcome {
  plan::Undo::Kind kind = plan::Undo::Kind::kNothing;  // what was found to be done first
  bool wrote = false;
  bool failed = false;
  bool refused = false;                // it failed because the server does not want it so
  model::Object stored;                // after the last write; without a name when deleted or not written
  std::vector<std::string> conflicts;  // fields kept as someone else left them
  std::string message;                 // why it failed or was left, sanitised
};

// Everything outlives the work.
struct UndoPlan {
  std::span<const journal::SavedObject> saved;
  std::string operation;
  std::string field_manager;
  std::vector<bool> put_back = {};  // by an earlier work of the same undo; empty: none was
};

// Puts objects back: values, then field ownership, each in a guarded patch that is computed anew from what is
// there after any answer that leaves doubt. Created objects are deleted by UID. Doing it twice is harmless.
class UndoWork final : public Work {
 public:
  // `live`: the objects as read a moment ago.
  UndoWork(Session& session, const UndoPlan& plan, LiveObjects live);

  Next start(std::size_t node) override;
  Next answered(std::size_t node, Response response) override;
  Next resume(std::size_t node) override;
  void observe(const ClusterEvent& /*event*/) override {}

  [[nodiscard]] const std::vector<UndoOutcome>& outcomes() const { return outcomes_; }
  // The same, when the work is over: states may be large.
  [[nodiscard]] std::vector<UndoOutcome> take_outcomes() && { return std::move(outcomes_); }

 private:
  enum class Sent { kNothing, kRead, kValues, kOwner, kDelete };
  struct State {
    Sent sent = Sent::kNothing;
    bool read_next = false;
    int repetitions = 0;
    Instant not_before;
    std::optional<Instant> collected_by;
  };

  [[nodiscard]] const journal::SavedObject& saved(std::size_t node) const { return plan_.saved[node]; }
  [[nodiscard]] plan::UndoInput input(std::size_t node) const;
  [[nodiscard]] Request patch(std::size_t node, model::Json operations) const;
  Next decide(std::size_t node);
  Next remove(std::size_t node);
  Next committed(std::size_t node, Response response);
  Next look_again(std::size_t node, const std::string& why, bool soon);
  Next end(std::size_t node);
  Next give_up(std::size_t node, std::string message);
  // A created object that has to stay.
  Next keep(std::size_t node, std::string why);
  // A created namespace that still holds what belonged to deleted objects.
  Next await_collection(std::size_t node);
  // Why a created CustomResourceDefinition has to stay; empty: it may go.
  std::string foreign_instances(const model::Object& crd);

  Session& session_;
  const UndoPlan& plan_;
  LiveObjects live_;
  std::vector<State> states_;
  std::vector<UndoOutcome> outcomes_;
};

}  // namespace instantexec::engine
