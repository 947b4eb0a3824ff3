#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace instantexec::sim {

// A set of field paths as metadata.managedFields[].fieldsV1 writes them: a tree whose edges are path elements
// in their serialised form ("f:spec", "k:{\"name\":\"app\"}", "v:\"x\"") and whose nodes are members or not.
// A field being a member says nothing about the fields below it. No node is both childless and no member.
// Rules: KEP-555 and the managedFields section of the API reference.
class FieldSet {
 public:
  using Children = std::map<std::string, FieldSet, std::less<>>;

  [[nodiscard]] bool empty() const { return !member_ && children_.empty(); }
  [[nodiscard]] bool member() const { return member_; }
  [[nodiscard]] const Children& children() const { return children_; }
  // The part of the set below one path element; nullptr when there is none.
  [[nodiscard]] const FieldSet* below(std::string_view element) const;

  // Makes the node itself a member.
  void add() { member_ = true; }
  // The node one element below, made on demand. The caller adds to it or calls drop_if_empty.
  FieldSet& at(std::string_view element);
  void drop_if_empty(std::string_view element);
  // Removes the element and all that is below it.
  void erase(std::string_view element);
  // Adds all members of the other set.
  void unite(const FieldSet& other);

  // Readable paths of all members: ".spec.replicas", ".spec.containers[name=\"app\"].image".
  [[nodiscard]] std::vector<std::string> paths() const;

  friend bool operator==(const FieldSet&, const FieldSet&) = default;

 private:
  friend FieldSet intersect(const FieldSet& a, const FieldSet& b);
  friend FieldSet subtract(const FieldSet& a, const FieldSet& b);

  bool member_ = false;
  Children children_;
};

// Members of both.
[[nodiscard]] FieldSet intersect(const FieldSet& a, const FieldSet& b);
// Members of `a` that are no members of `b`.
[[nodiscard]] FieldSet subtract(const FieldSet& a, const FieldSet& b);

// fieldsV1 and back. Anything that is no object reads as the empty set.
[[nodiscard]] nlohmann::json to_fields_v1(const FieldSet& set);
[[nodiscard]] FieldSet from_fields_v1(const nlohmann::json& fields);

}  // namespace instantexec::sim
