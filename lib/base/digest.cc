#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"

namespace instantexec {
namespace {

std::string to_hex(const unsigned char* bytes, std::size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    out += kDigits[bytes[i] >> 4U];
    out += kDigits[bytes[i] & 0x0FU];
  }
  return out;
}

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(digest.data(), size);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(bytes), bytes.size(), digest.data(),
       &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  const std::string digest = hmac_sha256(key, bytes);
  return to_hex(as_bytes(digest), digest.size());
}

void Digest::FreeContext::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Digest::Digest(bool keyed) : context_(EVP_MD_CTX_new()), keyed_(keyed) {}

// None of the calls below can fail with what they are given; half a digest must not leave this class.
Digest Digest::sha256() {
  Digest out(false);
  IE_CHECK(EVP_DigestInit_ex(out.context_.get(), EVP_sha256(), nullptr) == 1);
  return out;
}

Digest Digest::hmac_sha256(std::string_view key) {
  Digest out(true);
  EVP_PKEY* held = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, as_bytes(key), key.size());
  const int begun = EVP_DigestSignInit(out.context_.get(), nullptr, EVP_sha256(), nullptr, held);
  EVP_PKEY_free(held);  // the context keeps its own reference
  IE_CHECK(begun == 1);
  return out;
}

void Digest::add(std::string_view bytes) {
  const int taken = keyed_ ? EVP_DigestSignUpdate(context_.get(), bytes.data(), bytes.size())
                           : EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  IE_CHECK(taken == 1);
}

std::string Digest::hex() && {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = digest.size();
  unsigned int plain_size = 0;
  const int ended = keyed_ ? EVP_DigestSignFinal(context_.get(), digest.data(), &size)
                           : EVP_DigestFinal_ex(context_.get(), digest.data(), &plain_size);
  IE_CHECK(ended == 1);
  return to_hex(digest.data(), keyed_ ? size : plain_size);
}

std::string base64_encode(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), as_bytes(bytes),
                                      static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') packed += c;
  }
  if (packed.empty()) return std::string{};
  if (packed.size() % 4 != 0) return fail(errors::kInvalidInput, "base64 text has an incomplete last group");
  std::string out(packed.size() / 4 * 3, '\0');
  const int written = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), as_bytes(packed),
                                      static_cast<int>(packed.size()));
  if (written < 0) return fail(errors::kInvalidInput, "base64 text holds a character outside its alphabet");
  // EVP_DecodeBlock counts padding as zero bytes.
  std::size_t size = static_cast<std::size_t>(written);
  if (packed.back() == '=') --size;
  if (packed.size() > 1 && packed[packed.size() - 2] == '=') --size;
  out.resize(size);
  return out;
}

}  // namespace instantexec
