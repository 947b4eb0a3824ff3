#include "kube/watch.h"

#include <gtest/gtest.h>

#include "kube/api_errors.h"

namespace instantexec::kube {
namespace {

model::Object pod(const std::string& name, const std::string& version, const std::string& uid = "u") {
  return model::Object{
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata",
        {{"name", name}, {"namespace", "d"}, {"resourceVersion", version}, {"uid", uid + name}}}}};
}

std::string event(const std::string& type, const model::Object& object) {
  return model::Json{{"type", type}, {"object", object.json}}.dump() + "\n";
}

Error lost() {
  return make_error(errors::kUnavailable, "lost");
}

// What the machine asked for, in words.
std::string text(const WatchActions& actions) {
  struct Name {
    std::string operator()(const ListNow&) const { return "list"; }
    std::string operator()(const WatchNow& watch) const { return "watch@" + watch.resource_version; }
    std::string operator()(const CloseWatch&) const { return "close"; }
    std::string operator()(const WaitUntil& wait) const {
      return "wait@" + std::to_string(wait.at.since_start.count());
    }
    std::string operator()(const DeliverChanged& it) const {
      return "+" + it.object.name() + "@" + it.object.resource_version();
    }
    std::string operator()(const DeliverDeleted& it) const {
      return "-" + it.object.name() + "@" + it.object.resource_version();
    }
    std::string operator()(const DeliverSynced&) const { return "synced"; }
    std::string operator()(const DeliverFailed& it) const {
      return "failed:" + std::string(it.error.code->name);
    }
  };
  std::string out;
  for (const WatchAction& action : actions) out += (out.empty() ? "" : " ") + std::visit(Name{}, action);
  return out;
}

class WatchStateTest : public ::testing::Test {
 protected:
  static Instant at(long ms) { return Instant{Duration{ms}}; }
  // Lists a@1 and b@2 and opens the watch at 10.
  void begin() {
    EXPECT_EQ(text(state_.start()), "list");
    EXPECT_EQ(text(state_.on_list(at(0), {pod("a", "1"), pod("b", "2")}, "10")), "+a@1 +b@2 synced watch@10");
    state_.on_opened(at(0));
  }
  WatchState state_{{"", "v1", "Pod"}, [] { return 0.0; }};
};

TEST_F(WatchStateTest, DeliversEventsCutAnywhere) {
  const std::string bytes =
      event("ADDED", pod("c", "11")) + event("MODIFIED", pod("a", "12")) + event("DELETED", pod("b", "13"));
  for (std::size_t size = 1; size < bytes.size(); size += 7) {
    WatchState state({"", "v1", "Pod"}, [] { return 0.0; });
    (void)state.start();
    (void)state.on_list(at(0), {pod("a", "1"), pod("b", "2")}, "10");
    state.on_opened(at(0));
    std::string seen;
    for (std::size_t i = 0; i < bytes.size(); i += size) {
      const std::string part = text(state.on_bytes(at(1), std::string_view(bytes).substr(i, size)));
      if (!part.empty()) seen += (seen.empty() ? "" : " ") + part;
    }
    EXPECT_EQ(seen, "+c@11 +a@12 -b@13") << size;
    EXPECT_EQ(state.resource_version(), "13");
  }
}

TEST_F(WatchStateTest, ServerTimeoutIsSpread) {
  WatchState early({"", "v1", "Pod"}, [] { return 0.0; });
  WatchState late({"", "v1", "Pod"}, [] { return 0.999; });
  (void)early.start();
  (void)late.start();
  const auto first = early.on_list(at(0), {}, "1");
  const auto second = late.on_list(at(0), {}, "1");
  EXPECT_EQ(std::get<WatchNow>(first.back()).timeout_seconds, 300);
  EXPECT_EQ(std::get<WatchNow>(second.back()).timeout_seconds, 599);
}

TEST_F(WatchStateTest, ResumesWhereTheServerEndedTheWatch) {
  begin();
  EXPECT_EQ(text(state_.on_bytes(at(10), event("MODIFIED", pod("a", "11")))), "+a@11");
  EXPECT_EQ(text(state_.on_closed(at(300'000), 0, std::nullopt)), "watch@11");
}

TEST_F(WatchStateTest, BookmarksMoveTheStartOfTheNextWatch) {
  begin();
  EXPECT_EQ(text(state_.on_bytes(at(10), event("BOOKMARK", pod("", "99")))), "");
  EXPECT_EQ(text(state_.on_closed(at(60'000), 0, lost())), "watch@99");
}

TEST_F(WatchStateTest, HalfAnEventIsDroppedAndComesAgain) {
  begin();
  const std::string whole = event("MODIFIED", pod("a", "11"));
  EXPECT_EQ(text(state_.on_bytes(at(10), whole.substr(0, 20))), "");
  EXPECT_EQ(text(state_.on_closed(at(5'000), 0, lost())), "watch@10");
  state_.on_opened(at(5'001));
  EXPECT_EQ(text(state_.on_bytes(at(5'002), whole)), "+a@11");
}

TEST_F(WatchStateTest, RelistsOn410InsideTheStreamAndTellsWhatVanished) {
  begin();
  const std::string gone =
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})";
  EXPECT_EQ(text(state_.on_bytes(at(10), gone)), "close list");
  EXPECT_EQ(text(state_.on_list(at(20), {pod("a", "1"), pod("c", "30")}, "40")),
            "+c@30 -b@2 synced watch@40");
}

TEST_F(WatchStateTest, APageIsDeliveredWhenItComes) {
  (void)state_.start();
  EXPECT_EQ(text(state_.on_page({pod("a", "1")})), "+a@1");
  EXPECT_EQ(text(state_.on_page({pod("b", "2")})), "+b@2");
  EXPECT_EQ(text(state_.on_list(at(0), {pod("c", "3")}, "10")), "+c@3 synced watch@10");
}

TEST_F(WatchStateTest, WhatAListThatBeganAnewDoesNotRepeatHasVanished) {
  (void)state_.start();
  EXPECT_EQ(text(state_.on_page({pod("a", "1"), pod("b", "2"), pod("c", "3")})), "+a@1 +b@2 +c@3");
  state_.on_list_restarted();
  EXPECT_EQ(text(state_.on_page({pod("a", "1")})), "");
  EXPECT_EQ(text(state_.on_list(at(0), {pod("c", "12")}, "20")), "+c@12 -b@2 synced watch@20");
}

TEST_F(WatchStateTest, WhatAListThatFailedHalfwayDeliveredIsKnownToTheNext) {
  (void)state_.start();
  EXPECT_EQ(text(state_.on_page({pod("a", "1"), pod("b", "2")})), "+a@1 +b@2");
  EXPECT_EQ(text(state_.on_list_failed(at(0), 503, lost())), "wait@800");
  EXPECT_EQ(text(state_.on_timer(at(800))), "list");
  EXPECT_EQ(text(state_.on_list(at(900), {pod("b", "2")}, "20")), "-a@1 synced watch@20");
}

TEST_F(WatchStateTest, NothingButTheIdentityOfAnObjectIsKept) {
  model::Object big = pod("a", "1");
  big.json["spec"]["nodeName"] = "n";
  (void)state_.start();
  (void)state_.on_list(at(0), {big}, "10");
  (void)state_.on_closed(at(10), 410, lost());
  const WatchActions actions = state_.on_list(at(20), {}, "60");
  ASSERT_TRUE(std::holds_alternative<DeliverDeleted>(actions.front()));
  EXPECT_EQ(std::get<DeliverDeleted>(actions.front()).object, pod("a", "1"));
}

TEST_F(WatchStateTest, RelistsOn410AsStatus) {
  begin();
  EXPECT_EQ(text(state_.on_closed(at(10), 410, lost())), "list");
}

TEST_F(WatchStateTest, AnObjectMadeAgainUnderItsNameIsTwoEvents) {
  begin();
  (void)state_.on_closed(at(10), 410, lost());
  EXPECT_EQ(text(state_.on_list(at(20), {pod("a", "50", "new-"), pod("b", "2")}, "60")),
            "-a@1 +a@50 synced watch@60");
}

TEST_F(WatchStateTest, OtherErrorsInTheStreamRelistAfterAWhile) {
  begin();
  const std::string failure =
      R"({"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}})";
  EXPECT_EQ(text(state_.on_bytes(at(1'000), failure)), "close wait@1800");
  EXPECT_EQ(text(state_.on_timer(at(1'800))), "list");
}

TEST_F(WatchStateTest, TheSameStateTwiceIsNoNews) {
  begin();
  EXPECT_EQ(text(state_.on_bytes(at(1), event("ADDED", pod("a", "1")))), "");
  EXPECT_EQ(
      text(state_.on_bytes(at(1), event("MODIFIED", pod("a", "11")) + event("MODIFIED", pod("a", "11")))),
      "+a@11");
}

TEST_F(WatchStateTest, NothingIsDeliveredAfterABrokenFrame) {
  for (const std::string bad :
       {"<html>", "{\"type\":\"ADDED\"}", "{\"type\":\"ADDED\",\"object\":7}", "{]}"}) {
    WatchState state({"", "v1", "Pod"}, [] { return 0.0; });
    (void)state.start();
    (void)state.on_list(at(0), {}, "10");
    state.on_opened(at(0));
    EXPECT_EQ(text(state.on_bytes(at(0), bad + event("ADDED", pod("x", "11")))), "close wait@800") << bad;
    EXPECT_EQ(text(state.on_bytes(at(0), event("ADDED", pod("y", "12")))), "") << bad;
    EXPECT_EQ(text(state.on_timer(at(800))), "watch@10") << bad;
  }
}

TEST_F(WatchStateTest, BacksOffWhileTheServerIsAway) {
  begin();
  std::string waits;
  Instant now = at(0);
  WatchActions actions = state_.on_closed(now, 0, lost());  // lived less than a second
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(actions.size(), 1U);
    const Instant next = std::get<WaitUntil>(actions.front()).at;
    waits += std::to_string((next - now).count()) + " ";
    now = next;
    EXPECT_EQ(text(state_.on_timer(now)), "watch@10");
    actions = state_.on_closed(now, 0, lost());
  }
  EXPECT_EQ(waits, "800 1600 3200 6400 12800 25600 30000 30000 ");
}

TEST(Backoff, StretchesAtRandomAndStartsOverAfterQuiet) {
  Backoff backoff;
  EXPECT_EQ(backoff.next(Instant{Duration{0}}, 0.5), Duration{1'200});
  EXPECT_EQ(backoff.next(Instant{Duration{1'200}}, 0.0), Duration{1'600});
  EXPECT_EQ(backoff.next(Instant{Duration{200'000}}, 0.0), Duration{800});
}

TEST_F(WatchStateTest, RefusalsEndIt) {
  EXPECT_EQ(text(state_.start()), "list");
  EXPECT_EQ(text(state_.on_list_failed(at(0), 403, make_error(errors::kForbidden, "no"))),
            "failed:kube.forbidden");
  WatchState gone({"", "v1", "Pod"}, [] { return 0.0; });
  (void)gone.start();
  (void)gone.on_list(at(0), {}, "1");
  EXPECT_EQ(text(gone.on_closed(at(1), 404, make_error(errors::kKindNotServed, "gone"))),
            "failed:kube.kind-not-served");
  EXPECT_EQ(text(gone.on_timer(at(2))), "");
}

TEST_F(WatchStateTest, ListsAgainWhenTheListFailed) {
  (void)state_.start();
  EXPECT_EQ(text(state_.on_list_failed(at(0), 503, lost())), "wait@800");
  EXPECT_EQ(text(state_.on_timer(at(800))), "list");
  EXPECT_EQ(text(state_.on_list_failed(at(800), 0, lost())), "wait@2400");
}

TEST_F(WatchStateTest, SilenceOpensAnotherWatch) {
  begin();
  (void)state_.on_bytes(at(1), event("BOOKMARK", pod("", "77")));
  EXPECT_EQ(text(state_.on_silence(at(30'000))), "close watch@77");
}

}  // namespace
}  // namespace instantexec::kube
