// Field ownership as a server could have stored it, and its restoration.
#include <array>
#include <set>
#include <tuple>

#include "fuzz/fuzz.h"
#include "plan/diff.h"
#include "plan/undo.h"
#include "sim/field_set.h"

namespace instantexec::fuzz {
namespace {

using model::Json;

constexpr std::array<const char*, 3> kManagers = {"me", "them", "kubelet"};

Json fields(Choices& choices) {
  Json out = Json::object();
  for (unsigned bits = choices.byte(), i = 0; i < 6; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    const std::string key = "f:" + std::string(1, static_cast<char>('a' + i));
    out[key] =
        i % 2 == 0 ? Json::object() : Json{{".", Json::object()}, {"k:{\"name\":\"x\"}", Json::object()}};
  }
  return out;
}

// Distinct entries, as a server keeps them, or anything at all.
Json entries(Choices& choices) {
  if (choices.byte() % 16 == 15) return any_json(choices, 1);
  Json out = Json::array();
  std::set<std::tuple<std::string, bool, bool>> seen;
  for (std::size_t i = choices.below(5); i > 0; --i) {
    const std::string manager = kManagers[choices.below(kManagers.size())];
    const unsigned bits = choices.byte();
    const bool apply = (bits & 1U) != 0;
    const bool status = (bits & 6U) == 6U;
    if (!seen.emplace(manager, apply, status).second) continue;
    Json entry{{"manager", manager}, {"operation", apply ? "Apply" : "Update"}, {"apiVersion", "v1"}};
    if (status) entry["subresource"] = "status";
    entry["time"] = "t" + std::to_string(bits >> 5U);
    entry["fieldsV1"] = fields(choices);
    out.push_back(std::move(entry));
  }
  return out;
}

model::Object object(Json managed) {
  model::Object out;
  out.json = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}};
  out.json["metadata"] = {{"name", "x"}, {"uid", "u"}, {"resourceVersion", "1"}};
  out.json["metadata"]["managedFields"] = std::move(managed);
  return out;
}

void round_trip(const Json& tree) {
  const sim::FieldSet set = sim::from_fields_v1(tree);
  const Json written = sim::to_fields_v1(set);
  promise(sim::from_fields_v1(written) == set, "a field set survives being written");
  promise(subtract(set, set).empty(), "nothing is left of a set without itself");
  promise(intersect(set, set) == set, "a set and itself have all in common");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(managed_fields) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  if (choices.flip()) {
    const auto json = model::parse_json(choices.rest());
    if (!json) return;
    round_trip(*json);
    const model::Object odd = object(*json);
    static_cast<void>(plan::ownership_patch({&odd, nullptr, &odd, "op", "me"}));
    static_cast<void>(plan::applied_entry(odd, "me"));
    return;
  }
  const model::Object before = object(entries(choices));
  const model::Object after = object(entries(choices));
  const model::Object live = object(entries(choices));
  static_cast<void>(plan::ownership_changes(live, after, "me"));
  const auto patch = plan::ownership_patch({&before, &after, &live, "op", "me"});
  if (!patch) return;
  const model::Object now{live.json.patch(*patch)};
  const model::Json& managed = model::get_array(now.json, "/metadata/managedFields");
  promise(!managed.empty() && managed != model::Json::array({model::Json::object()}),
          "an ownership patch is never a reset");
  promise(plan::canonical(now) == plan::canonical(live), "it changes no values");
  promise(!plan::ownership_patch({&before, &after, &now, "op", "me"}), "and is not needed twice");
}
