// Create, replace, JSON Patch, delete, watches and lists.
#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using engine::Outcome;
using model::Json;

using Writes = Contract;
INSTANTEXEC_CONTRACT(Writes);

TEST_P(Writes, CreateRefusesASecondOfTheName) {
  ASSERT_TRUE(run(engine::CreateRequest{config_map("c", R"({"a":"1"})"), "poster", false}).created);
  const auto twice = run(engine::CreateRequest{config_map("c", R"({"a":"1"})"), "poster", false});
  EXPECT_EQ(twice.http_status, 409);
  EXPECT_EQ(twice.error->reason, "AlreadyExists");
  EXPECT_FALSE(twice.ownership_conflict());
}

TEST_P(Writes, ReplaceGoesThroughOnce) {
  auto next = run(engine::CreateRequest{config_map("c", R"({"a":"1"})"), "poster", false}).object;
  next.json["data"] = Json::parse(R"({"b":"2"})");
  const auto replaced = run(engine::ReplaceRequest{next, "poster", false});
  ASSERT_TRUE(replaced.ok()) << replaced.error->to_string();
  EXPECT_EQ(replaced.object.json["data"], Json::parse(R"({"b":"2"})"));
  const auto again = run(engine::ReplaceRequest{next, "poster", false});
  EXPECT_EQ(again.http_status, 409);
  EXPECT_EQ(again.error->reason, "Conflict");
}

TEST_P(Writes, PatchTestsGuard) {
  const auto made = apply(config_map("c", R"({"a":"1"})"));
  const auto wrong = patch(kConfigMap, "c", R"([{"op":"test","path":"/metadata/uid","value":"nope"},
                                                {"op":"replace","path":"/data/a","value":"2"}])");
  EXPECT_EQ(wrong.outcome, Outcome::kRejected);
  EXPECT_EQ(wrong.http_status, 422);
  const auto right = patch(kConfigMap, "c",
                           R"([{"op":"test","path":"/metadata/uid","value":")" + made.object.uid() +
                               R"("},{"op":"replace","path":"/data/a","value":"2"}])");
  ASSERT_TRUE(right.ok()) << right.error->to_string();
  EXPECT_EQ(right.object.json["data"]["a"], "2");
  EXPECT_EQ(owners(right.object), Json::parse(R"({"patcher/Update":{"f:data":{"f:a":{}}}})"))
      << "the field changed hands";
}

TEST_P(Writes, PatchOfAnOlderStateIsAConflict) {
  apply(config_map("c", R"({"a":"1"})"));
  const auto stale =
      patch(kConfigMap, "c", R"([{"op":"replace","path":"/metadata/resourceVersion","value":"1"},
                                                {"op":"replace","path":"/data/a","value":"2"}])");
  EXPECT_EQ(stale.http_status, 409);
  EXPECT_EQ(get(kConfigMap, "c").object.json["data"]["a"], "1");
}

TEST_P(Writes, PatchThatCannotBeDoneIsRefused) {
  apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(patch(kConfigMap, "c", R"([{"op":"remove","path":"/data/none"}])").http_status, 422);
  EXPECT_EQ(patch(kConfigMap, "none", R"([{"op":"remove","path":"/data/none"}])").http_status, 404);
}

TEST_P(Writes, TwoPatchesGiveBackValuesAndOwnership) {
  const auto before = apply(config_map("c", R"({"a":"1","b":"1"})")).object;
  apply(config_map("c", R"({"a":"2"})"), "two", true);
  const auto values = patch(kConfigMap, "c", R"([{"op":"replace","path":"/data/a","value":"1"}])");
  ASSERT_TRUE(values.ok());
  const Json back = Json::array({{{"op", "replace"},
                                  {"path", "/metadata/resourceVersion"},
                                  {"value", values.object.resource_version()}},
                                 {{"op", "replace"},
                                  {"path", "/metadata/managedFields"},
                                  {"value", before.json["metadata"]["managedFields"]}}});
  const auto owned = patch(kConfigMap, "c", back.dump());
  ASSERT_TRUE(owned.ok()) << owned.error->to_string();
  EXPECT_EQ(owned.object.json["data"], before.json["data"]);
  EXPECT_EQ(owned.object.json["metadata"]["managedFields"], before.json["metadata"]["managedFields"])
      << "times included";
  EXPECT_EQ(owned.object.uid(), before.uid());
}

TEST_P(Writes, DeletePreconditions) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  EXPECT_EQ(remove(kConfigMap, "c", {"6d1c7a4e-0000-4000-8000-000000000000", ""}).http_status, 409);
  EXPECT_EQ(remove(kConfigMap, "c", {"", "1"}).http_status, 409);
  auto dry = engine::DeleteRequest{kConfigMap, ns(), "c", {}, {}, true};
  EXPECT_TRUE(run(dry).ok());
  EXPECT_TRUE(get(kConfigMap, "c").ok()) << "a dry-run deletes nothing";
  EXPECT_TRUE(remove(kConfigMap, "c", {made.uid(), made.resource_version()}).ok());
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
  EXPECT_EQ(remove(kConfigMap, "c").http_status, 404);
}

TEST_P(Writes, FinalizersHoldADeletedObject) {
  auto body = config_map("c", R"({"a":"1"})");
  body.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  apply(body);
  const auto deleted = remove(kConfigMap, "c");
  ASSERT_TRUE(deleted.ok());
  EXPECT_TRUE(get(kConfigMap, "c").object.terminating());
  ASSERT_TRUE(patch(kConfigMap, "c", R"([{"op":"remove","path":"/metadata/finalizers"}])").ok());
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
}

TEST_P(Writes, DependentsGoWithTheirOwner) {
  const auto owner = apply(config_map("owner", R"({"a":"1"})")).object;
  auto child = config_map("child", R"({"a":"1"})");
  child.json["metadata"]["ownerReferences"] = Json::array(
      {Json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner"}, {"uid", owner.uid()}}});
  ASSERT_TRUE(apply(child).ok());
  remove(kConfigMap, "owner");
  await(kConfigMap, "child", [](const engine::Response& response) { return response.not_found(); });
}

TEST_P(Writes, ListsSelect) {
  for (const auto& [name, labels] : {std::pair("a", R"({"app":"x","tier":"front"})"),
                                     std::pair("b", R"({"app":"x"})"), std::pair("c", R"({"app":"y"})")}) {
    auto body = config_map(name, R"({"k":"v"})");
    body.json["metadata"]["labels"] = Json::parse(labels);
    apply(body);
  }
  const auto names = [&](const std::string& labels, const std::string& fields) {
    std::string out;
    for (const auto& item : list(kConfigMap, labels, fields)) {
      EXPECT_EQ(item.gvk(), kConfigMap);
      if (item.name() != "kube-root-ca.crt") out += item.name();
    }
    return out;
  };
  EXPECT_EQ(names("", ""), "abc");
  EXPECT_EQ(names("app=x", ""), "ab");
  EXPECT_EQ(names("app!=x", ""), "c");
  EXPECT_EQ(names("app in (x, y),tier", ""), "a");
  EXPECT_EQ(names("app notin (x)", ""), "c");
  EXPECT_EQ(names("app,!tier", ""), "bc");
  EXPECT_EQ(names("", "metadata.name=b"), "b");
  EXPECT_EQ(names("app=none", ""), "");
  const auto bad = run(engine::ListRequest{kConfigMap, ns(), "a in (", ""});
  EXPECT_EQ(bad.http_status, 400);
}

TEST_P(Writes, WatchTellsTheStoryInOrder) {
  const auto labelled = [&](const char* name, const char* value, const char* label) {
    auto body = config_map(name, R"({"k":")" + std::string(value) + "\"}");
    body.json["metadata"]["labels"]["app"] = label;
    return body;
  };
  apply(labelled("old", "1", "x"));
  const auto watch = cluster().watch({kConfigMap, ns(), "app=x", ""});
  std::string story;
  const auto follow = [&](int events) {
    for (; events > 0; --events) {
      const auto event = next_event();
      if (const auto* changed = std::get_if<engine::ObjectChanged>(&event)) {
        EXPECT_EQ(changed->watch, watch);
        EXPECT_EQ(changed->object.gvk(), kConfigMap);
        story += (changed->deleted ? "-" : "+") + changed->object.name() +
                 model::get_string(changed->object.json, "/data/k") + " ";
      } else {
        story += std::holds_alternative<engine::WatchSynced>(event) ? "synced " : "? ";
      }
    }
  };
  follow(2);
  EXPECT_EQ(story, "+old1 synced ");
  apply(labelled("new", "1", "x"));
  apply(labelled("other", "1", "y"));
  apply(labelled("new", "2", "x"));
  apply(labelled("old", "1", "y"));
  remove(kConfigMap, "new");
  follow(4);
  EXPECT_EQ(story, "+old1 synced +new1 +new2 -old1 -new2 ");
  cluster().cancel_watch(watch);
}

TEST_P(Writes, WatchOfAnUnknownKindFails) {
  cluster().watch({{"none.example", "v1", "Thing"}, ns(), "", ""});
  EXPECT_TRUE(std::holds_alternative<engine::WatchFailed>(next_event()));
}

TEST_P(Writes, UnknownKindIsNotSent) {
  const auto response = run(engine::GetRequest{{"none.example", "v1", "Thing"}, ns(), "x"});
  EXPECT_EQ(response.outcome, Outcome::kNotSent);
  ASSERT_TRUE(response.error.has_value());
}

TEST_P(Writes, LeasesMoveByReplace) {
  const auto lease = [&](const char* holder) {
    return object(
        "coordination.k8s.io/v1", "Lease", "lock",
        R"({"spec":{"holderIdentity":")" + std::string(holder) +
            R"(","leaseDurationSeconds":30,"leaseTransitions":1,"renewTime":"2026-01-01T00:00:00.000000Z"}})");
  };
  const auto made = run(engine::CreateRequest{lease("a"), "locker", false});
  ASSERT_TRUE(made.created) << made.error->to_string();
  auto mine = lease("b");
  mine.json["metadata"]["resourceVersion"] = made.object.resource_version();
  EXPECT_TRUE(run(engine::ReplaceRequest{mine, "locker", false}).ok());
  EXPECT_EQ(run(engine::ReplaceRequest{mine, "locker", false}).http_status, 409);
  EXPECT_EQ(get({"coordination.k8s.io", "v1", "Lease"}, "lock").object.json["spec"]["holderIdentity"], "b");
}

}  // namespace
}  // namespace instantexec::contract
