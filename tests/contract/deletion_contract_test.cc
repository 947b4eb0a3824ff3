// Deletion: finalizers, owners and dependents, and what stays meanwhile.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using engine::Propagation;
using model::Json;

class Deletion : public Contract {
 protected:
  model::Object held(const std::string& name) const {
    auto body = config_map(name, R"({"a":"1"})");
    body.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
    return body;
  }
  model::Object owned_by(const model::Object& owner, const std::string& name, bool block = false) const {
    auto body = config_map(name, R"({"a":"1"})");
    body.json["metadata"]["ownerReferences"] = Json::array({Json{{"apiVersion", "v1"},
                                                                 {"kind", "ConfigMap"},
                                                                 {"name", owner.name()},
                                                                 {"uid", owner.uid()},
                                                                 {"blockOwnerDeletion", block}}});
    return body;
  }
  void await_gone(const model::Gvk& gvk, const std::string& name) {
    await(gvk, name, [](const engine::Response& response) { return response.not_found(); });
  }
};
INSTANTEXEC_CONTRACT(Deletion);

TEST_P(Deletion, AnswersWithWhatIsLeft) {
  const auto made = apply(config_map("c", "{}")).object;
  const auto gone = remove(kConfigMap, "c");
  ASSERT_EQ(verdict(gone), "200");
  EXPECT_EQ(gone.object.kind(), "Status");
  EXPECT_EQ(model::get_string(gone.object.json, "/details/uid"), made.uid());
  apply(held("h"));
  const auto waiting = remove(kConfigMap, "h");
  ASSERT_EQ(verdict(waiting), "200");
  EXPECT_EQ(waiting.object.kind(), "ConfigMap");
  EXPECT_TRUE(waiting.object.terminating());
  EXPECT_EQ(verdict(remove(kConfigMap, "none")), "404 NotFound");
}

TEST_P(Deletion, OfATerminatingObjectChangesNothing) {
  apply(held("c"));
  const auto first = remove(kConfigMap, "c").object;
  const auto second = remove(kConfigMap, "c");
  ASSERT_EQ(verdict(second), "200");
  EXPECT_EQ(second.object, first);
  EXPECT_EQ(verdict(remove(kConfigMap, "c", {first.uid(), "1"})), "409 Conflict");
  EXPECT_EQ(verdict(remove(kConfigMap, "c", {kForeignUid, ""})), "409 Conflict");
  EXPECT_EQ(verdict(remove(kConfigMap, "c", {first.uid(), first.resource_version()})), "200");
}

TEST_P(Deletion, ATerminatingObjectTakesWritesButNoFinalizers) {
  apply(held("c"));
  const auto dying = remove(kConfigMap, "c").object;
  auto changed = held("c");
  changed.json["data"]["a"] = "2";
  const auto written = apply(changed);
  ASSERT_EQ(verdict(written), "200");
  EXPECT_TRUE(written.object.terminating());
  EXPECT_EQ(written.object.uid(), dying.uid());
  auto more = changed;
  more.json["metadata"]["finalizers"].push_back("x.example/two");
  EXPECT_EQ(verdict(apply(more)), "422 Invalid: metadata.finalizers FieldValueForbidden");
  EXPECT_EQ(verdict(create(config_map("c", "{}"))), "409 AlreadyExists");
  auto revived = written.object;
  revived.json["metadata"].erase("deletionTimestamp");
  EXPECT_TRUE(replace(revived).object.terminating()) << "there is no way back";
}

TEST_P(Deletion, TheLastFinalizerLeftOutOfAnApplyEndsIt) {
  apply(held("c"));
  remove(kConfigMap, "c");
  const auto last = apply(config_map("c", R"({"a":"1"})"));
  ASSERT_EQ(verdict(last), "200");
  EXPECT_TRUE(last.object.terminating()) << "the answer shows the object as it went";
  EXPECT_FALSE(last.object.json["metadata"].contains("finalizers")) << last.object.json.dump();
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
  const auto again = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(verdict(again), "201");
  EXPECT_NE(again.object.uid(), last.object.uid());
}

TEST_P(Deletion, FinalizersHaveQualifiedNames) {
  auto body = config_map("c", "{}");
  body.json["metadata"]["finalizers"] = Json::array({"short"});
  EXPECT_EQ(verdict(apply(body)), "422 Invalid: metadata.finalizers[0] FieldValueInvalid");
}

TEST_P(Deletion, ForegroundWaitsForDependentsThatBlock) {
  const auto owner = apply(config_map("owner", "{}")).object;
  auto child = owned_by(owner, "child", true);
  child.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  ASSERT_EQ(verdict(apply(child)), "201");
  // The collector of a server learns of the child by a watch.
  pass(Duration{1000});
  const auto deleted = remove(kConfigMap, "owner", {}, Propagation::kForeground);
  ASSERT_EQ(verdict(deleted), "200");
  EXPECT_EQ(deleted.object.json["metadata"]["finalizers"], Json::parse(R"(["foregroundDeletion"])"));
  await(kConfigMap, "child", [](const engine::Response& response) { return response.object.terminating(); });
  EXPECT_TRUE(get(kConfigMap, "owner").object.terminating()) << "it waits for the child";
  ASSERT_TRUE(patch(kConfigMap, "child", R"([{"op":"remove","path":"/metadata/finalizers"}])").ok());
  await_gone(kConfigMap, "child");
  await_gone(kConfigMap, "owner");
}

TEST_P(Deletion, ForegroundDoesNotWaitForDependentsThatDoNotBlock) {
  const auto owner = apply(config_map("owner", "{}")).object;
  auto child = owned_by(owner, "child", false);
  child.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  ASSERT_EQ(verdict(apply(child)), "201");
  pass(Duration{1000});
  remove(kConfigMap, "owner", {}, Propagation::kForeground);
  await_gone(kConfigMap, "owner");
  await(kConfigMap, "child", [](const engine::Response& response) { return response.object.terminating(); });
  ASSERT_TRUE(patch(kConfigMap, "child", R"([{"op":"remove","path":"/metadata/finalizers"}])").ok());
}

TEST_P(Deletion, OrphansLoseTheirReference) {
  const auto owner = apply(config_map("owner", "{}")).object;
  ASSERT_EQ(verdict(apply(owned_by(owner, "child"))), "201");
  pass(Duration{1000});
  const auto deleted = remove(kConfigMap, "owner", {}, Propagation::kOrphan);
  ASSERT_EQ(verdict(deleted), "200");
  await_gone(kConfigMap, "owner");
  const auto child = get(kConfigMap, "child");
  ASSERT_EQ(verdict(child), "200");
  EXPECT_FALSE(child.object.json["metadata"].contains("ownerReferences"));
}

// Why a recreated object's references are mapped to its owner's new UID, or dropped.
TEST_P(Deletion, ADependentOfAMissingOwnerIsCollected) {
  const auto owner = apply(config_map("owner", "{}")).object;
  auto stale = owner;
  stale.json["metadata"]["uid"] = kForeignUid;
  ASSERT_EQ(verdict(apply(owned_by(stale, "child"))), "201");
  await_gone(kConfigMap, "child");
  EXPECT_EQ(verdict(get(kConfigMap, "owner")), "200") << "the name alone makes no owner";
}

TEST_P(Deletion, ADependentWithAnotherOwnerStays) {
  const auto one = apply(config_map("one", "{}")).object;
  const auto two = apply(config_map("two", "{}")).object;
  auto child = owned_by(one, "child");
  child.json["metadata"]["ownerReferences"].push_back(
      owned_by(two, "child").json["metadata"]["ownerReferences"][0]);
  ASSERT_EQ(verdict(apply(child)), "201");
  pass(Duration{1000});
  remove(kConfigMap, "one");
  const auto left = await(kConfigMap, "child", [](const engine::Response& response) {
    return model::get_array(response.object.json, "/metadata/ownerReferences").size() == 1;
  });
  EXPECT_EQ(model::get_string(left.json, "/metadata/ownerReferences/0/name"), "two");
  remove(kConfigMap, "two");
  await_gone(kConfigMap, "child");
}

TEST_P(Deletion, OwnersAreNamedFully) {
  const auto with = [&](const char* references) {
    auto body = config_map("c", "{}");
    body.json["metadata"]["ownerReferences"] = Json::parse(references);
    return verdict(apply(body));
  };
  EXPECT_EQ(with(R"([{"apiVersion":"v1","kind":"ConfigMap","name":"a"}])"),
            "422 Invalid: metadata.ownerReferences.uid FieldValueInvalid");
  EXPECT_EQ(with(R"([{"apiVersion":"v1","kind":"ConfigMap","name":"","uid":"x"}])"),
            "422 Invalid: metadata.ownerReferences.name FieldValueInvalid");
  EXPECT_EQ(with(R"([{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"x","controller":true},
                     {"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"y","controller":true}])"),
            "422 Invalid: metadata.ownerReferences FieldValueInvalid");
}

TEST_P(Deletion, PodsTakeTheirGrace) {
  ASSERT_TRUE(apply(object("v1", "Pod", "p",
                           R"({"spec":{"containers":[{"name":"c","image":"registry.example/p:1"}]}})"))
                  .ok());
  await(kPod, "p", [](const engine::Response& response) {
    return model::get_string(response.object.json, "/status/phase") == "Running";
  });
  const auto deleted = remove(kPod, "p");
  ASSERT_EQ(verdict(deleted), "200");
  EXPECT_EQ(model::get_int(deleted.object.json, "/metadata/deletionGracePeriodSeconds"), 30);
  EXPECT_TRUE(deleted.object.terminating());
  await_gone(kPod, "p");
}

TEST_P(Deletion, OfClaimsWaitsForTheirProtection) {
  const auto made = apply(
      object("v1", "PersistentVolumeClaim", "c",
             R"({"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})"));
  ASSERT_EQ(verdict(made), "201");
  EXPECT_EQ(made.object.json["metadata"]["finalizers"], Json::parse(R"(["kubernetes.io/pvc-protection"])"));
  EXPECT_EQ(remove(kClaim, "c").object.kind(), "PersistentVolumeClaim");
  await_gone(kClaim, "c");
}

TEST_P(Deletion, OfANamespaceTakesItsContent) {
  apply(config_map("c", "{}"));
  const auto before = get(kNamespace, ns()).object;
  EXPECT_EQ(before.json["spec"]["finalizers"], Json::parse(R"(["kubernetes"])"));
  EXPECT_EQ(before.labels()["kubernetes.io/metadata.name"], ns());
  EXPECT_EQ(verdict(run(engine::DeleteRequest{kNamespace, "", ns(), {kForeignUid, ""}, {}, false})),
            "409 Conflict");
  const auto deleted = run(engine::DeleteRequest{kNamespace, "", ns(), {before.uid(), ""}, {}, false});
  ASSERT_EQ(verdict(deleted), "200");
  EXPECT_EQ(model::get_string(deleted.object.json, "/status/phase"), "Terminating");
  await_gone(kNamespace, ns());
  EXPECT_TRUE(list(kConfigMap).empty());
  EXPECT_EQ(verdict(apply(config_map("c", "{}"))), "404 NotFound");
}

TEST_P(Deletion, SystemNamespacesStay) {
  EXPECT_EQ(verdict(run(engine::DeleteRequest{kNamespace, "", "kube-system", {}, {}, true})),
            "403 Forbidden");
}

TEST_P(Deletion, AFreshNamespaceHoldsWhatControllersPutThere) {
  await(kConfigMap, "kube-root-ca.crt", [](const engine::Response& response) { return response.ok(); });
  EXPECT_EQ(list(kConfigMap).size(), 1U);
  const auto accounts = list({"", "v1", "ServiceAccount"});
  ASSERT_EQ(accounts.size(), 1U);
  EXPECT_EQ(accounts[0].name(), "default");
  EXPECT_TRUE(list(kSecret).empty());
  EXPECT_TRUE(list({"rbac.authorization.k8s.io", "v1", "Role"}).empty());
}

}  // namespace
}  // namespace instantexec::contract
