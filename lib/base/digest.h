#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;

namespace instantexec {

// SHA-256 of the bytes as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// HMAC-SHA-256 of the bytes under the key: 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);
// The same as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// A digest of bytes that come piece by piece, so that they need never be in memory all at once.
class Digest {
 public:
  [[nodiscard]] static Digest sha256();
  [[nodiscard]] static Digest hmac_sha256(std::string_view key);

  void add(std::string_view bytes);
  // 64 lower-case hexadecimal digits, as the functions above give them. Ends it.
  [[nodiscard]] std::string hex() &&;

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const;
  };

  explicit Digest(bool keyed);

  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
  bool keyed_;
};

// Standard base64 with padding (RFC 4648 §4), as Kubernetes uses for Secret data and kubeconfig *-data
// fields.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

// Decodes standard base64; line breaks and spaces are skipped. Error input.invalid on anything else.
[[nodiscard]] Result<std::string> base64_decode(std::string_view text);

}  // namespace instantexec
