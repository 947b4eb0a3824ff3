#include "journal/secrets.h"

#include "base/cipher.h"
#include "base/digest.h"
#include "base/text.h"
#include "journal/errors.h"
#include "model/marks.h"

namespace instantexec::journal {
namespace {

using model::Json;

constexpr const char* kType = "instantexec.dev/record";

model::Object secret(const Head& head, std::string name, std::string_view record) {
  model::Object out;
  out.json = Json{{"apiVersion", "v1"},
                  {"kind", "Secret"},
                  {"metadata",
                   {{"name", std::move(name)},
                    {"namespace", head.ns},
                    {"labels",
                     {{std::string(model::marks::kRelease), head.release},
                      {std::string(model::marks::kRecord), std::string(record)}}}}},
                  {"type", kType},
                  {"data", Json::object()}};
  return out;
}

Result<std::string> field(const model::Object& secret, const char* key) {
  const Json& data = model::get_object(secret.json, "/data");
  const auto value = data.find(key);
  if (model::get_string(secret.json, "/type") != kType || value == data.end() || !value->is_string()) {
    return fail(errors::kBroken,
                "Secret " + sanitise_line(secret.ns() + "/" + secret.name(), 300) + " is not a record");
  }
  auto bytes = base64_decode(value->get_ref<const std::string&>());
  if (!bytes) return fail(errors::kBroken, "Secret " + sanitise_line(secret.name(), 253) + " is not base64");
  return std::move(*bytes);
}

// What a head's Secret holds.
struct Parts {
  std::string head;
  std::string members;
};

// That the head was written by who has the key, if it must be.
Status check_seal(const model::Object& secret, const Head& head, const Parts& parts, const Seal* seal) {
  const std::string where = "Secret " + sanitise_line(secret.ns() + "/" + secret.name(), 300);
  if (head.sealed_by.empty()) {
    if (seal == nullptr || seal->accepts_unsealed()) return {};
    return fail(errors::kUnsealed, where + " is not sealed, though there is a key");
  }
  if (seal == nullptr) return fail(errors::kKeyMissing, where + " is sealed by the key " + head.sealed_by);
  if (seal->id() != head.sealed_by) {
    return fail(errors::kKeyWrong,
                where + " is sealed by the key " + head.sealed_by + "; the one given is " + seal->id());
  }
  const auto signature = field(secret, "signature");
  if (!signature || !same_secret(*signature, seal->sign(parts.head, parts.members))) {
    return fail(errors::kTampered, where + " does not have the signature of its content");
  }
  return {};
}

}  // namespace

std::string head_name(std::string_view release) {
  return "instantexec." + std::string(release);
}

std::string lease_name(std::string_view release) {
  return "instantexec-" + std::string(release);
}

std::string chunk_prefix(std::string_view release, int revision) {
  return head_name(release) + "." + std::to_string(revision);
}

Result<model::Object> head_secret(const Head& head, const Seal* seal) {
  model::Object out = secret(head, head_name(head.release), "head");
  Head written = head;
  written.sealed_by = seal == nullptr ? "" : seal->id();
  IE_TRY_ASSIGN(const std::string members, encode_members(head.members));
  const std::string bytes = encode_head(written);
  Json& data = out.json["data"];
  data["head"] = base64_encode(bytes);
  data["members"] = base64_encode(members);
  if (seal != nullptr) data["signature"] = base64_encode(seal->sign(bytes, members));
  return out;
}

Result<Head> read_head(const model::Object& secret, const Seal* seal) {
  Parts parts;
  IE_TRY_ASSIGN(parts.head, field(secret, "head"));
  IE_TRY_ASSIGN(Head head, decode_head(parts.head));
  IE_TRY_ASSIGN(parts.members, field(secret, "members"));
  IE_TRY(check_seal(secret, head, parts, seal));
  IE_TRY_ASSIGN(head.members, decode_members(parts.members));
  // A record copied from elsewhere must not steer what happens here.
  if (head.ns != secret.ns() || head_name(head.release) != secret.name()) {
    return fail(errors::kBroken, "Secret " + sanitise_line(secret.name(), 253) +
                                     " holds the record of another release or namespace");
  }
  return head;
}

model::Object chunk_secret(const Head& head, const model::Object& head_secret, int revision,
                           const ChunkRef& chunk, std::string_view piece) {
  model::Object out = secret(head, chunk.name, "chunk");
  Json& metadata = out.json["metadata"];
  metadata["labels"][std::string(model::marks::kRevision)] = std::to_string(revision);
  metadata["ownerReferences"] = Json::array({Json{
      {"apiVersion", "v1"}, {"kind", "Secret"}, {"name", head_secret.name()}, {"uid", head_secret.uid()}}});
  out.json["immutable"] = true;
  out.json["data"]["chunk"] = base64_encode(piece);
  return out;
}

Result<std::string> read_chunk(const model::Object& secret) {
  return field(secret, "chunk");
}

}  // namespace instantexec::journal
