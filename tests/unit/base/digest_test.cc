#include "base/digest.h"

#include <gtest/gtest.h>

namespace instantexec {
namespace {

TEST(Digest, Sha256OfKnownTexts) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacOfRfc4231Case2) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, Base64RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    const std::string encoded = base64_encode(bytes);
    const auto decoded = base64_decode(encoded);
    ASSERT_TRUE(decoded.has_value()) << encoded;
    EXPECT_EQ(*decoded, bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Digest, Base64RefusesWhatIsNotBase64) {
  for (const char* text : {"abc", "ab$=", "====="}) {
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
  }
}

TEST(Digest, Base64SkipsLineBreaks) {
  EXPECT_EQ(base64_decode("aGVs\nbG8=\n").value_or("?"), "hello");
}

TEST(Digest, DoesNotDependOnHowTheBytesCome) {
  const std::string key = "a key that is not short at all, longer than one block of the digest, which is 64";
  for (const std::string& bytes : {std::string(), std::string("abc"), std::string(100'000, 'x')}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{200'000}}) {
      Digest plain = Digest::sha256();
      Digest keyed = Digest::hmac_sha256(key);
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        plain.add(std::string_view(bytes).substr(at, step));
        keyed.add(std::string_view(bytes).substr(at, step));
      }
      EXPECT_EQ(std::move(plain).hex(), sha256_hex(bytes)) << bytes.size() << " by " << step;
      EXPECT_EQ(std::move(keyed).hex(), hmac_sha256_hex(key, bytes)) << bytes.size() << " by " << step;
    }
  }
}

}  // namespace
}  // namespace instantexec
