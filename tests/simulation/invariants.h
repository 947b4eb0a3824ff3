#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/history.h"

namespace instantexec::simulation {

// Rules that hold at every moment in the life of a release, whoever dies when. Written from
// docs/formats/journal.md and docs/guarantees.md alone: it includes nothing of the engine.
//
// - A process writes only while the Lease names it, and what it has sent takes effect within the server's
//   limit of 30 s or not at all.
// - The Lease goes from one holder to another without having been given back only after it was unchanged for
//   30 s, and every holder has an epoch of its own.
// - The head goes through the phases in the order the format allows; its revision, its epoch never go down.
// - Objects are written only in the phases for it: nothing is touched before the journal says so, nothing is
//   pruned before the commit point.
// - What the head names exists: no chunk that a recovery could need is deleted.
// - Only objects of the release are touched, and of those only the ones that the tool itself made.
class Invariants {
 public:
  // `release` in namespace `ns`.
  Invariants(const std::string& release, const std::string& ns);

  // Objects that a release may consist of; all others are somebody else's.
  void may_hold(const std::string& key) { declared_.insert(key); }
  void see(const Entry& entry);

  // What was broken, one line each.
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  // The head as last stored; null: none.
  [[nodiscard]] const Json& head() const { return head_; }
  // How often another revision came into force.
  [[nodiscard]] int commits() const { return commits_; }

 private:
  void sent(const Entry& entry);
  void lease_changed(const Entry& entry);
  void head_changed(const Entry& entry);
  void chunk_changed(const Entry& entry);
  void object_changed(const Entry& entry);
  void broke(const Entry& entry, const std::string& rule);
  [[nodiscard]] bool is_record(const std::string& key) const;
  [[nodiscard]] std::string phase() const { return text_at(head_, "/phase"); }

  std::string lease_key_;
  std::string head_key_;
  std::string chunk_prefix_;
  std::set<std::string> declared_;
  std::set<std::string> chunks_;                                      // that exist
  std::set<std::string> made_;                                        // UIDs
  std::map<std::pair<std::string, std::string>, std::int64_t> sent_;  // last write by actor and key
  std::string holder_;
  std::int64_t epoch_ = 0;
  std::int64_t lease_since_ = 0;
  Json head_;
  int commits_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace instantexec::simulation
