#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/delete_work.h"
#include "engine/live.h"
#include "engine/operation.h"
#include "plan/plan.h"

namespace instantexec::engine {

// Which of the wanted objects exist, and as what.
using Uids = std::map<model::ObjectRef, std::string>;

// The objects of the release once the plan is carried out: the wanted ones that exist, and former ones that
// stay in it. `pruned` is empty, or parallel to the steps: what could not be pruned stays too.
[[nodiscard]] std::vector<journal::Member> commit_members(const plan::Plan& plan, const Uids& stored,
                                                          const std::vector<DeleteOutcome>& pruned);

// Passes the commit point, prunes, and records the revision as the one in force. `stored`: the wanted objects
// as they are now; `before`: the objects to be pruned as planned. Idempotent: a recovery calls it again.
//
// Returns what came of the prunes, parallel to the plan's steps. An interruption after the commit point ends
// in the error interrupted; the record then says committing. After any error the head in `operation` says how
// far it came: with record.refused it may not have passed the commit point.
Result<std::vector<DeleteOutcome>> commit_release(Operation& operation, const plan::Plan& plan,
                                                  const Uids& stored, const LiveObjects& before);

}  // namespace instantexec::engine
