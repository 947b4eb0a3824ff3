#pragma once

#include "sim/api.h"

namespace instantexec::sim {

// What a request is about.
struct Api::Target {
  const ServedKind* kind = nullptr;
  model::ObjectRef ref;
  Snapshot live;  // null: there is none
};

// A write on its way into the store.
struct Api::Write {
  Target target;
  model::Object object;  // the wanted state, as the request's version shows it
  std::string manager;
  bool dry_run = false;
  bool tracked = false;  // managedFields are right already (server-side apply)
  Timestamp now;
};

// A 2xx answer.
[[nodiscard]] engine::Response committed(model::Object object, int http_status);

}  // namespace instantexec::sim
