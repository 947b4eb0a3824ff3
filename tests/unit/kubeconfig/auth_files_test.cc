#include "kube/auth_files.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "kube/auth_provider.h"
#include "kube/rest_config.h"
#include "row.h"
#include "support/certificates.h"

namespace instantexec::kube {
namespace {

using instantexec::kube::testing::FixedClock;
using instantexec::testing::TempDir;
using namespace std::chrono_literals;

std::string header(Authenticator& auth) {
  const auto credentials = auth.credentials();
  return credentials ? credentials->authorization.reveal() : std::string(credentials.error().code->name);
}

TEST(TokenFile, IsReadAgainAfterFiftySeconds) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.token_file = dir.write("t", "one\n");
  const auto auth = make_file_authenticator(user, clock);
  EXPECT_EQ(header(*auth), "Bearer one");
  const auto generation = auth->credentials()->generation;
  dir.write("t", "two");
  clock.advance(49s);
  EXPECT_EQ(header(*auth), "Bearer one");
  clock.advance(1s);
  EXPECT_EQ(header(*auth), "Bearer two");
  EXPECT_GT(auth->credentials()->generation, generation);
}

TEST(TokenFile, LastGoodTokenIsKept) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.token_file = dir.write("t", "one");
  const auto auth = make_file_authenticator(user, clock);
  EXPECT_EQ(header(*auth), "Bearer one");
  for (const char* content : {"", " \n", "a\x01z"}) {
    dir.write("t", content);
    clock.advance(60s);
    EXPECT_EQ(header(*auth), "Bearer one") << content;
  }
  std::filesystem::remove(dir.path("t"));
  clock.advance(60s);
  EXPECT_EQ(header(*auth), "Bearer one");
  dir.write("t", "two");
  EXPECT_EQ(header(*auth), "Bearer two") << "after a failure the file is tried at once";
}

TEST(TokenFile, NeverReadableIsAnError) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.token_file = dir.path("none");
  const auto auth = make_file_authenticator(user, clock);
  EXPECT_EQ(header(*auth), "auth.token-file");
  dir.write("none", "now");
  EXPECT_EQ(header(*auth), "Bearer now");
}

TEST(TokenFile, ARejectionReadsItAtOnceAndSaysWhetherThatHelped) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.token_file = dir.write("t", "one");
  const auto auth = make_file_authenticator(user, clock);
  const auto first = auth->credentials();
  ASSERT_TRUE(first);
  EXPECT_FALSE(auth->invalidate(first->generation)) << "the same token again would be rejected again";
  dir.write("t", "two");
  EXPECT_TRUE(auth->invalidate(first->generation));
  EXPECT_EQ(header(*auth), "Bearer two");
  EXPECT_TRUE(auth->invalidate(first->generation)) << "a late rejection of the old token";
}

TEST(CertificateFiles, AreReadAtMostOnceASecond) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.client_cert_file = dir.write("c", "C1");
  user.client_key_file = dir.write("k", "K1");
  const auto auth = make_file_authenticator(user, clock);
  const auto first = auth->credentials();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->client_cert_pem, "C1");
  dir.write("c", "C2");
  dir.write("k", "K2");
  clock.advance(999ms);
  EXPECT_EQ(auth->credentials()->client_cert_pem, "C1");
  clock.advance(1ms);
  const auto second = auth->credentials();
  EXPECT_EQ(second->client_cert_pem, "C2");
  EXPECT_EQ(second->client_key_pem.reveal(), "K2");
  EXPECT_GT(second->certificate_generation, first->certificate_generation);
  std::filesystem::remove(dir.path("k"));
  clock.advance(5s);
  const auto third = auth->credentials();
  ASSERT_TRUE(third) << "the last good pair is kept";
  EXPECT_EQ(third->client_cert_pem, "C2");
  EXPECT_EQ(third->certificate_generation, second->certificate_generation);
}

TEST(CertificateFiles, NeverReadableIsAnError) {
  const TempDir dir;
  FixedClock clock;
  UserEntry user;
  user.client_cert_file = dir.path("none");
  user.client_key_data = Secret("K");
  EXPECT_EQ(header(*make_file_authenticator(user, clock)), "auth.certificate-file");
}

TEST(StaticCredentials, CannotBeRefreshed) {
  FixedClock clock;
  UserEntry user;
  user.token = Secret("t");
  const auto auth = make_file_authenticator(user, clock);
  EXPECT_FALSE(auth->invalidate(auth->credentials()->generation));
  Credentials credentials;
  credentials.authorization = bearer("x");
  credentials.generation = 4;
  const auto fixed = make_static_authenticator(credentials, "fixed");
  EXPECT_EQ(header(*fixed), "Bearer x");
  EXPECT_FALSE(fixed->invalidate(4));
  EXPECT_EQ(fixed->describe(), "fixed");
}

TEST(JwtExpiry, ReadsTheClaimAndNothingElse) {
  // {"exp":1800000000}, {"exp":1800000000.9}, {"exp":"1800000000"}, {}, [1]
  EXPECT_EQ(jwt_expiry("e30.eyJleHAiOjE4MDAwMDAwMDB9.s"), Timestamp{Duration{1'800'000'000'000}});
  EXPECT_EQ(jwt_expiry("e30.eyJleHAiOjE4MDAwMDAwMDAuOX0.s"), Timestamp{Duration{1'800'000'000'000}});
  EXPECT_EQ(jwt_expiry("e30.eyJleHAiOiIxODAwMDAwMDAwIn0.s"), std::nullopt);
  EXPECT_EQ(jwt_expiry("e30.e30.s"), std::nullopt);
  EXPECT_EQ(jwt_expiry("e30.WzFd.s"), std::nullopt);
  for (const char* text : {"", "abc", "a.b", "a.b.c.d", "a.***.c", "..", "e30.eyJleHAiOjFlOTk5fQ.s"}) {
    EXPECT_EQ(jwt_expiry(text), std::nullopt) << text;
  }
  FixedClock clock;
  UserEntry user;
  user.token = Secret("e30.eyJleHAiOjE4MDAwMDAwMDB9.s");
  EXPECT_EQ(make_file_authenticator(user, clock)->expiry(), Timestamp{Duration{1'800'000'000'000}});
}

// A token file is read again, which a certificate or a token in the kubeconfig is not.
TEST(Expiry, OfATokenFileIsDealtWithByWhoWritesIt) {
  FixedClock clock;
  UserEntry user;
  user.token = Secret("opaque");
  EXPECT_FALSE(make_file_authenticator(user, clock)->renews());
  user.token_file = "/var/run/secrets/token";
  EXPECT_TRUE(make_file_authenticator(user, clock)->renews());
  user.client_cert_data = instantexec::testing::kCertificateUntil2036;
  EXPECT_FALSE(make_file_authenticator(user, clock)->renews());
}

// What a client certificate says of itself, and a token; whichever ends first.
TEST(Expiry, OfCertificateAndToken) {
  const std::string certificate = instantexec::testing::kCertificateUntil2036;
  FixedClock clock;
  UserEntry user;
  EXPECT_FALSE(make_file_authenticator(user, clock)->expiry());
  user.client_cert_data = certificate;
  const auto end = parse_rfc3339("2036-11-20T02:07:54Z");
  EXPECT_EQ(make_file_authenticator(user, clock)->expiry(), end);
  user.token = Secret("opaque");
  EXPECT_EQ(make_file_authenticator(user, clock)->expiry(), end);
  user.token = Secret("x." + base64_encode(R"({"exp":1767225600})") + ".x");
  EXPECT_EQ(make_file_authenticator(user, clock)->expiry(), parse_rfc3339("2026-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace instantexec::kube
