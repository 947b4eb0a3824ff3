#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"
#include "kube/api_path.h"
#include "kube/rest.h"

namespace instantexec::kube {

// A list in progress: page after page of one consistent state. Pure; its owner sends the calls.
class ListRun {
 public:
  explicit ListRun(ApiCall first) : first_(std::move(first)) {}

  [[nodiscard]] const ApiCall& first() const { return first_; }

  // Folds the answer to the current page in. The next call to send, or nothing when the list is over: then
  // `response()` has the outcome, with all items when it is good. A continuation the server has compacted
  // away (410) begins the list anew, twice at most.
  std::optional<ApiCall> fold(const net::HttpResponse& answer) {
    ListPage page;
    engine::Response one = read_answer(first_, answer, &page);
    for (std::string& warning : one.warnings) warnings_.push_back(std::move(warning));
    if (!one.ok()) {
      if (one.http_status == 410 && continued_ && restarts_ < kMaxRestarts) {
        ++restarts_;
        continued_ = false;
        items_.clear();
        return first_;
      }
      finish(std::move(one));
      return std::nullopt;
    }
    if (items_.empty()) {
      items_ = std::move(page.items);
    } else {
      items_.insert(items_.end(), std::make_move_iterator(page.items.begin()),
                    std::make_move_iterator(page.items.end()));
    }
    if (!page.continue_token.empty()) {
      continued_ = true;
      return next_page(first_, page.continue_token);
    }
    one.items = std::move(items_);
    finish(std::move(one));
    return std::nullopt;
  }

  void fail_with(const Error& error, net::Sent sent) { finish(read_failure(first_, error, sent)); }

  [[nodiscard]] engine::Response& response() { return response_; }

  // The items that have come since this was called last, for an owner who does not wait for the end: they are
  // not in the response then. When the list has begun anew they begin anew too.
  [[nodiscard]] std::vector<model::Object> take_items() { return std::exchange(items_, {}); }
  // How often it has begun anew.
  [[nodiscard]] int restarts() const { return restarts_; }

 private:
  static constexpr int kMaxRestarts = 2;

  void finish(engine::Response response) {
    response_ = std::move(response);
    response_.warnings = std::move(warnings_);
  }

  ApiCall first_;
  std::vector<model::Object> items_;
  std::vector<std::string> warnings_;
  engine::Response response_;
  bool continued_ = false;
  int restarts_ = 0;
};

}  // namespace instantexec::kube
