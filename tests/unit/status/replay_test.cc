#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/status/table.h"

// Streams of watch events in any order: repeated, late, or with some lost, as long as the last state of each
// object arrives. The verdict has to be that of the stream as it was.
namespace instantexec::status::test {
namespace {

struct Step {
  bool deleted = false;
  model::Object object;
};

struct Stream {
  std::string name;
  std::vector<Step> steps;  // in the order of the API server
  int now = 400;            // when the verdict is asked for
  model::HealthStatus expected = kCurrent;
};

// Gives every state the version it has in the stream.
std::vector<Step> numbered(std::vector<Step> steps) {
  int version = 8;  // so that 9 → 10 and 99 → 100 are compared as numbers
  for (Step& step : steps) step.object.json["metadata"]["resourceVersion"] = std::to_string(++version);
  return steps;
}

Step state(const std::string& text) {
  return {false, object(text)};
}
Step deletion(const std::string& text) {
  return {true, object(text)};
}

const std::string kStarting = pending("'state':{'waiting':{'reason':'ContainerCreating'}}");
const std::string kRunning =
    "'phase':'Running','conditions':[{'type':'Ready','status':'True'}],'containerStatuses':[{'name':'app','"
    "ready':true,"
    "'state':{'running':{'startedAt':'@2'}}}]";

std::string counts(int total, int updated, int ready) {
  return "'replicas':" + std::to_string(total) + ",'updatedReplicas':" + std::to_string(updated) +
         ",'readyReplicas':" + std::to_string(ready) + ",'availableReplicas':" + std::to_string(ready);
}

std::string crash(int restarts, std::string_view state) {
  return "'phase':'Running','startTime':'@1','conditions':[{'type':'Ready','status':'False'}],'"
         "containerStatuses':[{"
         "'name':'app','ready':false,'restartCount':" +
         std::to_string(restarts) + "," + std::string(state) + "}]";
}

std::string ended(int exit_code, std::string_view id) {
  return "{'terminated':{'exitCode':" + std::to_string(exit_code) + ",'reason':'Error','containerID':'" +
         std::string(id) + "','finishedAt':'@30'}}";
}

std::vector<Stream> streams() {
  const std::string spec = "'replicas':2";
  std::vector<Stream> out;
  out.push_back({"a rollout that works",
                 numbered({state(deployment(spec, counts(2, 0, 2))), state(replica_set(1, 2, 2)),
                           state(pod("old1", "rs1", kRunning)), state(pod("old2", "rs1", kRunning)),
                           state(replica_set(2, 1, 1)), state(pod("p1", "rs2", kStarting)),
                           state(deployment(spec, counts(3, 1, 2))), state(pod("p1", "rs2", kRunning)),
                           state(replica_set(2, 2, 2)), state(pod("p2", "rs2", kStarting)),
                           deletion(pod("old1", "rs1", kRunning)), state(pod("p2", "rs2", kRunning)),
                           deletion(pod("old2", "rs1", kRunning)), state(replica_set(1, 0, 0)),
                           state(deployment(spec, counts(2, 2, 2)))})});
  const std::string missing =
      "'state':{'waiting':{'reason':'ErrImagePull','message':'reg/app:2: not found'}}";
  const std::string back_off =
      "'state':{'waiting':{'reason':'ImagePullBackOff','message':'Back-off pulling image'}}";
  out.push_back(
      {"an image that does not exist",
       numbered({state(deployment(spec, counts(2, 0, 2))), state(replica_set(1, 2, 2)),
                 state(replica_set(2, 1, 1)), state(pod("p1", "rs2", kStarting)),
                 state(pod("p1", "rs2", pending(missing))), state(deployment(spec, counts(3, 1, 2))),
                 state(pod("p1", "rs2", pending(back_off)))}),
       400, kFailed});
  out.push_back(
      {"a crash loop",
       numbered(
           {state(deployment(spec, counts(2, 1, 1))), state(replica_set(2, 1, 1)),
            state(pod("p1", "rs2", kStarting)),
            state(pod("p1", "rs2", crash(0, "'state':" + ended(1, "c1")))),
            state(pod("p1", "rs2", crash(1, "'lastState':" + ended(1, "c1") + ",'state':" + ended(1, "c2")))),
            state(pod("p1", "rs2",
                      crash(3, "'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':" +
                                   ended(1, "c3"))))}),
       400, kFailed});
  out.push_back({"a slow start that ends well",
                 numbered({state(deployment(spec, counts(2, 1, 1))), state(replica_set(2, 2, 2)),
                           state(pod("p1", "rs2", crash(0, "'state':" + ended(1, "c1")))),
                           state(pod("p2", "rs2", kStarting)), state(pod("p1", "rs2", kRunning)),
                           state(pod("p2", "rs2", kRunning)), state(deployment(spec, counts(2, 2, 2)))})});
  out.push_back(
      {"a refused pod, then none",
       numbered({state(deployment(spec, counts(2, 0, 2))), state(replica_set(2, 2, 0)),
                 state(event("rs2", "FailedCreate", "pods is forbidden: exceeded quota: q", 2, 120, 9))}),
       400, kFailed});
  return out;
}

model::HealthStatus judge(const std::vector<Step>& steps, int now) {
  ChildIndex index;
  for (const Step& step : steps) {
    if (step.deleted) {
      index.erase(step.object);
    } else {
      index.upsert(step.object);
    }
  }
  const model::Object* root = index.find("w");
  if (root == nullptr) return kUnknown;
  Context context;
  context.now = at(now);
  context.applied_at = kApply;
  return assess(*root, index, context).status.status;
}

// Repeats, swaps and loses steps; the last state of every object stays.
std::vector<Step> disturbed(const std::vector<Step>& steps, std::mt19937& random) {
  std::vector<Step> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool last =
        std::none_of(steps.begin() + static_cast<std::ptrdiff_t>(i) + 1, steps.end(),
                     [&](const Step& later) { return later.object.uid() == steps[i].object.uid(); });
    const auto times = last ? 1 + random() % 2 : random() % 3;
    for (unsigned n = 0; n < times; ++n) out.push_back(steps[i]);
  }
  std::shuffle(out.begin(), out.end(), random);
  return out;
}

TEST(Replay, AnyOrderOfEventsLeadsToTheSameVerdict) {
  for (const Stream& stream : streams()) {
    ASSERT_EQ(model::to_string(judge(stream.steps, stream.now)), model::to_string(stream.expected))
        << stream.name;
    for (unsigned seed = 1; seed <= 200; ++seed) {
      std::mt19937 random(seed);
      const auto steps = disturbed(stream.steps, random);
      ASSERT_EQ(model::to_string(judge(steps, stream.now)), model::to_string(stream.expected))
          << stream.name << ", seed " << seed;
    }
  }
}

TEST(Replay, NeitherTheOldNorTheGoneComesBack) {
  const auto version = [](const char* text) {
    model::Object out = object(pod("p", "w", ""));
    out.json["metadata"]["resourceVersion"] = text;
    return out;
  };
  ChildIndex index;
  index.upsert(version("10"));
  index.upsert(version("9"));
  EXPECT_EQ(index.find("p")->resource_version(), "10") << "9 is before 10";
  index.erase(version("9"));
  EXPECT_NE(index.find("p"), nullptr) << "a deletion seen late";
  index.erase(version("11"));
  index.upsert(version("10"));
  EXPECT_EQ(index.find("p"), nullptr) << "a state seen late";
  index.upsert(version("12"));
  EXPECT_NE(index.find("p"), nullptr) << "it entered what is watched again";
  index.upsert(version("abc"));
  EXPECT_EQ(index.find("p")->resource_version(), "abc") << "what cannot be compared is taken";
}

}  // namespace
}  // namespace instantexec::status::test
