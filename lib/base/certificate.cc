#include "base/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <ctime>
#include <limits>
#include <memory>

namespace instantexec {

std::optional<Timestamp> certificate_end(std::string_view pem) {
  if (pem.empty() || pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (bio == nullptr) return std::nullopt;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) {
    return std::nullopt;
  }
  using std::chrono::sys_days;
  const sys_days day = std::chrono::year(time.tm_year + 1900) /
                       std::chrono::month(static_cast<unsigned>(time.tm_mon + 1)) /
                       std::chrono::day(static_cast<unsigned>(time.tm_mday));
  return Timestamp{std::chrono::duration_cast<Duration>(day.time_since_epoch()) +
                   std::chrono::hours(time.tm_hour) + std::chrono::minutes(time.tm_min) +
                   std::chrono::seconds(time.tm_sec)};
}

}  // namespace instantexec
