#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/secret.h"

namespace instantexec::journal {

// What to do with records that were written without a key while there is one.
enum class Unsealed { kRefuse, kAccept };

// A key of the user's by which records are sealed: the head is signed (HMAC-SHA-256) and payloads are
// encrypted (AES-256-GCM). Who can write Secrets but does not have the key can then neither forge a record
// nor read what it saved. It cannot keep anyone from putting an older record of the same release back.
//
// Deterministic: the same content gives the same bytes. The nonce is derived from the content (as in RFC
// 5297), which reveals no more than that two contents are equal.
class Seal {
 public:
  // `text` is any secret of at least 32 bytes, white space around it aside. The keys that are used are
  // derived from it. Error record.key-invalid.
  [[nodiscard]] static Result<Seal> from_text(std::string_view text, Unsealed unsealed = Unsealed::kRefuse);

  // Tells keys apart and nothing else about them: 16 hexadecimal digits.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool accepts_unsealed() const { return unsealed_ == Unsealed::kAccept; }

  // Signature of the two parts of a head.
  [[nodiscard]] std::string sign(std::string_view head, std::string_view members) const;
  // Like a digest, but says nothing to those who guess the content.
  [[nodiscard]] std::string digest(std::string_view bytes) const;
  // The same of bytes that come piece by piece.
  [[nodiscard]] Digest begin_digest() const;
  [[nodiscard]] std::string encrypt(std::string_view bytes) const;
  // Nothing when these bytes were not encrypted under this key.
  [[nodiscard]] std::optional<std::string> decrypt(std::string_view bytes) const;

 private:
  Seal() = default;

  std::string id_;
  Secret signing_;
  Secret encryption_;
  Secret nonces_;
  Unsealed unsealed_ = Unsealed::kRefuse;
};

}  // namespace instantexec::journal
