// Records under a key: what its owner wrote comes back, and nothing that anybody else made of it is taken.
#include <algorithm>

#include "base/digest.h"
#include "fuzz/fuzz.h"
#include "journal/record.h"
#include "journal/seal.h"
#include "journal/secrets.h"

namespace instantexec::fuzz {
namespace {

using namespace journal;

const Seal& key() {
  static const Seal kOut = *Seal::from_text("0123456789abcdef0123456789abcdef");
  return kOut;
}

// Up to four bytes changed, or some cut off or added; true when that makes a difference.
bool tamper(std::string& bytes, Choices& choices) {
  const std::string before = bytes;
  for (std::size_t left = choices.below(4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = (choices.byte() * std::size_t{256} + choices.byte()) % bytes.size();
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ choices.byte());
  }
  if (choices.below(4) == 1) bytes.resize(bytes.size() - std::min(bytes.size(), choices.below(32) + 1));
  if (choices.below(4) == 1) bytes += choices.part();
  return bytes != before;
}

Head head_of(Choices& choices) {
  Head out;
  out.release = "web";
  out.ns = "demo";
  out.phase = choices.flip() ? Phase::kDeployed : Phase::kRolledBack;
  out.epoch = choices.byte();
  out.revision = choices.byte();
  Revision revision;
  revision.revision = out.revision;
  revision.description = choices.part();
  revision.payload = {{{"instantexec.web.1.0", sha256_hex("")}}, choices.byte(), sha256_hex("a"), true};
  out.revisions.push_back(std::move(revision));
  for (std::size_t left = choices.below(4); left > 0; --left) {
    out.members.push_back({{"", "v1", "ConfigMap"}, "demo", "c" + std::to_string(left), "u"});
  }
  return out;
}

void altered_head(Choices& choices) {
  auto stored = head_secret(head_of(choices), &key());
  promise(stored.has_value(), "a small head can be stored");
  const auto whole = read_head(*stored, &key());
  promise(whole.has_value(), "what was sealed can be read");
  promise(*head_secret(*whole, &key()) == *stored, "and is the same when it is stored again");

  bool other = false;
  for (const char* part : {"head", "members", "signature"}) {
    auto& value = stored->json["data"][part];
    std::string bytes = *base64_decode(value.get_ref<const std::string&>());
    other = tamper(bytes, choices) || other;
    value = base64_encode(bytes);
  }
  const auto read = read_head(*stored, &key());
  promise(read.has_value() != other, "a head is taken exactly when nobody altered it");
  promise(read.has_value() || harmless(read.error().message, false), "an error's text is harmless");
}

// By somebody who has no key: nothing of it is taken. With the signature of the key's owner, whose program
// may be newer or broken, it is read like any record.
void made_up_head(Choices& choices) {
  const bool by_owner = choices.flip();
  const std::string head(choices.part());
  const std::string members(choices.part());
  const std::string signature = by_owner ? key().sign(head, members) : std::string(choices.rest());
  model::Object stored;
  stored.json = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"type", "instantexec.dev/record"}};
  stored.json["metadata"] = {{"name", "instantexec.web"}, {"namespace", "demo"}};
  stored.json["data"] = {{"head", base64_encode(head)},
                         {"members", base64_encode(members)},
                         {"signature", base64_encode(signature)}};
  const auto read = read_head(stored, &key());
  if (!read) return promise(harmless(read.error().message, false), "an error's text is harmless");
  promise(by_owner && read->sealed_by == key().id(), "a head is taken from the owner of the key only");
}

void altered_payload(Choices& choices) {
  const std::string text(choices.part());
  auto packed = pack(text, "p", &key());
  promise(packed && packed->pieces.size() == 1, "a small payload is one piece");
  std::string& piece = packed->pieces[0];
  // The head names the digest of what is stored; here it is one that fits, as if the head had been forged
  // too.
  const bool other = tamper(piece, choices);
  packed->blob.chunks[0].digest = sha256_hex(piece);
  const auto read = unpack(packed->blob, packed->pieces, &key());
  promise(read.has_value() != other, "a payload is taken exactly when nobody altered it");
  promise(!read || *read == text, "and is what was saved");
  promise(!unpack(packed->blob, packed->pieces), "and takes the key");
}

void made_up_payload(Choices& choices) {
  const std::string piece(choices.rest());
  promise(!key().decrypt(piece), "nothing is decrypted that was not encrypted under the key");
  // By the owner of the key, with anything but the compressed data that is expected.
  Blob blob{{{"p.0", ""}}, std::size_t{1} << 20U, "", true};
  const std::vector<std::string> pieces = {key().encrypt(piece)};
  blob.chunks[0].digest = sha256_hex(pieces[0]);
  const auto plain = decompress(piece, blob.size);
  blob.size = plain ? plain->size() : blob.size;
  blob.digest = plain ? key().digest(*plain) : "";
  const auto read = unpack(blob, pieces, &key());
  promise(read.has_value() == plain.has_value(), "what can be unpacked can be unpacked from under the seal");
  promise(!read || *read == *plain, "and is the same");
}

void any_key(Choices& choices) {
  const std::string text(choices.part());
  const auto made = Seal::from_text(text);
  if (!made) return promise(harmless(made.error().message, false), "an error's text is harmless");
  const std::string bytes(choices.rest());
  const std::string encrypted = made->encrypt(bytes);
  const auto back = made->decrypt(encrypted);
  promise(back && *back == bytes, "what a key encrypted it decrypts");
  if (made->id() == key().id()) return;
  promise(!key().decrypt(encrypted), "and another one does not");
  promise(made->sign(bytes, "") != key().sign(bytes, ""), "keys sign differently");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(sealed_record) {
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  switch (choices.below(5)) {
    case 0:
      return altered_head(choices);
    case 1:
      return made_up_head(choices);
    case 2:
      return altered_payload(choices);
    case 3:
      return made_up_payload(choices);
    default:
      return any_key(choices);
  }
}
