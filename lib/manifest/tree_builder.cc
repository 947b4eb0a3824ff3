#include "manifest/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "manifest/errors.h"

namespace instantexec::manifest {
namespace {

using model::Json;
using model::SourcePosition;

constexpr std::size_t kShownKey = 80;
constexpr std::size_t kMaxFlaws = 10'000;  // of one document

std::size_t rest(std::size_t limit, std::size_t used) {
  return limit > used ? limit - used : 0;
}

}  // namespace

TreeBuilder::TreeBuilder(std::string_view file, const Limits& limits, OnFlaw on_flaw)
    : file_(file), limits_(limits), on_flaw_(on_flaw) {}

model::Finding TreeBuilder::finding(const ErrorCode& code, SourcePosition at, std::string message,
                                    std::string hint) const {
  model::Finding out;
  out.rule = code.name;
  out.message = std::move(message);
  out.hint = hint.empty() ? std::string(code.next) : std::move(hint);
  out.at = {file_, at, at};
  return out;
}

void TreeBuilder::fail(const ErrorCode& code, SourcePosition at, std::string message, std::string hint) {
  if (!failed()) stream_.problem = finding(code, at, std::move(message), std::move(hint));
}

bool TreeBuilder::flaw(const ErrorCode& code, SourcePosition at, std::string message, std::string hint) {
  if (on_flaw_ == OnFlaw::kFail || flaws_.size() >= kMaxFlaws) {
    fail(code, at, std::move(message), std::move(hint));
    return false;
  }
  // Within what is dropped nothing matters any more.
  if (dropping_ == 0) flaws_.push_back({pointer_, finding(code, at, std::move(message), std::move(hint))});
  return true;
}

Limits TreeBuilder::left() const {
  Limits out = limits_;
  out.nodes = rest(limits_.nodes, nodes_);
  out.alias_nodes = rest(limits_.alias_nodes, alias_nodes_);
  out.alias_bytes = rest(limits_.alias_bytes, alias_bytes_);
  out.documents = rest(limits_.documents, stream_.documents.size());
  out.position_bytes = rest(limits_.position_bytes, position_bytes_);
  return out;
}

void TreeBuilder::begin_document(SourcePosition at) {
  if (failed()) return;
  if (stream_.documents.size() >= limits_.documents) {
    fail(errors::kTooLarge, at, fmt::format("more than {} documents", limits_.documents));
    return;
  }
  frames_.clear();
  anchors_.clear();
  root_.reset();
  pointer_.clear();
  flaws_.clear();
  dropping_ = 0;
  positions_ = std::make_shared<model::PositionTable>();
  begin_ = at;
  last_ = at;
}

void TreeBuilder::end_document() {
  if (failed() || !root_ || (root_->is_null() && flaws_.empty())) return;
  stream_.documents.push_back(
      {std::move(*root_), std::move(positions_), {file_, begin_, last_}, std::exchange(flaws_, {})});
  root_.reset();
}

bool TreeBuilder::key_due() const {
  return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().key &&
         !frames_.back().merging;
}

bool TreeBuilder::value_due() const {
  return !frames_.empty() && (frames_.back().key.has_value() || frames_.back().merging);
}

// Counts one node. Every event passes here before anything is built from it.
bool TreeBuilder::charge(SourcePosition at, std::size_t bytes) {
  if (failed()) return false;
  last_ = at;
  if (++nodes_ > limits_.nodes) {
    fail(errors::kTooLarge, at, fmt::format("more than {} keys and values", limits_.nodes));
  } else if (bytes > limits_.scalar_bytes) {
    fail(errors::kTooLarge, at, fmt::format("a value longer than {} bytes", limits_.scalar_bytes));
  }
  return !failed();
}

// Counts a copy made because of an anchor or an alias.
bool TreeBuilder::charge_alias(SourcePosition at, const Cost& cost) {
  nodes_ += cost.nodes;
  alias_nodes_ += cost.nodes;
  alias_bytes_ += cost.bytes;
  if (nodes_ > limits_.nodes || alias_nodes_ > limits_.alias_nodes || alias_bytes_ > limits_.alias_bytes) {
    fail(errors::kTooLarge, at, "aliases expand to more than the bound on keys and values");
  } else if (frames_.size() + cost.height > limits_.depth) {
    fail(errors::kTooLarge, at, fmt::format("aliases nest deeper than {} levels", limits_.depth));
  }
  return !failed();
}

void TreeBuilder::note_position(const std::string& pointer, SourcePosition at) {
  // A map node costs about this much beside its text.
  constexpr std::size_t kEntryOverhead = 96;
  // Long keys at great depth make pointers that cost far more than the text they came from.
  constexpr std::size_t kMaxPointer = 4096;
  if (pointer.size() > kMaxPointer || dropping_ > 0) return;
  position_bytes_ += pointer.size() + kEntryOverhead;
  if (position_bytes_ <= limits_.position_bytes) positions_->insert_or_assign(pointer, at);
}

void TreeBuilder::accept_key(SourcePosition at, std::string key) {
  if (key.size() > limits_.key_bytes) {
    fail(errors::kTooLarge, at, fmt::format("a key longer than {} bytes", limits_.key_bytes));
    return;
  }
  Frame& frame = frames_.back();
  pointer_.resize(frame.pointer_size);
  pointer_ += '/';
  pointer_ += model::escape_pointer(key);
  if (frame.merged_keys.erase(key) == 0 && frame.value.contains(key)) {
    const auto first = positions_->find(pointer_);
    const std::string where =
        first == positions_->end() ? "" : fmt::format(" (first at line {})", first->second.line);
    if (!flaw(errors::kDuplicateKey, at,
              fmt::format("key \"{}\" is there twice{}", sanitise_line(key, kShownKey), where)))
      return;
    frame.key = std::move(key);
    frame.dropping = true;
    ++dropping_;
    return;
  }
  note_position(pointer_, at);
  frame.cost.nodes += 1;
  frame.cost.bytes += key.size();
  frame.key = std::move(key);
}

// Prepares for a value: names it in pointer_. False when the value cannot stand here.
bool TreeBuilder::begin_value(SourcePosition at) {
  if (frames_.empty()) {
    note_position(pointer_, at);
    return true;
  }
  Frame& frame = frames_.back();
  if (key_due()) {
    fail(errors::kUnsupported, at, "a mapping or a sequence cannot be a key");
    return false;
  }
  if (frame.value.is_array()) {
    pointer_.resize(frame.pointer_size);
    pointer_ += fmt::format("/{}", frame.value.size());
    note_position(pointer_, at);
  }
  return true;
}

void TreeBuilder::place(SourcePosition at, Anchor anchor, Json value, Cost cost) {
  if (anchor != 0) {
    if (!charge_alias(at, cost)) return;
    anchors_[anchor] = Anchored{value, cost};
  }
  if (frames_.empty()) {
    root_ = std::move(value);
    return;
  }
  Frame& frame = frames_.back();
  frame.cost.nodes += cost.nodes;
  frame.cost.bytes += cost.bytes;
  frame.cost.height = std::max(frame.cost.height, cost.height + 1);
  if (frame.merging) {
    frame.merging = false;
    merge(frame, value, at);
  } else if (frame.value.is_array()) {
    frame.value.push_back(std::move(value));
  } else if (frame.dropping) {
    frame.dropping = false;
    frame.key.reset();
    --dropping_;
  } else {
    frame.value[*std::exchange(frame.key, std::nullopt)] = std::move(value);
  }
}

void TreeBuilder::merge(Frame& frame, const Json& source, SourcePosition at) {
  const auto from_map = [&](const Json& map) {
    for (const auto& [key, value] : map.items()) {
      frame.merged_keys.insert(key);
      frame.value[key] = value;
      pointer_.resize(frame.pointer_size);
      pointer_ += "/" + model::escape_pointer(key);
      note_position(pointer_, at);
    }
  };
  if (source.is_object()) {
    from_map(source);
    return;
  }
  const bool all_maps = source.is_array() && std::all_of(source.begin(), source.end(),
                                                         [](const Json& item) { return item.is_object(); });
  if (!all_maps) {
    fail(errors::kSyntax, at, "`<<` needs a mapping or a sequence of mappings");
    return;
  }
  // Earlier maps win, so they are written last.
  for (auto it = source.rbegin(); it != source.rend(); ++it) from_map(*it);
}

void TreeBuilder::begin_collection(SourcePosition at, Anchor anchor, Json empty) {
  if (!charge(at, 0)) return;
  if (frames_.size() >= limits_.depth) {
    fail(errors::kTooLarge, at, fmt::format("nested deeper than {} levels", limits_.depth));
    return;
  }
  if (!begin_value(at)) return;
  if (anchor != 0) anchors_[anchor] = std::nullopt;
  Frame frame;
  frame.value = std::move(empty);
  frame.at = at;
  frame.anchor = anchor;
  frame.pointer_size = pointer_.size();
  frame.cost.nodes = 1;
  frames_.push_back(std::move(frame));
}

void TreeBuilder::begin_map(SourcePosition at, Anchor anchor) {
  begin_collection(at, anchor, Json::object());
}

void TreeBuilder::begin_sequence(SourcePosition at, Anchor anchor) {
  begin_collection(at, anchor, Json::array());
}

void TreeBuilder::end_collection() {
  if (failed() || frames_.empty()) return;
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  pointer_.resize(frame.pointer_size);
  place(frame.at, frame.anchor, std::move(frame.value), frame.cost);
}

void TreeBuilder::scalar(SourcePosition at, Anchor anchor, std::string_view text, ScalarTag tag) {
  if (!charge(at, text.size())) return;
  if (key_due()) {
    if (tag == ScalarTag::kPlain && text == "<<") {
      frames_.back().merging = true;
      return;
    }
    auto name = key_from_scalar(text, tag);
    if (!name) {
      fail(*name.error().code, at, std::move(name.error().message), std::move(name.error().hint));
      return;
    }
    if (anchor != 0 && charge_alias(at, {1, name->size(), 0})) {
      anchors_[anchor] = Anchored{Json(*name), {1, name->size(), 0}};
    }
    accept_key(at, std::move(*name));
    return;
  }
  auto typed = resolve_scalar(text, tag);
  if (!begin_value(at)) return;
  if (!typed &&
      !flaw(*typed.error().code, at, std::move(typed.error().message), std::move(typed.error().hint)))
    return;
  place(at, anchor, typed ? std::move(*typed) : Json(nullptr), {1, text.size(), 0});
}

void TreeBuilder::value(SourcePosition at, Json value) {
  const std::size_t bytes = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
  if (charge(at, bytes) && begin_value(at)) place(at, 0, std::move(value), {1, bytes, 0});
}

void TreeBuilder::key(SourcePosition at, std::string_view text) {
  if (charge(at, text.size())) accept_key(at, std::string(text));
}

void TreeBuilder::alias(SourcePosition at, Anchor anchor) {
  if (!charge(at, 0)) return;
  const auto it = anchors_.find(anchor);
  if (it == anchors_.end() || !it->second) {
    fail(errors::kSyntax, at, "an alias stands inside the value it repeats");
    return;
  }
  const Anchored& anchored = *it->second;
  if (!charge_alias(at, anchored.cost)) return;
  if (key_due()) {
    const Json& name = anchored.value;
    if (name.is_string()) {
      accept_key(at, name.get<std::string>());
    } else if (name.is_boolean() || name.is_number_integer()) {
      accept_key(at, name.dump());
    } else {
      fail(errors::kUnsupported, at, "an alias used as a key must stand for a string");
    }
    return;
  }
  if (begin_value(at)) place(at, 0, anchored.value, anchored.cost);
}

}  // namespace instantexec::manifest
