#include "base/cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace instantexec {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* as_bytes(std::string& text, std::size_t at) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}

void check_lengths(std::string_view key, std::string_view nonce) {
  IE_CHECK(key.size() == kCipherKeyBytes);
  IE_CHECK(nonce.size() == kCipherNonceBytes);
}

}  // namespace

std::string aes_256_gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view extra,
                                std::string_view plain) {
  check_lengths(key, nonce);
  const Context context(EVP_CIPHER_CTX_new());
  std::string out(plain.size() + kCipherTagBytes, '\0');
  int size = 0;
  int last = 0;
  // None of these can fail for lengths that were checked; half a result must not leave this function.
  IE_CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, as_bytes(key), as_bytes(nonce)) ==
           1);
  IE_CHECK(
      EVP_EncryptUpdate(context.get(), nullptr, &size, as_bytes(extra), static_cast<int>(extra.size())) == 1);
  IE_CHECK(EVP_EncryptUpdate(context.get(), as_bytes(out, 0), &size, as_bytes(plain),
                             static_cast<int>(plain.size())) == 1);
  IE_CHECK(EVP_EncryptFinal_ex(context.get(), as_bytes(out, static_cast<std::size_t>(size)), &last) == 1);
  IE_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kCipherTagBytes),
                               as_bytes(out, plain.size())) == 1);
  return out;
}

std::optional<std::string> aes_256_gcm_decrypt(std::string_view key, std::string_view nonce,
                                               std::string_view extra, std::string_view encrypted) {
  check_lengths(key, nonce);
  if (encrypted.size() < kCipherTagBytes) return std::nullopt;
  const std::string_view body = encrypted.substr(0, encrypted.size() - kCipherTagBytes);
  std::string tag(encrypted.substr(body.size()));
  const Context context(EVP_CIPHER_CTX_new());
  std::string out(body.size(), '\0');
  int size = 0;
  int last = 0;
  IE_CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, as_bytes(key), as_bytes(nonce)) ==
           1);
  IE_CHECK(
      EVP_DecryptUpdate(context.get(), nullptr, &size, as_bytes(extra), static_cast<int>(extra.size())) == 1);
  IE_CHECK(EVP_DecryptUpdate(context.get(), as_bytes(out, 0), &size, as_bytes(body),
                             static_cast<int>(body.size())) == 1);
  IE_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kCipherTagBytes),
                               as_bytes(tag, 0)) == 1);
  if (EVP_DecryptFinal_ex(context.get(), as_bytes(out, static_cast<std::size_t>(size)), &last) != 1)
    return std::nullopt;
  return out;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace instantexec
