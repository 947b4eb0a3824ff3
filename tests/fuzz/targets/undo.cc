// undo(apply(x)) = x, and what others did meanwhile stays.
#include "plan/undo.h"
#include "fuzz/fuzz.h"
#include "plan/diff.h"

namespace instantexec::fuzz {
namespace {

using model::Json;
using Kind = plan::Undo::Kind;

void merges(const Json& before, const Json& after, const Json& live) {
  const plan::Merge back = plan::three_way(before, after, after);
  promise(back.merged == before && back.conflicts.empty(), "three_way(x, y, y) is x");
  const plan::Merge kept = plan::three_way(before, before, live);
  promise(kept.merged == live && kept.conflicts.empty(), "three_way(x, x, z) is z");
  const plan::Merge unwritten = plan::three_way(before, after, before);
  promise(unwritten.merged == before && unwritten.conflicts.empty(), "what was not written stays");
}

model::Object object(Json json, const char* version) {
  Json metadata =
      json.is_object() && json.contains("name") && json["name"].is_object() ? json["name"] : Json();
  if (!json.is_object()) json = Json{{"data", json}};
  if (!metadata.is_object()) metadata = Json::object();
  metadata["name"] = "x";
  metadata["uid"] = "u1";
  metadata["resourceVersion"] = version;
  // Names of the generator stand for the maps of metadata, which have rules of their own.
  for (const auto& [from, to] : {std::pair("a", "labels"), std::pair("b", "annotations")}) {
    const auto it = metadata.find(from);
    if (it == metadata.end()) continue;
    Json value = std::move(*it);
    metadata.erase(from);
    metadata[to] = std::move(value);
  }
  json["metadata"] = std::move(metadata);
  json["apiVersion"] = "v1";
  json["kind"] = "ConfigMap";
  return {std::move(json)};
}

model::Object patched(const model::Object& live, const Json& patch) {
  try {
    return {live.json.patch(patch)};
  } catch (const std::exception& error) {
    promise(false, std::string("the patch applies: ") + error.what());
    return {};
  }
}

// The state after the undo, which must be what it announced.
model::Object undone(const plan::UndoInput& input) {
  const plan::Undo undo = plan::make_undo(input);
  promise(undo.kind == Kind::kPatch || undo.kind == Kind::kNothing || undo.kind == Kind::kOwner,
          "an object that is there can be put back");
  const model::Object out = undo.kind == Kind::kPatch ? patched(*input.live, undo.patch) : *input.live;
  promise(plan::canonical(out) == undo.expected, "an undo has the effect it announces");
  return out;
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(undo) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  const model::Json x = any_json(choices, 0);
  const model::Json y = edited(x, choices);
  const model::Json z = edited(y, choices);
  merges(x, y, z);
  const model::Object before = object(x, "1");
  const model::Object after = object(y, "2");
  const model::Object live = object(z, "3");
  const model::Object back = undone({&before, &after, &after, "op", "me"});
  promise(plan::canonical(back) == plan::canonical(before), "undo(apply(x)) is x");
  const model::Object again = undone({&before, &after, &live, "op", "me"});
  const plan::Undo settled = plan::make_undo({&before, &after, &again, "op", "me"});
  promise(settled.kind != Kind::kPatch, "an undo that was done is not done again");
}
