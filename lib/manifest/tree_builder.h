#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/scalar.h"
#include "manifest/yaml.h"

namespace instantexec::manifest {

// Builds documents from the events of a YAML or JSON reader, within limits. After the first problem every
// further event is ignored and `failed` is true; readers stop as soon as they see that.
class TreeBuilder {
 public:
  // Anchors are numbered by the reader; 0 is none.
  using Anchor = std::size_t;

  // What becomes of a mistake that concerns one value only.
  enum class OnFlaw { kFail, kNote };

  TreeBuilder(std::string_view file, const Limits& limits, OnFlaw on_flaw = OnFlaw::kFail);

  void begin_document(model::SourcePosition at);
  // Keeps the document unless it is empty (null).
  void end_document();

  void begin_map(model::SourcePosition at, Anchor anchor);
  void begin_sequence(model::SourcePosition at, Anchor anchor);
  void end_collection();
  // A scalar of YAML, typed here; as a key of a mapping where one is due.
  void scalar(model::SourcePosition at, Anchor anchor, std::string_view text, ScalarTag tag);
  // A scalar that already has its type (JSON).
  void value(model::SourcePosition at, model::Json value);
  // A key that is a string whatever it looks like (JSON).
  void key(model::SourcePosition at, std::string_view text);
  void alias(model::SourcePosition at, Anchor anchor);

  // Records a problem unless there is one already.
  void fail(const ErrorCode& code, model::SourcePosition at, std::string message, std::string hint = {});
  [[nodiscard]] bool failed() const { return stream_.problem.has_value(); }
  // Whether a key has been read and its value is awaited.
  [[nodiscard]] bool value_due() const;
  [[nodiscard]] std::size_t documents() const { return stream_.documents.size(); }
  // What the limits leave to another builder of the same text. Asked before take().
  [[nodiscard]] Limits left() const;
  [[nodiscard]] Stream take() { return std::move(stream_); }

 private:
  // What one value costs when it is copied.
  struct Cost {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
    std::size_t height = 0;
  };
  struct Anchored {
    model::Json value;
    Cost cost;
  };
  struct Frame {
    model::Json value;
    model::SourcePosition at;
    Anchor anchor = 0;
    std::size_t pointer_size = 0;       // length of pointer_ for this value
    std::optional<std::string> key;     // set while the value of a key is awaited
    bool merging = false;               // the awaited value belongs to `<<`
    bool dropping = false;              // the awaited value belongs to a key that is there already
    std::set<std::string> merged_keys;  // present because of `<<` only
    Cost cost;
  };

  [[nodiscard]] bool key_due() const;
  // A mistake of the value at pointer_. False: it ends the reading.
  bool flaw(const ErrorCode& code, model::SourcePosition at, std::string message, std::string hint = {});
  [[nodiscard]] model::Finding finding(const ErrorCode& code, model::SourcePosition at, std::string message,
                                       std::string hint) const;
  bool charge(model::SourcePosition at, std::size_t bytes);
  bool charge_alias(model::SourcePosition at, const Cost& cost);
  void accept_key(model::SourcePosition at, std::string key);
  bool begin_value(model::SourcePosition at);
  void place(model::SourcePosition at, Anchor anchor, model::Json value, Cost cost);
  void merge(Frame& frame, const model::Json& source, model::SourcePosition at);
  void note_position(const std::string& pointer, model::SourcePosition at);
  void begin_collection(model::SourcePosition at, Anchor anchor, model::Json empty);

  std::string file_;
  Limits limits_;
  OnFlaw on_flaw_;
  Stream stream_;
  std::vector<Flaw> flaws_;   // of the document being read
  std::size_t dropping_ = 0;  // frames whose awaited value is dropped
  std::vector<Frame> frames_;
  std::map<Anchor, std::optional<Anchored>> anchors_;  // no value: still open
  std::optional<model::Json> root_;
  std::shared_ptr<model::PositionTable> positions_;
  std::string pointer_;  // JSON pointer of the value being read
  model::SourcePosition begin_;
  model::SourcePosition last_;
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  std::size_t alias_bytes_ = 0;
  std::size_t position_bytes_ = 0;
};

}  // namespace instantexec::manifest
