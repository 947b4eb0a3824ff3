#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/deploy.h"
#include "simulation/invariants.h"
#include "simulation/processes.h"

namespace instantexec::simulation {

// What happened in the lives so far.
struct Counts {
  std::uint64_t lives = 0;
  std::uint64_t steps = 0;
  std::uint64_t processes = 0;
  std::uint64_t requests = 0;
  std::uint64_t foreign = 0;                  // edits, deletions and creations by others
  std::map<std::string, std::uint64_t> met;   // faults by name
  std::map<std::string, std::uint64_t> ends;  // of processes

  Counts& operator+=(const Counts& other);
};

// The random life of one release: deploys, rollbacks, deaths, lost answers, pauses, outages, kinds that
// cannot be read for a while, two runs at once, and others at work on the same objects. After every step
// somebody recovers what is left, and then the namespace holds what the revision in force wants, or is
// exactly as it was.
class Life {
 public:
  explicit Life(std::uint32_t seed);
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life() = default;

  // Goes through so many steps, or fewer when a rule was broken.
  void run(int steps);
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  // One line for each process and each thing that others did.
  [[nodiscard]] const std::string& trace() const { return trace_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Objects = std::vector<model::Object>;
  // One thing that goes wrong with a request.
  struct Planned {
    std::string client;
    std::uint64_t number = 0;  // of the client's requests
    sim::Fault fault;
  };
  // What others did to an object in this step.
  struct Touched {
    std::string uid;      // of the object that was edited or taken
    bool edited = false;  // a field that the release does not set
    bool taken = false;   // a field that it sets
    bool deleted = false;
    Json made;          // deleted and made anew: canonical
    std::string value;  // of the field taken
  };

  std::uint32_t roll(std::uint32_t sides) { return static_cast<std::uint32_t>(random_() % sides); }
  bool one_in(std::uint32_t sides) { return roll(sides) == 0; }

  // --- steps ---
  void step();
  Objects release();
  Job deploy_job(const Objects& wanted);
  Job rollback_job();
  Job recover_job();
  Job job(const std::string& what, std::function<Result<model::DeployReport>(engine::Environment)> work);
  std::vector<std::string> go(std::vector<Job> jobs);
  void disturb(std::vector<Job>& jobs);
  void disturb(Job& job);
  void outage();
  void hide_kind();
  void others();
  void settle(const std::vector<std::string>& words);
  [[nodiscard]] bool unfinished() const;

  // --- others ---
  void edit(const std::string& name);
  void take(const std::string& name);
  void remove(const std::string& name, bool make_anew);
  void as_kubectl(const engine::Request& request);

  // --- what has to hold ---
  void check_undisturbed(const std::string& word, bool fails, bool back);
  void check_words(const std::vector<std::string>& words);
  void check_state();
  void check_as_before(const std::string& key, const State& now);
  void check_as_wanted(const std::string& key, const State& now, const Objects& wanted);
  void check_recreated(const std::string& key, const State& now, const Touched& touched);
  void check_edits(const std::string& key, const State& now);
  [[nodiscard]] Touched touched_of(const std::string& key, const State& now) const;
  [[nodiscard]] std::int64_t in_force() const;
  [[nodiscard]] const Objects* wanted_of(std::int64_t revision) const;
  [[nodiscard]] State state_of(const std::string& key);
  void remember();
  void broke(const std::string& what) { broken_.push_back(what); }
  void record(const sim::Change& change);
  sim::Fault on_request(const sim::RequestInfo& info);

  std::mt19937 random_;
  sim::SimServer server_;
  Processes processes_;
  Invariants invariants_;
  engine::ReleaseOptions options_;
  bool heavy_ = false;  // has workloads
  bool by_kubectl_ = false;
  bool over_ = false;  // what others did leaves nothing to be said about further steps
  bool disturbed_ = false;
  bool was_incomplete_ = false;
  int names_ = 0;
  std::map<std::string, model::ObjectRef> declared_;
  std::map<std::string, Objects> wishes_;  // by the description that their revision carries
  std::map<std::string, Json> before_;     // canonical, when the step began
  std::int64_t revision_before_ = 0;
  int commits_before_ = 0;
  std::map<std::string, Touched> touched_;
  std::map<std::string, std::string> extra_;  // by UID: what others put beside our fields
  std::vector<Planned> faults_;
  std::map<std::string, std::uint64_t> requests_;
  Instant down_from_;
  Instant down_until_;
  bool down_silently_ = false;
  std::mt19937 hiding_;  // of its own: what it gives does not change the rest of a life
  std::string hidden_;   // kind of which nothing can be read or written
  Instant hidden_from_;
  Instant hidden_until_;
  Counts counts_;
  std::vector<std::string> broken_;
  std::string trace_;
};

}  // namespace instantexec::simulation
