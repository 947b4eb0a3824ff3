#include "kube/streaming_list.h"

#include <algorithm>

namespace instantexec::kube {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// An object of a list nested deeper than this is refused by model::parse_json anyway.
constexpr int kMaxListDepth = 110;

}  // namespace

void JsonCursor::step(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
  } else if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
  }
}

std::size_t JsonCursor::advance_to_close(std::string_view bytes, int floor) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string_ && !escaped_ && c != '"' && c != '\\') continue;  // most bytes are text
    step(c);
    if (!in_string_ && depth_ <= floor && (c == '}' || c == ']')) return i + 1;
  }
  return std::string_view::npos;
}

bool JsonFramer::feed(std::string_view bytes, const std::function<void(std::string_view)>& frame) {
  while (!broken_ && !bytes.empty()) {
    if (pending_.empty()) {
      while (!bytes.empty() && is_space(bytes.front())) bytes.remove_prefix(1);
      if (bytes.empty()) break;
      if (bytes.front() != '{') {
        broken_ = true;
        break;
      }
    }
    const std::size_t end = cursor_.advance_to_close(bytes, 0);
    const std::string_view part = bytes.substr(0, end);
    if (pending_.size() + part.size() > max_frame_) {
      broken_ = true;
    } else if (end == std::string_view::npos) {
      pending_.append(part);
      break;
    } else if (pending_.empty()) {
      frame(part);
    } else {
      pending_.append(part);
      const std::string whole = std::move(pending_);
      pending_.clear();
      frame(whole);
    }
    bytes.remove_prefix(part.size());
  }
  return !broken_;
}

bool ListParser::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::kBroken) {
    std::size_t used = 0;
    switch (state_) {
      case State::kEnvelope:
      case State::kKeyFound:
        used = envelope(bytes);
        break;
      case State::kItems:
        used = items(bytes);
        break;
      case State::kItem:
        used = item(bytes);
        break;
      case State::kBroken:
        break;
    }
    bytes.remove_prefix(used);
  }
  return state_ != State::kBroken;
}

// Copies what surrounds the items, and notices the key "items" of the list itself.
std::size_t ListParser::envelope(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (state_ == State::kKeyFound && !cursor_.in_string() && c != ':' && !is_space(c)) {
      state_ = State::kEnvelope;
      if (c == '[') {
        cursor_.step(c);
        envelope_ += "[]";
        state_ = State::kItems;
        return i + 1;
      }
    }
    const bool was_in_string = cursor_.in_string();
    cursor_.step(c);
    envelope_ += c;
    if (cursor_.depth() > kMaxListDepth) {
      state_ = State::kBroken;
      return bytes.size();
    }
    if (cursor_.depth() != 1) continue;
    if (!was_in_string && cursor_.in_string()) {
      key_.clear();
    } else if (was_in_string && cursor_.in_string()) {
      key_ += c;
    } else if (was_in_string) {
      state_ = key_ == "items" ? State::kKeyFound : State::kEnvelope;
    }
  }
  return bytes.size();
}

std::size_t ListParser::items(std::string_view bytes) {
  const char c = bytes.front();
  if (c == '{') {
    state_ = State::kItem;
    return 0;
  }
  if (c == ']') {
    cursor_.step(c);
    state_ = State::kEnvelope;
  } else if (c != ',' && !is_space(c)) {
    state_ = State::kBroken;
  }
  return 1;
}

std::size_t ListParser::item(std::string_view bytes) {
  const std::size_t end = cursor_.advance_to_close(bytes, 2);
  if (end == std::string_view::npos) {
    pending_.append(bytes);
    return bytes.size();
  }
  state_ = State::kItems;
  bool good = false;
  if (pending_.empty()) {
    good = add_item(bytes.substr(0, end));
  } else {
    pending_.append(bytes.substr(0, end));
    good = add_item(pending_);
    pending_.clear();
  }
  if (!good) state_ = State::kBroken;
  return end;
}

bool ListParser::add_item(std::string_view text) {
  auto json = model::parse_json(text);
  if (!json || !json->is_object()) return false;
  if (!json->contains("kind")) (*json)["kind"] = item_.kind;
  if (!json->contains("apiVersion")) (*json)["apiVersion"] = item_.api_version();
  items_.push_back(model::Object{std::move(*json)});
  return true;
}

std::optional<ListPage> ListParser::finish() {
  if (state_ == State::kBroken || cursor_.depth() != 0) return std::nullopt;
  const auto list = model::parse_json(envelope_);
  if (!list || !list->is_object()) return std::nullopt;
  ListPage page;
  page.kind = model::get_string(*list, "/kind");
  if (!page.kind.ends_with("List")) return std::nullopt;
  page.resource_version = model::get_string(*list, "/metadata/resourceVersion");
  page.continue_token = model::get_string(*list, "/metadata/continue");
  page.items = std::move(items_);
  return page;
}

}  // namespace instantexec::kube
