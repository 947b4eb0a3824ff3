#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/finding.h"
#include "model/manifest.h"
#include "model/object.h"

namespace instantexec::manifest {

// Bounds on what is read, enforced while reading and before anything of that size is built, so that a hostile
// file costs no more than its own length. All counts are per input text.
struct Limits {
  std::size_t bytes = std::size_t{64} << 20;        // of the text
  std::size_t depth = 100;                          // nested mappings and sequences, aliases followed
  std::size_t nodes = 1'000'000;                    // keys, scalars, mappings and sequences, aliases followed
  std::size_t alias_nodes = 100'000;                // of these, how many may come from anchors and aliases
  std::size_t alias_bytes = std::size_t{16} << 20;  // text copied because of anchors and aliases
  std::size_t documents = 100'000;
  std::size_t scalar_bytes = std::size_t{8} << 20;
  std::size_t key_bytes = 1024;                         // YAML's own bound for a key on one line
  std::size_t position_bytes = std::size_t{256} << 20;  // memory for positions; beyond it they are left out
};

// A value that is not as it was written, in a document that could be read all the same.
struct Flaw {
  std::string pointer;     // JSON pointer of the value
  model::Finding finding;  // as a problem of read_stream
};

// One document of a YAML stream, or one value of a JSON text.
struct Document {
  model::Json value;
  std::shared_ptr<const model::PositionTable> positions;  // never null
  model::SourceRange range;                               // from its first node to its last
  std::vector<Flaw> flaws;                                // of read_leniently; else empty
};

// What could be read of a text: every document before the first problem, and the problem if there is one.
struct Stream {
  std::vector<Document> documents;
  // Rule ids are the codes of manifest/errors.h; `at` names line and column.
  std::optional<model::Finding> problem;
};

// Reads a multi-document YAML stream, or JSON text (first character '{' or '['; several values may follow
// each other), as kubectl reads it (sigs.k8s.io/yaml, YAML 1.1 scalars):
// - y, yes, on, true … are booleans; 017, 0o17, 0x1f, 0b1, 1_000 are integers; ~, null and nothing are null;
//   1:30 and timestamps are strings; a float with an integral value is an integer, as JSON clients send it;
//   integers beyond int64 are floats; .inf and .nan are errors;
// - !!str, !!int, !!float, !!bool, !!null, !!binary (decoded, must be text) are honoured, other tags ignored;
// - keys that are numbers or booleans become strings, null and collections as keys are errors;
// - `<<` merges; where a merged and a written key collide, the later one in the file wins (kubectl does
// that). Beyond kubectl, a duplicate key is an error, also among different spellings of one key (yes, true).
// Documents that are empty or hold only comments are left out. `file` is used in positions and messages only.
// Messages never contain a value of the file.
[[nodiscard]] Stream read_stream(std::string_view text, std::string_view file, const Limits& limits = {});

// What could be read of a text in spite of its problems.
struct LenientStream {
  std::vector<Document> documents;
  std::vector<model::Finding> problems;  // as of read_stream, one for each document that ends early
};

// As read_stream, for those who make the best of a text. A doubled key (the first of the two is kept) and a
// value that JSON cannot express (null stands for it) are flaws of their document. After a problem that ends
// a document reading goes on with the next one: at a line that begins with `---`, or in JSON with `{`. The
// limits hold for the text as a whole.
[[nodiscard]] LenientStream read_leniently(std::string_view text, std::string_view file,
                                           const Limits& limits = {});

// A problem as an Error: the code of manifest/errors.h, the place in the message.
[[nodiscard]] Error error_of(const model::Finding& problem);

// As read_stream, but all or nothing. Errors: the codes of manifest/errors.h, the place in the message.
[[nodiscard]] Result<std::vector<Document>> parse_yaml(std::string_view text, std::string_view file,
                                                       const Limits& limits = {});

}  // namespace instantexec::manifest
