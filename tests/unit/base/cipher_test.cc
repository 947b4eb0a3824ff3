#include "base/cipher.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace instantexec {
namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0x0FU];
  }
  return out;
}

// Test cases 13 and 14 of the description of the mode (McGrew and Viega, appendix B), and what follows from
// them.
TEST(Cipher, KnownAnswers) {
  const std::string key(32, '\0');
  const std::string nonce(12, '\0');
  EXPECT_EQ(hex(aes_256_gcm_encrypt(key, nonce, "", "")), "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(hex(aes_256_gcm_encrypt(key, nonce, "", std::string(16, '\0'))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(Cipher, GivesBackWhatBelongsTogether) {
  const std::string key(32, 'k');
  const std::string nonce(12, 'n');
  const std::string encrypted = aes_256_gcm_encrypt(key, nonce, "extra", "text");
  EXPECT_EQ(aes_256_gcm_decrypt(key, nonce, "extra", encrypted), "text");
  EXPECT_FALSE(aes_256_gcm_decrypt(key, nonce, "other", encrypted));
  EXPECT_FALSE(aes_256_gcm_decrypt(std::string(32, 'l'), nonce, "extra", encrypted));
  EXPECT_FALSE(aes_256_gcm_decrypt(key, std::string(12, 'm'), "extra", encrypted));
  for (std::size_t i = 0; i < encrypted.size(); ++i) {
    std::string bad = encrypted;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(aes_256_gcm_decrypt(key, nonce, "extra", bad)) << i;
    EXPECT_FALSE(aes_256_gcm_decrypt(key, nonce, "extra", encrypted.substr(0, i))) << i;
  }
}

// RFC 4231, test case 2.
TEST(Hmac, KnownAnswer) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(SameSecret, ComparesAllBytes) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

}  // namespace
}  // namespace instantexec
