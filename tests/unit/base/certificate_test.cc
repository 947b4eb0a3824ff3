#include "base/certificate.h"

#include <gtest/gtest.h>

#include "support/certificates.h"

namespace instantexec {
namespace {

const std::string kUtcTime = testing::kCertificateUntil2036;
const std::string kGeneralizedTime = testing::kCertificateUntil2126;

TEST(CertificateEnd, OfTheFirstCertificate) {
  EXPECT_EQ(certificate_end(kUtcTime), parse_rfc3339("2036-11-20T02:07:54Z"));
  EXPECT_EQ(certificate_end(kGeneralizedTime), parse_rfc3339("2126-10-30T02:07:54Z"))
      << "after 2049 another format";
  EXPECT_EQ(certificate_end(kUtcTime + kGeneralizedTime), parse_rfc3339("2036-11-20T02:07:54Z"));
  EXPECT_EQ(certificate_end("text before\n" + kUtcTime), parse_rfc3339("2036-11-20T02:07:54Z"));
}

TEST(CertificateEnd, OfNothingIsNotKnown) {
  const std::string cut = kUtcTime.substr(0, kUtcTime.size() / 2);
  for (const std::string& text :
       {std::string(), std::string("x"), cut,
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    EXPECT_FALSE(certificate_end(text)) << text;
  }
}

}  // namespace
}  // namespace instantexec
