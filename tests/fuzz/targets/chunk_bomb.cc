// Compressed bytes that claim, or really hold, more than they may.
#include "base/digest.h"
#include "fuzz/fuzz.h"
#include "journal/blob.h"
#include "journal/record.h"

IE_FUZZ_TARGET(chunk_bomb) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  const std::size_t limit = std::size_t{1} << choices.below(22);
  const std::string packed(choices.rest());
  const auto plain = journal::decompress(packed, limit);
  promise(!plain || plain->size() <= limit, "no more is unpacked than allowed");

  // As pieces whose digests match, with a size that may be a lie.
  journal::Blob blob;
  std::vector<std::string> pieces;
  const std::size_t cut = packed.size() / 2;
  for (const std::string& piece : {packed.substr(0, cut), packed.substr(cut)}) {
    blob.chunks.push_back({"piece", sha256_hex(piece)});
    pieces.push_back(piece);
  }
  blob.size = plain ? plain->size() : limit;
  blob.digest = plain ? sha256_hex(*plain) : std::string(64, '0');
  const auto whole = journal::unpack(blob, pieces);
  promise(whole.has_value() == plain.has_value(), "what can be unpacked alone can be unpacked in pieces");
  promise(!whole || *whole == *plain, "and is the same");
  if (blob.size > 0) {
    --blob.size;
    promise(!journal::unpack(blob, pieces), "a size too small is refused");
  }
  static_cast<void>(journal::decode_members(packed));
}
