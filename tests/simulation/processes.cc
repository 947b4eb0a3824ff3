#include "simulation/processes.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace instantexec::simulation {
namespace {

class Silence final : public engine::EventSink {
 public:
  void emit(const model::Event& /*event*/) override {}
};

}  // namespace

struct Processes::Slot {
  std::unique_ptr<sim::SimCluster> client;
  std::binary_semaphore turn{0};
  std::thread thread;
  Instant deadline;
  bool begun = false;
  bool stopped = false;
  bool killed = false;
  bool ended = false;
  std::string word;
};

// The engine's way to the cluster. Wherever the engine waits, others may get their turn.
class Processes::Connection final : public engine::Cluster {
 public:
  Connection(Processes& processes, Slot& slot) : processes_(processes), slot_(slot) {}

  Result<engine::ClusterInfo> info() override { return slot_.client->info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return slot_.client->catalog(refresh);
  }
  engine::RequestId submit(engine::Request request) override {
    return slot_.client->submit(std::move(request));
  }
  engine::WatchId watch(engine::WatchRequest request) override {
    return slot_.client->watch(std::move(request));
  }
  void cancel_watch(engine::WatchId id) override { slot_.client->cancel_watch(id); }
  [[nodiscard]] std::size_t capacity() const override { return slot_.client->capacity(); }
  engine::ClusterEvent wait(Instant deadline) override {
    slot_.deadline = deadline;
    processes_.yield(slot_);
    if (slot_.killed) throw Killed();
    if (!slot_.client->ready()) return engine::DeadlinePassed{};
    return slot_.client->wait(Instant{});
  }

 private:
  Processes& processes_;
  Slot& slot_;
};

std::vector<std::string> Processes::run(const std::vector<Job>& jobs) {
  slots_.clear();
  stuck_ = false;
  for (const Job& job : jobs) {
    slots_.push_back(std::make_shared<Slot>());
    begin(*slots_.back(), job);
  }
  if (Slot* first = next()) {
    first->turn.release();
    all_ended_.acquire();
  }
  std::vector<std::string> out;
  for (const auto& slot : slots_) {
    slot->thread.join();
    // What it has sent goes on without it.
    slot->client.reset();
    out.push_back(slot->word);
  }
  return out;
}

void Processes::begin(Slot& slot, const Job& job) {
  sim::ClientOptions options;
  options.name = job.name;
  options.on_death = [] { throw Killed(); };
  slot.client = std::make_unique<sim::SimCluster>(server_, std::move(options));
  const Instant start = server_.now() + job.fate.starts_after;
  const auto weak = std::weak_ptr<Slot>(slots_.back());
  const auto at = [&](Duration after, std::function<void(Slot&)> what) {
    server_.timeline().at(start + after, [weak, what = std::move(what)] {
      if (const auto alive = weak.lock(); alive && !alive->ended) what(*alive);
    });
  };
  at(Duration{0}, [](Slot& it) { it.begun = true; });
  if (job.fate.killed_after.count() > 0) at(job.fate.killed_after, [](Slot& it) { it.killed = true; });
  if (job.fate.interrupted_after.count() > 0) {
    at(job.fate.interrupted_after, [](Slot& it) { it.client->interrupt(2); });
  }
  if (job.fate.paused_after.count() > 0) {
    at(job.fate.paused_after, [](Slot& it) { it.stopped = true; });
    at(job.fate.paused_after + job.fate.paused_for, [](Slot& it) { it.stopped = false; });
  }
  slot.thread = std::thread([this, &slot, job] { live(slot, job); });
}

void Processes::live(Slot& slot, const Job& job) {
  slot.turn.acquire();
  Connection connection(*this, slot);
  Silence silence;
  try {
    slot.word = job.work({connection, *slot.client, silence, job.name});
  } catch (const Killed&) {
    slot.word = stuck_ ? "stuck" : "killed";
  }
  slot.ended = true;
  Slot* other = next();
  if (other == nullptr) {
    all_ended_.release();
  } else {
    other->turn.release();
  }
}

void Processes::yield(Slot& slot) {
  Slot* other = next();
  if (other == &slot) return;
  other->turn.release();
  slot.turn.acquire();
}

Processes::Slot* Processes::next() {
  sim::Timeline& timeline = server_.timeline();
  while (true) {
    std::vector<Slot*> able;
    std::optional<Instant> earliest;
    bool alive = false;
    for (const auto& slot : slots_) {
      if (slot->ended) continue;
      alive = true;
      const bool awake = slot->begun && !slot->stopped;
      if (slot->killed || (awake && (slot->client->ready() || server_.now() >= slot->deadline))) {
        able.push_back(slot.get());
      }
      if (awake) earliest = std::min(earliest.value_or(slot->deadline), slot->deadline);
    }
    if (!alive) return nullptr;
    if (!able.empty()) return able[able.size() == 1 ? 0 : random_() % able.size()];
    const auto next = timeline.next();
    if (next && (!earliest || *next <= *earliest)) {
      timeline.run_next();
    } else if (earliest && *earliest < Instant{Duration::max()}) {
      timeline.skip_to(*earliest);
    } else {
      // Nobody waits for anything that can come.
      stuck_ = true;
      for (const auto& slot : slots_) slot->killed = true;
    }
  }
}

}  // namespace instantexec::simulation
