#include "simulation/invariants.h"

#include <gtest/gtest.h>

#include <functional>

// Each rule notices what breaks it, and a history without fault breaks none.
namespace instantexec::simulation {
namespace {

State object(const std::string& kind, const std::string& name, const std::string& uid) {
  return std::make_shared<const Json>(
      Json{{"kind", kind}, {"metadata", {{"name", name}, {"namespace", "default"}, {"uid", uid}}}});
}

// {"phase": …} in base64, as the head's Secret carries it.
State head(const std::string& encoded) {
  Json secret = *object("Secret", "instantexec.web", "head");
  secret["data"] = {{"head", encoded}};
  return std::make_shared<const Json>(std::move(secret));
}

const std::string kApplying = "eyJwaGFzZSI6ImFwcGx5aW5nIn0=";
const std::string kIdle = "eyJwaGFzZSI6ImlkbGUifQ==";
const std::string kDeployed = "eyJwaGFzZSI6ImRlcGxveWVkIn0=";
const std::string kRollingBack = "eyJwaGFzZSI6InJvbGxpbmctYmFjayJ9";

State lease(const std::string& holder, int epoch) {
  Json json = *object("Lease", "instantexec-web", "lease");
  json["spec"] = {{"holderIdentity", holder}, {"leaseTransitions", epoch}};
  return std::make_shared<const Json>(std::move(json));
}

class Story {
 public:
  Story() {
    invariants.may_hold("ConfigMap/default/a");
    changed(0, "p1", nullptr, lease("p1", 1));
    changed(1, "p1", nullptr, head(kIdle));
    changed(2, "p1", head(kIdle), head(kApplying));
  }
  Story& sent(std::int64_t ms, const std::string& actor, const std::string& verb, const std::string& key) {
    invariants.see({Entry::Kind::kSent, ms, actor, verb, key, nullptr, nullptr});
    return *this;
  }
  Story& changed(std::int64_t ms, const std::string& actor, const State& before, const State& after) {
    invariants.see({Entry::Kind::kChanged, ms, actor, "", key_of(after ? *after : *before), before, after});
    return *this;
  }
  Invariants invariants{"web", "default"};
};

const std::string kA = "ConfigMap/default/a";

TEST(Invariants, AGoodStoryBreaksNone) {
  Story story;
  story.sent(10, "p1", "apply", kA).changed(12, "p1", nullptr, object("ConfigMap", "a", "1"));
  story.changed(20, "p1", head(kApplying), head(kDeployed)).changed(22, "p1", lease("p1", 1), lease("", 1));
  story.changed(30, "p2", lease("", 1), lease("p2", 2));
  story.changed(60'030, "p3", lease("p2", 2), lease("p3", 3));
  story.changed(60'040, "kubectl", nullptr, object("ConfigMap", "theirs", "9"));
  EXPECT_EQ(story.invariants.broken(), std::vector<std::string>{});
}

struct Row {
  const char* name;
  const char* words;  // of the rule
  std::function<void(Story&)> tell;
};

std::vector<Row> rows() {
  const State a = object("ConfigMap", "a", "1");
  return {
      {"WriteWithoutTheLock", "sent while the lock was held by 'p1'",
       [](Story& it) { it.sent(10, "p2", "apply", kA); }},
      {"EarlyTakeover", "taken over from p1",
       [](Story& it) { it.changed(29'000, "p2", lease("p1", 1), lease("p2", 2)); }},
      {"NoNewEpoch", "without a new epoch",
       [](Story& it) { it.changed(40'000, "p2", lease("p1", 1), lease("p2", 1)); }},
      {"LockGivenBackByAnother", "given back by somebody else",
       [](Story& it) { it.changed(10, "p2", lease("p1", 1), lease("", 1)); }},
      {"ApplyInAnUndo", "applied in phase",
       [](Story& it) {
         it.changed(10, "p1", head(kApplying), head(kRollingBack)).sent(11, "p1", "apply", kA);
       }},
      {"PruneBeforeTheCommitPoint", "deleted in phase", [](Story& it) { it.sent(10, "p1", "delete", kA); }},
      {"ForwardOutOfAnUndo", "from phase 'rolling-back' to 'deployed'",
       [](Story& it) {
         it.changed(10, "p1", head(kApplying), head(kRollingBack));
         it.changed(11, "p1", head(kRollingBack), head(kDeployed));
       }},
      {"ForeignObject", "not an object of the release",
       [](Story& it) {
         const State other = object("ConfigMap", "other", "7");
         it.sent(10, "p1", "apply", "ConfigMap/default/other").changed(11, "p1", nullptr, other);
       }},
      {"WhatSomebodyElseMade", "changed what somebody else made",
       [a](Story& it) {
         it.changed(9, "kubectl", nullptr, a).sent(10, "p1", "apply", kA).changed(11, "p1", a, a);
       }},
      {"DeletedWhatSomebodyElseMade", "deleted what somebody else made",
       [a](Story& it) {
         it.changed(9, "kubectl", nullptr, a).sent(10, "p1", "delete", kA).changed(11, "p1", a, nullptr);
       }},
      {"LateWrite", "after it was sent, the lock lost",
       [a](Story& it) {
         it.sent(10, "p1", "apply", kA).changed(31'000, "p2", lease("p1", 1), lease("p2", 2));
         it.changed(40'000, "p1", nullptr, a);
       }},
      {"RecordDeleted", "the record was deleted",
       [](Story& it) { it.changed(10, "kubectl", head(kApplying), nullptr); }},
  };
}

class Broken : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Broken, IsNoticed) {
  const Row row = rows()[GetParam()];
  Story story;
  row.tell(story);
  std::string all;
  for (const std::string& rule : story.invariants.broken()) all += rule + "\n";
  EXPECT_NE(all.find(row.words), std::string::npos) << all;
}

INSTANTIATE_TEST_SUITE_P(Rules, Broken, ::testing::Range<std::size_t>(0, rows().size()),
                         [](const auto& index) { return std::string(rows()[index.param].name); });

TEST(Holds, WantsEveryFieldAndListsOfOneLength) {
  const Json found{{"a", 1}, {"b", {1, 2}}};
  EXPECT_TRUE(holds(found, {{"a", 1}}));
  EXPECT_TRUE(holds(found, {{"b", {1, 2}}}));
  EXPECT_FALSE(holds(found, {{"b", Json::array({1})}}));
  EXPECT_FALSE(holds(found, {{"c", 1}}));
}

}  // namespace
}  // namespace instantexec::simulation
