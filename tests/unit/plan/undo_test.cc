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

// An API server takes no patch of more than 10,000 operations.
TEST(MakeUndo, ManyChangesMakeAShortPatch) {
  auto before = stored(config("c", "old"));
  before.json["metadata"]["annotations"]["note"] = "old";
  auto after = before;
  after.json["metadata"]["annotations"]["note"] = "new";
  for (int i = 0; i < 11'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    before.json["data"][key] = "1";
    after.json["data"][key] = "2";
  }
  after.json["binaryData"]["b"] = "AA==";
  before.json["immutable"] = false;
  auto live = after;
  live.json["metadata"]["annotations"]["theirs"] = "stays";
  live.json["data"]["theirs"] = "stays";
  const Undo undo = make_undo(input(&before, &after, &live));
  ASSERT_EQ(undo.kind, Undo::Kind::kPatch);
  EXPECT_LT(undo.patch.size(), 20U);
  auto expected = before;
  expected.json["metadata"]["annotations"]["theirs"] = "stays";
  expected.json["data"]["theirs"] = "stays";
  const model::Object result = patched(live, undo.patch);
  EXPECT_EQ(result.json["data"], expected.json["data"]);
  EXPECT_EQ(result.json["metadata"]["annotations"], expected.json["metadata"]["annotations"]);
  EXPECT_FALSE(result.json.contains("binaryData"));
  EXPECT_EQ(result.json["immutable"], false);
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
  const auto after = owned(base, Json::array({entry("me", "Apply", "ab", "t5")}));
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
  const auto before = owned(base, Json::array({entry("me", "Apply", "a", "t1")}));
  const auto later = owned(base, Json::array({entry("me", "Apply", "a", "t9")}));
  EXPECT_FALSE(ownership_patch(input(&before, &before, &later))) << "timestamps alone";
  const auto none = owned(base, Json::array());
  EXPECT_FALSE(ownership_patch(input(&none, &before, &before))) << "an empty list would be a reset";
  auto hollow = before;
  hollow.json["metadata"]["managedFields"] = Json::array({Json::object()});
  auto ours = before;
  ours.json["metadata"]["managedFields"] = Json::array({entry("me", "Apply", "a", "t1")});
  EXPECT_FALSE(ownership_patch(input(&hollow, &ours, &ours))) << "so would a list of an empty entry";
  EXPECT_FALSE(ownership_patch(input(nullptr, &before, &before)));
  EXPECT_FALSE(ownership_patch(input(&before, &before, nullptr)));
}

TEST(OwnershipPatch, WhatOthersOwn) {
  const auto base = stored(config("c", "old"));
  const Json me = entry("me", "Apply", "a", "t1");
  const Json me_now = entry("me", "Apply", "ab", "t5");
  const Json them = entry("them", "Apply", "b", "t2");
  const Json them_now = entry("them", "Apply", "bx", "t8");
  const Json status = entry("kubelet", "Update", "s", "t7", "status");
  const Json status_now = entry("kubelet", "Update", "st", "t9", "status");
  const Json mine_of_status = entry("me", "Update", "s", "t9", "status");
  struct Row {
    const char* name;
    Json before;
    std::optional<Json> after;
    Json live;
    Json expected;  // null: no patch
  };
  const std::vector<Row> rows = {
      {"an entry that vanished comes back", Json::array({me, them}), Json::array({me, them}),
       Json::array({me}), Json::array({me, them})},
      {"one that others changed stays, though it is not known what was written", Json::array({me, them}),
       std::nullopt, Json::array({me_now, them_now}), Json::array({me, them_now})},
      {"one that others changed and that was not there when written", Json::array({me, them}),
       Json::array({me_now}), Json::array({me_now, them_now}), Json::array({me, them_now})},
      {"one that our write took a field from gets it back", Json::array({me, them_now}),
       Json::array({me_now, them}), Json::array({me_now, them}), Json::array({me, them_now})},
      {"of a subresource the present one stays", Json::array({me, status}), Json::array({me_now, status}),
       Json::array({me_now, status_now}), Json::array({me, status_now})},
      {"of a subresource a vanished one stays away", Json::array({me, status}), Json::array({me_now}),
       Json::array({me_now}), Json::array({me})},
      {"our own of a subresource is somebody's work, too", Json::array({me}), Json::array({me_now}),
       Json::array({me_now, mine_of_status}), Json::array({me, mine_of_status})},
      {"nothing would be left", Json::array({status}), Json::array({status}),
       Json::array({entry("me", "Update", "b", "t6")}), Json()},
      {"nothing differs but a subresource", Json::array({me, status}), Json::array({me}),
       Json::array({me, status_now}), Json()},
      {"none are known", Json::array({me}), Json::array({me}), Json::array(), Json()},
  };
  for (const Row& row : rows) {
    const auto before = owned(base, row.before);
    const auto live = owned(base, row.live);
    const auto after = owned(base, row.after.value_or(Json::array()));
    EXPECT_EQ(owners_after(live, ownership_patch(input(&before, row.after ? &after : nullptr, &live))),
              row.expected)
        << row.name;
  }
}

// The two writes of an undo are two requests, and it may end between them.
TEST(MakeUndo, GivesOwnershipBackBesideWhatOthersDid) {
  const auto old_value = stored(config("c", "old"));
  const auto new_value = stored(config("c", "new"));
  auto edited = old_value;
  edited.json["data"]["theirs"] = "1";
  const auto taken = stored(config("c", "taken"));
  const Json me = entry("me", "Apply", "key", "t1");
  const Json me_wider = entry("me", "Apply", "more", "t4");
  const Json put_back = entry("me", "Update", "key", "t5");
  const Json them = entry("them", "Apply", "theirs", "t6");
  const Json mine_of_status = entry("me", "Update", "s", "t7", "status");
  struct Row {
    const char* name;
    model::Object live;
    Json after;
    Json owners;
    Undo::Kind kind;
    Json expected;  // null: no patch
  };
  const std::vector<Row> rows = {
      {"ended between the writes", old_value, Json::array({me}), Json::array({put_back}), Undo::Kind::kOwner,
       Json::array({me})},
      {"and others edited it", edited, Json::array({me}), Json::array({put_back, them}), Undo::Kind::kOwner,
       Json::array({me, them})},
      {"others edited it, nothing was written", edited, Json::array({me}), Json::array({me, them}),
       Undo::Kind::kNothing, Json()},
      {"only owners were changed", edited, Json::array({me_wider}), Json::array({me_wider, them}),
       Undo::Kind::kOwner, Json::array({entry("me", "Apply", "key", "t4"), them})},
      {"others have taken our field", taken, Json::array({me}), Json::array({them}), Undo::Kind::kNothing,
       Json()},
      {"the same after an undo that ended", taken, Json::array({me}), Json::array({put_back, them}),
       Undo::Kind::kOwner, Json::array({me, them})},
      {"they have, and what we own is from before", taken, Json::array({me_wider}),
       Json::array({me_wider, them}), Undo::Kind::kNothing, Json()},
      {"they have, and what we own is from our write", taken, Json::array({me, put_back}),
       Json::array({put_back, them}), Undo::Kind::kNothing, Json()},
      {"they have, and what we own is a status", taken, Json::array({me}),
       Json::array({mine_of_status, them}), Undo::Kind::kNothing, Json()},
  };
  for (const Row& row : rows) {
    const auto before = owned(old_value, Json::array({me}));
    const auto after = owned(new_value, row.after);
    const auto live = owned(row.live, row.owners);
    const UndoInput known = input(&before, &after, &live);
    const Undo undo = make_undo(known);
    EXPECT_EQ(undo.kind, row.kind) << row.name;
    if (row.expected.is_null()) continue;
    EXPECT_EQ(owners_after(live, undo.patch), row.expected) << row.name;
  }
}

TEST(MakeUndo, PatchesEveryShapeOfChange) {
  struct Row {
    const char* name;
    Json before;
    Json after;
    std::size_t operations;  // besides the two guards
  };
  const std::vector<Row> rows = {
      {"a field was added", {{"a", 1}}, {{"a", 1}, {"b/c~d", 2}}, 1},
      {"a field was removed", {{"a", 1}, {"b/c~d", 2}}, {{"a", 1}}, 1},
      {"a map became a text", {{"a", {{"b", 1}}}}, {{"a", "x"}}, 1},
      {"a text became a map", {{"a", "x"}}, {{"a", {{"b", 1}}}}, 1},
      {"an item of a list", {{"a", {1, 2, 3}}}, {{"a", {1, 5, 3}}}, 1},
      {"two items of a list", {{"a", {1, 2, 3}}}, {{"a", {4, 5, 3}}}, 2},
      {"a longer list", {{"a", {1, 2}}}, {{"a", {1, 2, 3}}}, 1},
      {"a map became a list", {{"a", {{"b", 1}}}}, {{"a", {1, 2}}}, 1},
      {"a list became a map", {{"a", {1, 2}}}, {{"a", {{"b", 1}}}}, 1},
      {"a map became a list of as many", {{"a", {{"b", 1}}}}, {{"a", Json::array({1})}}, 1},
      {"a list became a map of as many", {{"a", Json::array({1})}}, {{"a", {{"b", 1}}}}, 1},
      {"a list became a text", {{"a", {1, 2}}}, {{"a", "x"}}, 1},
  };
  for (const Row& row : rows) {
    auto before = stored(config("c", ""));
    auto after = before;
    before.json["data"] = row.before;
    after.json["data"] = row.after;
    auto live = with_version(after, "12");
    live.json["metadata"]["annotations"] = {{"theirs", "1"}, {"deployment.kubernetes.io/revision", "2"}};
    const Undo undo = make_undo(input(&before, &after, &live));
    ASSERT_EQ(undo.kind, Undo::Kind::kPatch) << row.name;
    EXPECT_EQ(undo.patch.size(), 2 + row.operations) << row.name << undo.patch.dump();
    const auto result = patched(live, undo.patch);
    EXPECT_EQ(result.json["data"], row.before) << row.name;
    EXPECT_EQ(result.json["metadata"], live.json["metadata"]) << row.name;
  }
}

TEST(MakeUndo, SaysWhyItCannotOrDoesNot) {
  const auto before = stored(config("c", "old"));
  const auto after = stored(config("c", "new"));
  const auto recreated = stored(config("c", "new"), "u2");
  auto leaving = after;
  leaving.json["metadata"]["deletionTimestamp"] = "t";
  auto left_before = before;
  left_before.json["metadata"]["deletionTimestamp"] = "t";
  const auto claim = created(make("v1", "PersistentVolumeClaim", "p"));
  const auto other_claim = created(make("example.com/v1", "PersistentVolumeClaim", "p"));
  EXPECT_EQ(make_undo(input(&before, &after, nullptr)).reason, "someone deleted it meanwhile");
  EXPECT_EQ(make_undo(input(&before, &after, &recreated)).reason, "someone deleted it and created it anew");
  EXPECT_EQ(make_undo(input(&before, &after, &leaving)).reason, "someone is deleting it");
  EXPECT_EQ(make_undo(input(&left_before, &after, &leaving)).kind, Undo::Kind::kPatch)
      << "it was leaving before";
  EXPECT_EQ(make_undo(input(&before, nullptr, &after)).reason, "what was written is not recorded");
  const Undo kept = make_undo(input(nullptr, &claim, &claim));
  EXPECT_NE(kept.reason, "");
  EXPECT_EQ(kept.expected, canonical(claim));
  EXPECT_EQ(make_undo(input(nullptr, &other_claim, &other_claim)).kind, Undo::Kind::kDelete)
      << "of another group";
  EXPECT_EQ(make_undo(input(&before, &after, &before)).expected, canonical(before));
}

// An object whose entry of ours is the old one was never written, whatever it looks like.
TEST(MakeUndo, WhatOthersMadeOfAnObjectThatWasNotWrittenStays) {
  const auto apply = [](const std::string& manager, const std::string& time) {
    return Json{{"manager", manager}, {"operation", "Apply"}, {"time", time}};
  };
  const Json theirs{{"manager", "kubectl-edit"}, {"operation", "Update"}, {"time", "2026-01-02T00:00:05Z"}};
  const auto as = [](const char* value, Json entries) {
    return owned(stored(config("c", value)), std::move(entries));
  };
  const std::string old = "2026-01-01T00:00:00Z";
  const std::string planned = "2026-01-02T00:00:00Z";
  const auto before = as("old", Json::array({apply("me", old)}));
  const auto after = as("new", Json::array({apply("me", planned)}));
  const auto edited = as("new", Json::array({apply("me", old), theirs}));
  const Undo undo = make_undo(input(&before, &after, &edited));
  EXPECT_EQ(undo.kind, Undo::Kind::kNothing);
  EXPECT_EQ(undo.expected, canonical(edited));
  EXPECT_NE(undo.reason, "");
  // Ours, with the same value.
  const auto written = as("new", Json::array({apply("me", planned), theirs}));
  EXPECT_EQ(make_undo(input(&before, &after, &written)).kind, Undo::Kind::kPatch);
  // It had no entry of ours and has none.
  const auto unmanaged = as("old", Json::array({apply("them", old)}));
  const auto still = as("new", Json::array({apply("them", old), theirs}));
  EXPECT_EQ(make_undo(input(&unmanaged, &after, &still)).kind, Undo::Kind::kNothing);
  EXPECT_EQ(make_undo(input(&unmanaged, &after, &written)).kind, Undo::Kind::kPatch);
  EXPECT_EQ(make_undo(input(&before, &after, &still)).kind, Undo::Kind::kPatch) << "somebody took it away";
  // Nothing can be told from times of one second, or without them.
  const auto same_second = as("old", Json::array({apply("me", planned)}));
  EXPECT_EQ(make_undo(input(&same_second, &after, &written)).kind, Undo::Kind::kPatch);
  const auto bare = stored(config("c", "new"));
  EXPECT_EQ(make_undo(input(&before, &bare, &edited)).kind, Undo::Kind::kPatch);
  // Entries of subresources and of updates are not those of an apply.
  auto status = apply("me", old);
  status["subresource"] = "status";
  const auto by_status = as("old", Json::array({apply("them", old), status}));
  EXPECT_EQ(make_undo(input(&by_status, &after, &still)).kind, Undo::Kind::kNothing);
  // The same objects, of which it is known that this undo has written them.
  UndoInput known = input(&unmanaged, &after, &still);
  known.put_back = true;
  EXPECT_EQ(make_undo(known).kind, Undo::Kind::kPatch);
}

// Ownership is back with its former times, unless they would say that nothing was ever written.
TEST(MakeUndo, KnowsAnObjectThatWasPutBackBesideEditsOfOthers) {
  const auto of = [](Json data, Json entries) {
    auto out = stored(config("c", ""));
    out.json["data"] = std::move(data);
    return owned(std::move(out), std::move(entries));
  };
  const Json me = entry("me", "Apply", "a", "t1");
  const Json me_now = entry("me", "Apply", "a", "t5");
  const Json put_back = entry("me", "Update", "a", "t7");
  const Json them = entry("them", "Update", "b", "t6");
  const auto before = of({{"a", "1"}, {"b", "1"}}, Json::array({me}));
  const auto after = of({{"a", "2"}, {"b", "2"}}, Json::array({me_now}));
  const auto edited = of({{"a", "1"}, {"b", "3"}}, Json::array({put_back, them}));
  auto restored = edited;
  restored.json["metadata"]["managedFields"] =
      owners_after(edited, ownership_patch(input(&before, &after, &edited)));
  EXPECT_EQ(restored.json["metadata"]["managedFields"], Json::array({me_now, them}));
  const Undo undo = make_undo(input(&before, &after, &restored));
  EXPECT_EQ(undo.reason, "");
  EXPECT_EQ(undo.conflicts, std::vector<std::string>{"/data/b"});
  // Where our entry is still there its own time counts; without any time there is none to keep.
  const auto wider = of({{"a", "1"}, {"b", "3"}}, {entry("me", "Apply", "ab", "t6"), put_back, them});
  EXPECT_EQ(owners_after(wider, ownership_patch(input(&before, &after, &wider)))[0]["time"], "t6");
  Json timeless = me_now;
  timeless.erase("time");
  const auto unknown = of({{"a", "2"}, {"b", "2"}}, Json::array({timeless}));
  EXPECT_EQ(owners_after(edited, ownership_patch(input(&before, &unknown, &edited)))[0]["time"], "t1");
  EXPECT_EQ(owners_after(edited, ownership_patch(input(&before, nullptr, &edited)))[0]["time"], "t1");
  // An undo that ended between its two writes is known by the entry of its first.
  const auto adopted = of({{"a", "1"}, {"b", "1"}}, Json::array({entry("old", "Update", "a", "t0")}));
  const auto half = of({{"a", "1"}, {"b", "3"}}, {entry("old", "Update", "a", "t0"), put_back, them});
  EXPECT_EQ(make_undo(input(&adopted, &after, &half)).kind, Undo::Kind::kOwner);
}

TEST(MakeUndo, OwnershipAlone) {
  const auto base = stored(config("c", "old"));
  const auto before = owned(base, Json::array({entry("them", "Apply", "a", "t1")}));
  const auto after = owned(base, {entry("them", "Apply", "a", "t1"), entry("me", "Apply", "a", "t2")});
  const Undo undo = make_undo(input(&before, &after, &after));
  EXPECT_EQ(undo.kind, Undo::Kind::kOwner);
  EXPECT_EQ(owners_after(after, undo.patch), before.json["metadata"]["managedFields"]);
}

}  // namespace
}  // namespace instantexec::plan
