#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/session.h"
#include "model/gvk.h"
#include "model/object.h"

namespace instantexec::engine {

using LiveObjects = std::map<model::ObjectRef, model::Object>;
// Objects that could not be read, and why.
using Unread = std::map<model::ObjectRef, Error>;
// What there is of the wanted objects, as far as the API server could say.
struct LiveLook {
  LiveObjects objects;
  Unread unread;
};

// Which objects to read, as few requests: a list for each kind and namespace, or single reads where only a
// few are wanted. All reads are most recent.
class LiveQuery {
 public:
  // Asking twice for the same object is harmless.
  void want(const model::Gvk& gvk, const model::ObjectRef& object);
  [[nodiscard]] bool empty() const { return wanted_.empty(); }
  [[nodiscard]] std::vector<model::ObjectRef> objects() const;
  // Those of certain kinds.
  [[nodiscard]] std::set<model::ObjectRef> objects_of(
      const std::function<bool(const model::Gvk&)>& kind) const;
  // Those of the objects that were to be read in lists, one by one.
  [[nodiscard]] LiveQuery singly(const Unread& objects) const;

  [[nodiscard]] std::vector<Request> requests() const;
  // Folds the answers to requests(), in that order, into `into`: what exists of the wanted objects. Error
  // when a read was refused or not answered; a kind that is not served has no objects.
  Status fold(std::span<Response> responses, LiveObjects& into) const;
  // The same, but goes on after a read that failed.
  void fold(std::span<Response> responses, LiveLook& into) const;

 private:
  using Bucket = std::pair<model::Gvk, std::string>;  // and namespace
  [[nodiscard]] bool listed(std::size_t objects) const;

  std::map<Bucket, std::set<model::ObjectRef>> wanted_;
  bool singly_ = false;
};

// requests, call_all and fold in one.
Result<LiveObjects> read_live(Session& session, const LiveQuery& query);
// The same, but an object that the server refuses to show, or whose kind it does not serve, is named and
// keeps no other from being read. Error when some read got no answer: then it is not for the object.
Result<LiveLook> look_live(Session& session, const LiveQuery& query);

// Whether one resourceVersion of an object is later than another one of the same kind. They are decimal
// numbers without a bound (Kubernetes 1.35, KEP-5504); others cannot be compared and are not later.
[[nodiscard]] bool is_later(std::string_view version, std::string_view than);

// The error of a failed read, with what was read as its context.
[[nodiscard]] Error read_error(const Response& response, std::string what);

}  // namespace instantexec::engine
