#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "net/transport.h"

// A transport without a network: the test says what each request is answered with, and time passes only while
// nothing happens.
namespace instantexec::testing {

class ScriptedTransport final : public net::Transport {
 public:
  // Called for each request; what it returns arrives at the next poll. The id is set on the events.
  using Script = std::function<std::vector<net::NetEvent>(const net::HttpRequest&)>;

  // `now` is moved on by polls that find nothing; both outlive the transport.
  ScriptedTransport(Script script, Instant& now) : script_(std::move(script)), now_(now) {}

  net::TransferId start(net::HttpRequest request) override {
    const net::TransferId id = next_++;
    for (net::NetEvent& event : script_(request)) push(id, std::move(event));
    requests.push_back(std::move(request));
    return id;
  }
  void cancel(net::TransferId id) override {
    cancelled.push_back(id);
    std::erase_if(events_, [id](const net::NetEvent& event) { return id_of(event) == id; });
  }
  std::vector<net::NetEvent> poll(Duration max_wait) override {
    if (events_.empty()) now_ = now_ + max_wait;
    return std::exchange(events_, {});
  }
  [[nodiscard]] Duration silence(net::TransferId /*id*/) const override { return silent_for; }
  void abandon_connection(net::TransferId /*id*/) override {}

  // Something arrives for a transfer later than its start.
  void push(net::TransferId id, net::NetEvent event) {
    std::visit(
        [id](auto& value) {
          if constexpr (requires { value.id; }) value.id = id;
        },
        event);
    events_.push_back(std::move(event));
  }

  std::vector<net::HttpRequest> requests;
  std::vector<net::TransferId> cancelled;
  Duration silent_for{0};

 private:
  static net::TransferId id_of(const net::NetEvent& event) {
    return std::visit(
        [](const auto& value) -> net::TransferId {
          if constexpr (requires { value.id; }) {
            return value.id;
          } else {
            return 0;
          }
        },
        event);
  }

  Script script_;
  Instant& now_;
  std::vector<net::NetEvent> events_;
  net::TransferId next_ = 1;
};

inline net::HttpResponse json_answer(int status, std::string body, std::vector<net::Header> headers = {}) {
  net::HttpResponse out;
  out.status = status;
  out.version = net::HttpVersion::kHttp2;
  out.headers = std::move(headers);
  out.headers.push_back({"Content-Type", "application/json"});
  out.body = std::move(body);
  return out;
}

inline net::TransferDone done(net::HttpResponse response) {
  return {0, std::move(response)};
}

}  // namespace instantexec::testing
