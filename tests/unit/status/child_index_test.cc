#include "status/child_index.h"

#include <gtest/gtest.h>

#include "status/event_view.h"
#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

std::string names(const Family& family) {
  std::string out;
  for (const model::Object* member : family.members) out += member->name() + " ";
  return out;
}

TEST(ChildIndex, FollowsOwnersThroughGenerations) {
  ChildIndex index;
  for (const auto& text : {pod("p1", "rs1", ""), replica_set(1, 1, 1), replica_set(2, 1, 1),
                           pod("p2", "rs2", ""), pod("stray", "other", "")}) {
    index.upsert(object(text));
  }
  EXPECT_EQ(names(index.family("w")), "web-1 web-2 p1 p2 ") << "owners before what they own";
  EXPECT_EQ(names(index.family("rs2")), "p2 ");
  EXPECT_EQ(names(index.family("")), "");
  EXPECT_EQ(names(index.family("unknown")), "");
}

TEST(ChildIndex, FollowsAdoptionAndDeletion) {
  ChildIndex index;
  index.upsert(object(pod("p", "a", "")));
  index.upsert(object(pod("p", "b", "")));
  EXPECT_EQ(names(index.family("a")), "") << "adopted by b";
  EXPECT_EQ(names(index.family("b")), "p ");
  index.erase(object(pod("p", "b", "")));
  EXPECT_EQ(names(index.family("b")), "");
  EXPECT_EQ(index.find("p"), nullptr);
  index.erase(object(pod("p", "b", "")));
  EXPECT_EQ(index.size(), 0U);
}

TEST(ChildIndex, EndsOnARingOfOwners) {
  ChildIndex index;
  index.upsert(object(pod("a", "b", "")));
  index.upsert(object(pod("b", "a", "")));
  EXPECT_EQ(names(index.family("a")), "b ");
}

TEST(ChildIndex, FollowsSixteenGenerations) {
  ChildIndex index;
  for (int i = 1; i < 100; ++i) index.upsert(object(pod(std::to_string(i), std::to_string(i - 1), "")));
  EXPECT_EQ(index.family("0").members.size(), 16U);
  EXPECT_EQ(index.family("90").members.size(), 9U);
}

TEST(ChildIndex, KeepsEventsOfTheFamilyOldestFirst) {
  ChildIndex index;
  index.upsert(object(replica_set(2, 1, 1)));
  index.upsert(object(pod("p", "rs2", "")));
  index.upsert(object(event("p", "Second", "m", 3, 9, 1)));
  index.upsert(object(event("w", "First", "m", 1, 1, 1)));
  index.upsert(object(event("other", "Stranger", "m", 1, 1, 1)));
  const model::Object owner = object(deployment("", ""));
  const auto events = index.events(owner, index.family(owner.uid()));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(EventView(events[0]).reason(), "First");
  EXPECT_EQ(EventView(events[1]).reason(), "Second");
  index.erase(events[1]);
  EXPECT_EQ(index.events(owner, index.family(owner.uid())).size(), 1U);
}

// What a list no longer holds is told of by name and UID alone.
TEST(ChildIndex, FindsTheLineageOfWhatIsHeldByItsUid) {
  ChildIndex index;
  index.upsert(object(replica_set(2, 1, 1)));
  index.upsert(object(pod("p", "rs2", "")));
  const model::Object happened = object(event("p", "FailedMount", "m", 3, 9, 1));
  index.upsert(happened);
  const model::Object trace{{{"apiVersion", "v1"},
                             {"kind", "Event"},
                             {"metadata", {{"name", happened.name()}, {"uid", happened.uid()}}}}};
  EXPECT_EQ(index.lineage(trace), index.lineage(happened));
  EXPECT_EQ(index.lineage(trace), (std::vector<std::string>{"p", "rs2", "w"}));
  index.erase(trace);
  EXPECT_TRUE(index.events(*index.find("p"), {}).empty());
}

TEST(ChildIndex, RemembersHowContainersEnded) {
  ChildIndex index;
  const auto ended = [](int code, std::string_view id) {
    return object(
        pod("p", "w",
            "'containerStatuses':[{'name':'app','restartCount':1,'lastState':{'terminated':{'exitCode':" +
                std::to_string(code) + ",'containerID':'" + std::string(id) + "'}}}]"));
  };
  index.upsert(ended(1, "a"));
  index.upsert(ended(1, "a"));
  index.upsert(ended(2, "b"));
  const Family family = index.family("w");
  ASSERT_NE(family.terminations, nullptr);
  const auto& log = family.terminations->at({"p", "app"});
  ASSERT_EQ(log.size(), 2U) << "one entry for each instance";
  EXPECT_EQ(log[1].exit_code, 2);
  EXPECT_EQ(restart_counts(family).at({"p", "app"}), 1);
}

TEST(EventView, ReadsBothApis) {
  const auto core = object(event("p", "R", "text", 5, 9, 4, "app"));
  EXPECT_EQ(EventView(core).container(), "app");
  EXPECT_EQ(EventView(core).count(), 4);
  EXPECT_EQ(EventView(core).last_seen(), at(9));
  const auto modern = object(
      "{'apiVersion':'events.k8s.io/"
      "v1','kind':'Event','metadata':{'uid':'e'},'regarding':{'uid':'p'},'note':'text',"
      "'eventTime':'@5','series':{'count':3,'lastObservedTime':'@8'},'type':'Warning'}");
  EXPECT_TRUE(is_event(modern));
  EXPECT_EQ(EventView(modern).subject_uid(), "p");
  EXPECT_EQ(EventView(modern).message(), "text");
  EXPECT_EQ(EventView(modern).count(), 3);
  EXPECT_EQ(EventView(modern).first_seen(), at(5));
  EXPECT_EQ(EventView(modern).last_seen(), at(8));
  EXPECT_FALSE(is_event(object("{'apiVersion':'example.com/v1','kind':'Event'}")));
}

}  // namespace
}  // namespace instantexec::status::test
