// Which object a write meets: fences by UID and resourceVersion, and writes that change nothing.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::Json;

using Identity = Contract;
INSTANTEXEC_CONTRACT(Identity);

// Creations carry resourceVersion "1", which no stored object has: so an object that came meanwhile is
// refused instead of being adopted.
TEST_P(Identity, AnApplyThatMeansToCreateIsRefusedWhereTheObjectExists) {
  ASSERT_EQ(verdict(apply(config_map("c", R"({"a":"1"})"), "one", false, {"", "1"})), "201");
  for (const char* value : {"1", "2"}) {
    const auto body = config_map("c", R"({"a":")" + std::string(value) + "\"}");
    EXPECT_EQ(verdict(apply(body, "one", false, {"", "1"})), "409 Conflict") << value;
    EXPECT_EQ(verdict(apply(body, "two", true, {"", "1"})), "409 Conflict") << value;
    EXPECT_EQ(verdict(run(engine::ApplyRequest{body, "one", false, true, {"", "1"}})), "409 Conflict")
        << "a dry-run is refused alike";
  }
  EXPECT_EQ(get(kConfigMap, "c").object.json["data"]["a"], "1");
}

TEST_P(Identity, AMissingObjectIsNotMadeUnderAForeignUid) {
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), "one", false, {kForeignUid, ""})), "409 Conflict");
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), "one", true, {kForeignUid, "1"})), "409 Conflict");
  EXPECT_EQ(verdict(run(engine::ApplyRequest{config_map("c", "{}"), "one", false, true, {kForeignUid, ""}})),
            "409 Conflict");
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
}

TEST_P(Identity, AnObjectUnderAnotherUidIsLeftAlone) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  const auto other = config_map("c", R"({"a":"2"})");
  EXPECT_EQ(verdict(apply(other, "one", false, {kForeignUid, ""})),
            "422 Invalid: metadata.uid FieldValueInvalid");
  EXPECT_EQ(verdict(apply(other, "one", true, {kForeignUid, made.resource_version()})),
            "422 Invalid: metadata.uid FieldValueInvalid");
  EXPECT_EQ(verdict(apply(other, "one", false, {kForeignUid, "1"})), "409 Conflict")
      << "the version is compared first";
  auto replaced = made;
  replaced.json["metadata"]["uid"] = kForeignUid;
  replaced.json["data"]["a"] = "2";
  EXPECT_EQ(verdict(replace(replaced)), "409 Conflict");
  EXPECT_EQ(verdict(patch(
                kConfigMap, "c",
                R"([{"op":"replace","path":"/metadata/uid","value":")" + std::string(kForeignUid) + "\"}]")),
            "422 Invalid: metadata.uid FieldValueInvalid");
  EXPECT_EQ(verdict(remove(kConfigMap, "c", {kForeignUid, ""})), "409 Conflict");
  EXPECT_EQ(get(kConfigMap, "c").object, made);
}

TEST_P(Identity, AnObjectOfTheSameNameIsAnotherObject) {
  const auto first = apply(config_map("c", R"({"a":"1"})")).object;
  ASSERT_TRUE(remove(kConfigMap, "c", {first.uid(), ""}).ok());
  const auto second = apply(config_map("c", R"({"a":"1"})")).object;
  EXPECT_NE(second.uid(), first.uid());
  EXPECT_NE(second.resource_version(), first.resource_version());
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), "one", false, {first.uid(), ""})),
            "422 Invalid: metadata.uid FieldValueInvalid");
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), "one", false, {first.uid(), first.resource_version()})),
            "409 Conflict");
  EXPECT_EQ(verdict(remove(kConfigMap, "c", {first.uid(), ""})), "409 Conflict");
  EXPECT_EQ(get(kConfigMap, "c").object, second);
}

TEST_P(Identity, PreconditionsLeaveNoTraceInTheObject) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  const auto next =
      apply(config_map("c", R"({"a":"2"})"), "one", false, {made.uid(), made.resource_version()});
  ASSERT_TRUE(next.ok()) << next.error->to_string();
  EXPECT_EQ(owners(next.object), owners(made));
}

TEST_P(Identity, CreationsTakeNoIdentityFromTheClient) {
  auto body = config_map("c", "{}");
  body.json["metadata"]["uid"] = kForeignUid;
  body.json["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z";
  const auto made = create(body);
  ASSERT_EQ(verdict(made), "201");
  EXPECT_NE(made.object.uid(), kForeignUid);
  EXPECT_NE(model::get_string(made.object.json, "/metadata/creationTimestamp"), "2020-01-01T00:00:00Z");
  auto versioned = config_map("d", "{}");
  versioned.json["metadata"]["resourceVersion"] = "1";
  const auto refused = create(versioned);
  EXPECT_EQ(verdict(refused), "unknown 500") << "a plain error of the server, so nothing is known";
  EXPECT_TRUE(get(kConfigMap, "d").not_found());
}

TEST_P(Identity, GeneratedNamesAreNew) {
  auto body = config_map("", "{}");
  body.json["metadata"].erase("name");
  body.json["metadata"]["generateName"] = "some-";
  const auto first = create(body);
  const auto second = create(body);
  ASSERT_EQ(verdict(first), "201");
  ASSERT_EQ(verdict(second), "201");
  EXPECT_THAT(first.object.name(), ::testing::MatchesRegex("some-[a-z0-9]{5}"));
  EXPECT_NE(first.object.name(), second.object.name());
}

TEST_P(Identity, WritesThatChangeNothingKeepTheVersion) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  EXPECT_EQ(apply(config_map("c", R"({"a":"1"})")).object, made);
  EXPECT_EQ(apply(config_map("c", R"({"a":"1"})"), "one", true).object, made);
  EXPECT_EQ(
      apply(config_map("c", R"({"a":"1"})"), "one", false, {made.uid(), made.resource_version()}).object,
      made);
  EXPECT_EQ(replace(made).object, made);
  EXPECT_EQ(patch(kConfigMap, "c", R"([{"op":"replace","path":"/data/a","value":"1"}])").object, made);
  EXPECT_EQ(patch(kConfigMap, "c", "[]").object, made);
  EXPECT_EQ(get(kConfigMap, "c").object, made);
}

TEST_P(Identity, DryRunsChangeNothing) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  auto next = made;
  next.json["data"]["a"] = "2";
  EXPECT_EQ(replace(next, true).object.json["data"]["a"], "2");
  const auto patched = run(engine::PatchRequest{
      kConfigMap, ns(), "c", Json::parse(R"([{"op":"replace","path":"/data/a","value":"2"}])"), "p", true});
  EXPECT_EQ(patched.object.json["data"]["a"], "2");
  EXPECT_EQ(verdict(create(config_map("new", "{}"), true)), "201");
  EXPECT_TRUE(
      run(engine::DeleteRequest{kConfigMap, ns(), "c", {}, engine::Propagation::kForeground, true}).ok());
  EXPECT_EQ(get(kConfigMap, "c").object, made);
  EXPECT_TRUE(get(kConfigMap, "new").not_found());
  EXPECT_EQ(verdict(run(engine::DeleteRequest{kConfigMap, ns(), "none", {}, {}, true})), "404 NotFound");
  EXPECT_EQ(verdict(create(config_map("c", "{}"), true)), "409 AlreadyExists");
}

TEST_P(Identity, ReplacingNeedsAnObject) {
  EXPECT_EQ(verdict(replace(config_map("none", "{}"))), "404 NotFound");
  auto versioned = config_map("none", "{}");
  versioned.json["metadata"]["resourceVersion"] = "5";
  EXPECT_EQ(verdict(replace(versioned)), "404 NotFound");
}

TEST_P(Identity, PatchesThatBreakTheObjectAreRefused) {
  apply(config_map("c", R"({"a":"1"})"));
  const std::pair<const char*, const char*> rows[] = {
      {R"([{"op":"test","path":"/metadata/resourceVersion","value":"1"}])", "422 Invalid"},
      {R"([{"op":"test","path":"/data/none","value":"1"}])", "422 Invalid"},
      {R"([{"op":"bogus","path":"/data/a","value":"1"}])", "422 Invalid"},
      {R"([{"op":"remove","path":"/data/none"}])", "422 Invalid"},
      {R"([{"op":"replace","path":"/none/none","value":"1"}])", "422 Invalid"},
      {R"([{"op":"replace","path":"/metadata/resourceVersion","value":"1"}])", "409 Conflict"},
      {R"([{"op":"replace","path":"/metadata/name","value":"other"}])", "400 BadRequest"},
      {R"([{"op":"replace","path":"/metadata/namespace","value":"other"}])", "400 BadRequest"},
  };
  for (const auto& [operations, expected] : rows) {
    EXPECT_EQ(verdict(patch(kConfigMap, "c", operations)), expected) << operations;
  }
  EXPECT_EQ(get(kConfigMap, "c").object.json["data"], Json::parse(R"({"a":"1"})"));
}

TEST_P(Identity, PatchesMayReplaceWhatIsMissing) {
  apply(config_map("c", R"({"a":"1"})"));
  const auto patched = patch(kConfigMap, "c", R"([{"op":"replace","path":"/data/none","value":"2"}])");
  ASSERT_EQ(verdict(patched), "200") << "other than RFC 6902 has it";
  EXPECT_EQ(patched.object.json["data"], Json::parse(R"({"a":"1","none":"2"})"));
}

TEST_P(Identity, LeasesNeedAVersion) {
  const auto lease = [&](const char* holder) {
    return object("coordination.k8s.io/v1", "Lease", "lock",
                  R"({"spec":{"holderIdentity":")" + std::string(holder) +
                      R"(","leaseDurationSeconds":30,"renewTime":"2026-01-01T00:00:00.000000Z"}})");
  };
  const auto made = create(lease("a"));
  ASSERT_EQ(verdict(made), "201");
  EXPECT_EQ(verdict(create(lease("b"))), "409 AlreadyExists");
  EXPECT_EQ(verdict(replace(lease("b"))), "422 Invalid: metadata.resourceVersion FieldValueInvalid");
  auto renewed = made.object;
  renewed.json["spec"]["renewTime"] = "2026-01-01T00:00:10.000000Z";
  const auto second = replace(renewed);
  ASSERT_EQ(verdict(second), "200");
  EXPECT_EQ(verdict(replace(renewed)), "409 Conflict") << "one of two holders wins";
  EXPECT_EQ(verdict(remove(kLease, "lock", {made.object.uid(), made.object.resource_version()})),
            "409 Conflict");
  EXPECT_EQ(model::get_string(get(kLease, "lock").object.json, "/spec/renewTime"),
            "2026-01-01T00:00:10.000000Z");
  auto bad = lease("c");
  bad.json["metadata"]["name"] = "bad";
  bad.json["spec"]["leaseDurationSeconds"] = 0;
  bad.json["spec"]["leaseTransitions"] = -1;
  EXPECT_EQ(
      verdict(create(bad)),
      "422 Invalid: spec.leaseDurationSeconds FieldValueInvalid; spec.leaseTransitions FieldValueInvalid");
  EXPECT_TRUE(remove(kLease, "lock", {made.object.uid(), second.object.resource_version()}).ok());
}

}  // namespace
}  // namespace instantexec::contract
