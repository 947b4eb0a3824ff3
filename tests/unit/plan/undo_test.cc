#include "plan/undo.h"

#include <gtest/gtest.h>

#include "plan/diff.h"
#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using model::Json;
using test::config;
using test::make;
using test::stored;

model::Object with_version(model::Object object, const std::string& version) {
  object.json["metadata"]["resourceVersion"] = version;
  return object;
}

model::Object created(model::Object object) {
  object.json["metadata"]["annotations"]["instantexec.dev/created-by"] = "op1";
  return stored(std::move(object));
}

UndoInput input(const model::Object* before, const model::Object* after, const model::Object* live) {
  return {before, after, live, "op1", "me"};
}

// The patch applied by an independent implementation of RFC 6902.
model::Object patched(const model::Object& live, const Json& patch) {
  return {live.json.patch(patch)};
}

TEST(MakeUndo, PutsValuesBackAndNothingElse) {
  const auto before = stored(config("c", "old"));
  const auto after = stored(config("c", "new"));
  auto live = with_version(after, "12");
  live.json["data"]["foreign"] = "kept";
  live.json["status"]["seen"] = true;
  live.json["metadata"]["annotations"] = {{"deployment.kubernetes.io/revision", "2"}};
  const Undo undo = make_undo(input(&before, &after, &live));
  ASSERT_EQ(undo.kind, Undo::Kind::kPatch);
  EXPECT_EQ(undo.patch[0], (Json{{"op", "test"}, {"path", "/metadata/uid"}, {"value", "u1"}}));
  EXPECT_EQ(undo.patch[1], (Json{{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", "12"}}));
  const auto result = patched(live, undo.patch);
  EXPECT_EQ(result.json["data"], (Json{{"key", "old"}, {"foreign", "kept"}}));
  EXPECT_EQ(result.json["status"], live.json["status"]);
  EXPECT_EQ(result.json["metadata"], live.json["metadata"]);
  EXPECT_EQ(canonical(result), undo.expected);
  EXPECT_TRUE(undo.conflicts.empty());
}

TEST(MakeUndo, DoesNotLoseDerivedAnnotationsWhenItAddsOthers) {
  auto before = stored(config("c", "v"));
  before.json["metadata"]["annotations"] = {{"mine", "1"}};
  auto after = stored(config("c", "v"));
  auto live = after;
  live.json["metadata"]["annotations"] = {{"instantexec.dev/created-by", "op0"}};
  const Undo undo = make_undo(input(&before, &after, &live));
  ASSERT_EQ(undo.kind, Undo::Kind::kPatch);
  EXPECT_EQ(patched(live, undo.patch).json["metadata"]["annotations"],
            (Json{{"mine", "1"}, {"instantexec.dev/created-by", "op0"}}));
}

TEST(MakeUndo, Outcomes) {
  const auto before = stored(config("c", "old"));
  const auto after = stored(config("c", "new"));
  const auto foreign = stored(config("c", "theirs"));
  const auto recreated = stored(config("c", "new"), "u2");
  auto terminating = after;
  terminating.json["metadata"]["deletionTimestamp"] = "t";
  const auto ours = created(config("c", "new"));
  const auto claim = created(make("v1", "PersistentVolumeClaim", "p"));
  struct Row {
    const char* name;
    UndoInput input;
    Undo::Kind kind;
    std::size_t conflicts;
  };
  const std::vector<Row> rows = {
      {"written", input(&before, &after, &after), Undo::Kind::kPatch, 0},
      {"not written", input(&before, &after, &before), Undo::Kind::kNothing, 0},
      {"changed by others", input(&before, &after, &foreign), Undo::Kind::kNothing, 1},
      {"deleted by others", input(&before, &after, nullptr), Undo::Kind::kLost, 0},
      {"recreated by others", input(&before, &after, &recreated), Undo::Kind::kLost, 0},
      {"being deleted by others", input(&before, &after, &terminating), Undo::Kind::kLost, 0},
      {"after not recorded", input(&before, nullptr, &foreign), Undo::Kind::kLost, 0},
      {"after not recorded, not written", input(&before, nullptr, &before), Undo::Kind::kNothing, 0},
      {"created", input(nullptr, &ours, &ours), Undo::Kind::kDelete, 0},
      {"creation did not happen", input(nullptr, &ours, nullptr), Undo::Kind::kNothing, 0},
      {"created by others", input(nullptr, &ours, &foreign), Undo::Kind::kNothing, 0},
      {"created claim", input(nullptr, &claim, &claim), Undo::Kind::kKept, 0},
  };
  for (const Row& row : rows) {
    const Undo undo = make_undo(row.input);
    EXPECT_EQ(undo.kind, row.kind) << row.name;
    EXPECT_EQ(undo.conflicts.size(), row.conflicts) << row.name;
  }
}

Json entry(const std::string& manager, const std::string& operation, const std::string& field,
           const std::string& time, const std::string& subresource = "") {
  Json out{{"manager", manager},
           {"operation", operation},
           {"apiVersion", "v1"},
           {"time", time},
           {"fieldsV1", {{"f:data", {{"f:" + field, Json::object()}}}}}};
  if (!subresource.empty()) out["subresource"] = subresource;
  return out;
}

model::Object owned(model::Object object, Json entries) {
  object.json["metadata"]["managedFields"] = std::move(entries);
  return object;
}

Json owners_after(const model::Object& live, const std::optional<Json>& patch) {
  return patch ? patched(live, *patch).json["metadata"]["managedFields"] : Json();
}

TEST(OwnershipPatch, GivesFieldsTakenByForceBack) {
  const auto base = stored(config("c", "old"));
  const auto before = owned(base, {entry("me", "Apply", "a", "t1"), entry("them", "Apply", "b", "t2")});
  const auto after = owned(base, {entry("me", "Apply", "ab", "t5")});
  // After the values were patched back, the patch itself left an Update entry of ours.
  const auto live = owned(base, {entry("me", "Apply", "ab", "t5"), entry("me", "Update", "b", "t6"),
                                 entry("kubelet", "Update", "s", "t7", "status")});
  EXPECT_EQ(owners_after(live, ownership_patch(input(&before, &after, &live))),
            (Json{entry("me", "Apply", "a", "t1"), entry("them", "Apply", "b", "t2"),
                  entry("kubelet", "Update", "s", "t7", "status")}));
}

TEST(OwnershipPatch, KeepsWhatOthersDidMeanwhile) {
  const auto base = stored(config("c", "old"));
  const auto before = owned(base, {entry("me", "Apply", "a", "t1"), entry("them", "Apply", "b", "t2")});
  const auto after = owned(base, {entry("me", "Apply", "c", "t5"), entry("them", "Apply", "b", "t2")});
  const auto live = owned(base, {entry("me", "Apply", "c", "t5"), entry("them", "Apply", "bx", "t8"),
                                 entry("new", "Apply", "n", "t9")});
  EXPECT_EQ(owners_after(live, ownership_patch(input(&before, &after, &live))),
            (Json{entry("me", "Apply", "a", "t1"), entry("them", "Apply", "bx", "t8"),
                  entry("new", "Apply", "n", "t9")}));
}

TEST(OwnershipPatch, NothingToDoOrNothingSafe) {
  const auto base = stored(config("c", "old"));
  const auto before = owned(base, {entry("me", "Apply", "a", "t1")});
  const auto later = owned(base, {entry("me", "Apply", "a", "t9")});
  EXPECT_FALSE(ownership_patch(input(&before, &before, &later))) << "timestamps alone";
  const auto none = owned(base, Json::array());
  EXPECT_FALSE(ownership_patch(input(&none, &before, &before))) << "an empty list would be a reset";
  EXPECT_FALSE(ownership_patch(input(nullptr, &before, &before)));
  EXPECT_FALSE(ownership_patch(input(&before, &before, nullptr)));
}

TEST(MakeUndo, OwnershipAlone) {
  const auto base = stored(config("c", "old"));
  const auto before = owned(base, {entry("them", "Apply", "a", "t1")});
  const auto after = owned(base, {entry("them", "Apply", "a", "t1"), entry("me", "Apply", "a", "t2")});
  EXPECT_EQ(make_undo(input(&before, &after, &after)).kind, Undo::Kind::kOwner);
}

}  // namespace
}  // namespace instantexec::plan
