#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/gvk.h"
#include "model/object.h"

// JSON taken apart while it arrives. Pure.
namespace instantexec::kube {

// Where one is inside a JSON text, as far as brackets and strings tell. The text is not checked.
class JsonCursor {
 public:
  // Moves over `bytes` until the depth returns to `floor` with a closing bracket, and gives the position
  // after it; npos when that does not happen within `bytes`.
  std::size_t advance_to_close(std::string_view bytes, int floor);
  // Moves over one byte.
  void step(char c);
  [[nodiscard]] int depth() const { return depth_; }
  [[nodiscard]] bool in_string() const { return in_string_; }

 private:
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

// Cuts a stream of JSON objects, as a watch sends them, into its objects: by brackets, not by lines, and
// whatever the boundaries of the chunks.
class JsonFramer {
 public:
  explicit JsonFramer(std::size_t max_frame) : max_frame_(max_frame) {}

  // Calls `frame` with each object that is complete now. False, from then on: something else than objects
  // and white space came, or an object exceeds the limit.
  bool feed(std::string_view bytes, const std::function<void(std::string_view)>& frame);
  // No half object is pending.
  [[nodiscard]] bool idle() const { return pending_.empty(); }

 private:
  std::size_t max_frame_;
  std::string pending_;
  JsonCursor cursor_;
  bool broken_ = false;
};

// One page of a list.
struct ListPage {
  std::vector<model::Object> items;  // with apiVersion and kind
  std::string resource_version;
  std::string continue_token;  // empty: the last page
  std::string kind;            // of the list: "DeploymentList"
};

// Reads a page of a list piece by piece, so that neither the text nor a tree of the whole page is ever held
// besides its items.
class ListParser {
 public:
  // Items without apiVersion and kind, as typed lists send them, take these.
  explicit ListParser(model::Gvk item) : item_(std::move(item)) {}

  // False, from then on: this is not a list of objects.
  bool feed(std::string_view bytes);
  // The page; nothing when the text is not complete or not a list.
  [[nodiscard]] std::optional<ListPage> finish();

 private:
  enum class State { kEnvelope, kKeyFound, kItems, kItem, kBroken };
  std::size_t envelope(std::string_view bytes);
  std::size_t items(std::string_view bytes);
  std::size_t item(std::string_view bytes);
  bool add_item(std::string_view text);

  model::Gvk item_;
  State state_ = State::kEnvelope;
  JsonCursor cursor_;
  std::string envelope_;  // the list without its items
  std::string key_;       // the string read last at depth 1
  std::string pending_;   // a half item
  std::vector<model::Object> items_;
};

}  // namespace instantexec::kube
