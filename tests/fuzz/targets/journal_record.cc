// Every record a release keeps, as a tenant of the namespace could have written it.
#include "base/digest.h"
#include "fuzz/fuzz.h"
#include "journal/record.h"
#include "journal/secrets.h"

namespace instantexec::fuzz {
namespace {

using namespace journal;

// What was read is written the same way from then on.
void head(std::string_view bytes) {
  const auto first = decode_head(bytes);
  if (!first) return promise(harmless(first.error().message, false), "an error's text is harmless");
  promise(!unfinished(first->phase) || first->operation.has_value(), "unfinished work has an operation");
  const std::string again = encode_head(*first);
  const auto second = decode_head(again);
  promise(second.has_value(), "a head that was read can be read again");
  promise(encode_head(*second) == again, "a head survives being stored");
  const auto gone = expired(first->revisions, first->revision, 10);
  for (const int revision : gone) promise(revision != first->revision, "the one in force stays");
}

void payload(std::string_view bytes) {
  const auto first = decode_payload(bytes);
  if (!first) return promise(harmless(first.error().message, false), "an error's text is harmless");
  const std::string again = encode_payload(view(*first));
  const auto second = decode_payload(again);
  promise(second.has_value(), "a payload that was read can be read again");
  promise(encode_payload(view(*second)) == again, "a payload survives being stored");
}

void secret(Choices& choices) {
  model::Object stored;
  stored.json = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"type", "instantexec.dev/record"}};
  stored.json["metadata"] = {{"name", "instantexec.web"}, {"namespace", "demo"}};
  const bool encoded = choices.flip();
  for (const char* key : {"head", "members", "chunk"}) {
    const std::string value(choices.part());
    stored.json["data"][key] = encoded ? base64_encode(value) : value;
  }
  static_cast<void>(read_chunk(stored));
  const auto head = read_head(stored);
  if (!head) return promise(harmless(head.error().message, false), "an error's text is harmless");
  promise(head->ns == "demo" && head->release == "web", "a head belongs to its Secret");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(journal_record) {
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  switch (choices.below(3)) {
    case 0:
      return head(choices.rest());
    case 1:
      return payload(choices.rest());
    default:
      return secret(choices);
  }
}
