#include "net/curl_errors.h"

#include <gtest/gtest.h>

namespace instantexec::net {
namespace {

// The two reasons for which our own callback ends a request; libcurl's words tell a user neither.
TEST(CurlErrors, WhyARequestWasNotSentOrNotSentAgain) {
  CurlFailure failure;
  failure.code = CURLE_ABORTED_BY_CALLBACK;
  failure.detail = "operation aborted by pre-request callback";
  failure.server = "api.example:6443";
  EXPECT_EQ(describe(failure).message, "not sent to api.example:6443: it was held up for too long");
  failure.request_begun = true;
  EXPECT_EQ(describe(failure).message,
            "the connection to api.example:6443 broke, and what was sent is not sent again");
}

}  // namespace
}  // namespace instantexec::net
