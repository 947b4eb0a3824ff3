#pragma once

// Certificates that tests read; nobody has their keys.
//
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test
namespace instantexec::testing {

// Valid until 2036-11-20T02:07:54Z.
inline constexpr const char* kCertificateUntil2036 = R"(-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIULUmdRGYzdJJR5ZMhhRa3TPrf9eAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjMwMjA3NTRaFw0zNjExMjAwMjA3NTRa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS+7XrQ
XPUPfdEZA9PENNToZ5jDGrM9ah+v4eMo9VTrL8HNm9U/HRZMjGDrLLWqhjXZ6BMV
EfJIal+EXOk11f2co1MwUTAdBgNVHQ4EFgQUHiIoMzOa/d4nYePNonD9WA8NEW8w
HwYDVR0jBBgwFoAUHiIoMzOa/d4nYePNonD9WA8NEW8wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiAUy6w7I9+Q9JSd0/9lZww8ybFQ0AIXvZIG5aIf
6ICrcAIgebnkLDBsFaqfOZxEGjuXtJInXQJlHMxy3KT0vvm1Ng8=
-----END CERTIFICATE-----
)";

// Valid until 2126-10-30T02:07:54Z, which is written in another format.
inline constexpr const char* kCertificateUntil2126 = R"(-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUe1L3Ct9f2y7D1P29EJE4nSzyjU0wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMwMjA3NTRaGA8yMTI2MTAzMDAyMDc1
NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOsY
YYxqnILXaqHZlxP4No3j/hYlRnLUFuzL9nMGOAuKj25j9L1UYQ93fZlDy9JWV4QP
EZFBDLl2kU29HVpSHNejUzBRMB0GA1UdDgQWBBRomEVSdrKcIVfVlsj8fORjWpwU
0TAfBgNVHSMEGDAWgBRomEVSdrKcIVfVlsj8fORjWpwU0TAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQChR6RSFdv7uZdfqK7QPRir9NtpcjCS+tXv
jCDz4WPJWQIgBuyxSU9+CNMCz/zt28PN+kG+9azYtrvlPvdRVttK+to=
-----END CERTIFICATE-----
)";

}  // namespace instantexec::testing
