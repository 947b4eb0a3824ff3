#include "journal/seal.h"

#include "base/cipher.h"
#include "base/digest.h"
#include "base/text.h"
#include "journal/errors.h"

namespace instantexec::journal {
namespace {

constexpr std::size_t kShortestKey = 32;
constexpr std::string_view kPayload = "instantexec payload 1";

}  // namespace

Result<Seal> Seal::from_text(std::string_view text, Unsealed unsealed) {
  const std::string_view key = trim(text);
  if (key.size() < kShortestKey) {
    return fail(errors::kKeyInvalid, "the key of the records has " + counted(key.size(), "byte") +
                                         "; it takes " + std::to_string(kShortestKey) + " or more");
  }
  Seal out;
  out.id_ = hmac_sha256_hex(key, "instantexec key id 1").substr(0, 16);
  out.signing_ = Secret(hmac_sha256(key, "instantexec signing 1"));
  out.encryption_ = Secret(hmac_sha256(key, "instantexec encryption 1"));
  out.nonces_ = Secret(hmac_sha256(key, "instantexec nonces 1"));
  out.unsealed_ = unsealed;
  return out;
}

std::string Seal::sign(std::string_view head, std::string_view members) const {
  // The length keeps bytes from moving between the parts.
  std::string text = "instantexec head 1 " + std::to_string(head.size()) + " ";
  text += head;
  text += members;
  return hmac_sha256(signing_.reveal(), text);
}

std::string Seal::digest(std::string_view bytes) const {
  return hmac_sha256_hex(nonces_.reveal(), bytes);
}

Digest Seal::begin_digest() const {
  return Digest::hmac_sha256(nonces_.reveal());
}

std::string Seal::encrypt(std::string_view bytes) const {
  const std::string nonce = hmac_sha256(nonces_.reveal(), bytes).substr(0, kCipherNonceBytes);
  return nonce + aes_256_gcm_encrypt(encryption_.reveal(), nonce, kPayload, bytes);
}

std::optional<std::string> Seal::decrypt(std::string_view bytes) const {
  if (bytes.size() < kCipherNonceBytes) return std::nullopt;
  return aes_256_gcm_decrypt(encryption_.reveal(), bytes.substr(0, kCipherNonceBytes), kPayload,
                             bytes.substr(kCipherNonceBytes));
}

}  // namespace instantexec::journal
