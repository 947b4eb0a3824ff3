#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace instantexec {

inline constexpr std::size_t kCipherKeyBytes = 32;
inline constexpr std::size_t kCipherNonceBytes = 12;
inline constexpr std::size_t kCipherTagBytes = 16;

// AES-256 in Galois/counter mode (NIST SP 800-38D). Returns the encrypted bytes followed by the tag, which
// also covers `extra`. One pair of key and nonce must never be used for two texts. `key` and `nonce` have the
// lengths above.
[[nodiscard]] std::string aes_256_gcm_encrypt(std::string_view key, std::string_view nonce,
                                              std::string_view extra, std::string_view plain);

// The text again; nothing when the bytes, `extra` or the key are not those of the encryption.
[[nodiscard]] std::optional<std::string> aes_256_gcm_decrypt(std::string_view key, std::string_view nonce,
                                                             std::string_view extra,
                                                             std::string_view encrypted);

// Whether both are the same, in a time that tells nothing about where they differ.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace instantexec
