#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace instantexec {

// SHA-256 of the bytes as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// HMAC-SHA-256 of the bytes under the key: 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);
// The same as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// Standard base64 with padding (RFC 4648 §4), as Kubernetes uses for Secret data and kubeconfig *-data
// fields.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

// Decodes standard base64; line breaks and spaces are skipped. Error input.invalid on anything else.
[[nodiscard]] Result<std::string> base64_decode(std::string_view text);

}  // namespace instantexec
