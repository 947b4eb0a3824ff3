#include "cli/views.h"

#include <gtest/gtest.h>

namespace instantexec::cli {
namespace {

engine::ReleaseStatus unfinished() {
  engine::ReleaseStatus status;
  status.release = "web";
  status.ns = "shop";
  status.exists = true;
  status.revision = 1;
  status.unfinished = {"applying", "op1", "ci-1", 2, "2026-01-31T09:05:00Z"};
  return status;
}

TEST(StatusView, WorkThatNobodyIsAtCanBeRecovered) {
  engine::ReleaseStatus status = unfinished();
  status.lock_holder = "ci-1";
  status.lock_renewed = "2026-01-31T09:06:00Z";
  const report::ReleaseView view = status_view(status);
  EXPECT_EQ(view.unfinished,
            "applying of revision 2, started 2026-01-31T09:05:00Z by ci-1; `recover` puts it back");
  EXPECT_EQ(view.lock_holder, "ci-1");
  EXPECT_EQ(view.lock_renewed, "2026-01-31T09:06:00Z");
  EXPECT_FALSE(view.at_work);
  const model::Json json = status_document(status);
  EXPECT_EQ(json["lock_holder"], "ci-1");
  EXPECT_EQ(json["lock_renewed"], "2026-01-31T09:06:00Z");
  EXPECT_EQ(json["lock_unread"], "");
  EXPECT_EQ(json["at_work"], false);
  EXPECT_EQ(json["unfinished"]["revision"], 2);
}

TEST(StatusView, WorkThatGoesOnIsNotToBeRecovered) {
  engine::ReleaseStatus status = unfinished();
  status.at_work = true;
  status.lock_holder = "ci-1";
  EXPECT_EQ(status_view(status).unfinished,
            "applying of revision 2, started 2026-01-31T09:05:00Z by ci-1, which is at work; should that "
            "end, `recover` takes over once its lock has run out");
  status.lock_renewed = "2026-01-31T09:06:00Z";
  const report::ReleaseView view = status_view(status);
  EXPECT_EQ(view.unfinished,
            "applying of revision 2, started 2026-01-31T09:05:00Z by ci-1, which is at work (lock renewed "
            "2026-01-31T09:06:00Z); should that end, `recover` takes over once its lock has run out");
  EXPECT_TRUE(view.at_work);
  EXPECT_EQ(status_document(status)["at_work"], true);
  engine::ReleaseStatus recovered = status;
  recovered.lock_holder = "laptop";
  EXPECT_EQ(
      status_view(recovered).unfinished,
      "applying of revision 2, started 2026-01-31T09:05:00Z by ci-1; laptop is at work on it (lock renewed "
      "2026-01-31T09:06:00Z); should that end, `recover` takes over once its lock has run out");
  report::TextOptions colours;
  colours.style.colour = true;
  const std::string text = report::status_text(view, colours);
  EXPECT_NE(text.find("\nunder way: applying of revision 2"), std::string::npos) << text;
  EXPECT_EQ(text.find("next:"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(StatusView, ALockThatCouldNotBeReadIsNotAFreeOne) {
  engine::ReleaseStatus status = unfinished();
  status.lock_unread = "leases are forbidden";
  const report::ReleaseView view = status_view(status);
  EXPECT_NE(report::status_text(view, {}).find("\nlock: not known (leases are forbidden)\n"),
            std::string::npos);
  EXPECT_EQ(status_document(status)["lock_unread"], "leases are forbidden");
  status.lock_unread.clear();
  EXPECT_EQ(report::status_text(status_view(status), {}).find("lock"), std::string::npos);
}

}  // namespace
}  // namespace instantexec::cli
