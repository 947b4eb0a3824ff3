#include "engine/undo_graph.h"

#include <algorithm>

#include "plan/desired.h"
#include "plan/order.h"

namespace instantexec::engine {
namespace {

// Whether some text in the value is the name. References are names, whatever the kind.
bool mentions(const model::Json& value, const std::string& name) {
  if (value.is_string()) return value.get_ref<const std::string&>() == name;
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(),
                     [&](const model::Json& item) { return mentions(item, name); });
}

// Judged by what was to become of it, for nobody knows whether it was written.
bool may_need(const journal::SavedObject& one, const journal::SavedObject& created) {
  if (plan::is_namespace(created.gvk) && one.object.ns == created.object.name) return true;
  if (plan::is_crd(created.gvk)) {
    if (!created.after) return true;  // whatever it defines
    const model::Gvk kind = plan::defined_kind(*created.after);
    if (kind.group == one.gvk.group && kind.kind == one.gvk.kind) return true;
  }
  if (!one.after) return true;
  for (const auto& [field, value] : one.after->json.items()) {
    if (field != "metadata" && field != "status" && mentions(value, created.object.name)) return true;
  }
  return false;
}

}  // namespace

Graph undo_graph(std::span<const journal::SavedObject> saved) {
  Graph out;
  out.depends_on.resize(saved.size());
  out.waits_for.resize(saved.size());
  out.included.resize(saved.size(), true);
  std::vector<std::size_t> restored;
  std::vector<std::size_t> deleted;
  std::vector<const model::Object*> objects;
  std::vector<model::ObjectRef> refs;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (saved[i].before) {
      restored.push_back(i);
      objects.push_back(&*saved[i].before);
    } else {
      deleted.push_back(i);
      refs.push_back(saved[i].object);
    }
  }
  const auto add = [&out](const plan::Order& order, const std::vector<std::size_t>& nodes) {
    const std::size_t first_group = out.groups.size();
    for (const plan::Group& group : order.groups) {
      auto& members = out.groups.emplace_back();
      for (const std::size_t member : group.members) members.push_back(nodes[member]);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::size_t other : order.depends_on[i]) out.depends_on[nodes[i]].push_back(nodes[other]);
      for (const std::size_t group : order.waits_for[i])
        out.waits_for[nodes[i]].push_back(first_group + group);
    }
  };
  // A cycle among saved states only loses their order; they all existed before.
  if (const auto order = plan::write_order(objects)) add(*order, restored);
  add(plan::delete_order(refs), deleted);
  std::vector<std::size_t> gates;
  std::vector<std::size_t> rest;
  for (const std::size_t node : deleted) {
    (plan::is_admission(saved[node].object) ? gates : rest).push_back(node);
  }
  const auto wait = [&out](const std::vector<std::size_t>& nodes, const std::vector<std::size_t>& group) {
    if (group.empty()) return;
    for (const std::size_t node : nodes) out.waits_for[node].push_back(out.groups.size());
    out.groups.push_back(group);
  };
  wait(rest, restored);
  wait(restored, gates);
  wait(rest, gates);
  return out;
}

std::vector<std::string> leave_out(Graph& graph, std::span<const journal::SavedObject> saved,
                                   const Unread& unread) {
  std::vector<std::string> out(saved.size());
  std::vector<const journal::SavedObject*> hidden;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    const auto found = unread.find(saved[i].object);
    if (found == unread.end()) continue;
    out[i] = "it could not be read: " + found->second.to_string();
    hidden.push_back(&saved[i]);
  }
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (saved[i].before || !out[i].empty()) continue;
    const auto needs = std::find_if(hidden.begin(), hidden.end(), [&](const journal::SavedObject* one) {
      return may_need(*one, saved[i]);
    });
    if (needs != hidden.end()) out[i] = (*needs)->object.to_string() + " could not be read and may need it";
  }
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (!out[i].empty()) graph.included[i] = false;
  }
  return out;
}

}  // namespace instantexec::engine
