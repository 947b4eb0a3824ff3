#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace instantexec::engine {

// One file of an evidence bundle. No value of a Secret is left in it.
struct EvidenceFile {
  std::string name;  // relative, from letters, digits and "._-/" only: "logs/web-1.app.log"
  std::string content;
};

// What somebody needs to finish an operation that lost its cluster. Holds no object and no secret.
struct UnfinishedState {
  std::string release;
  std::string ns;
  std::string operation;
  int revision = 0;
  std::string phase;    // "applying", "committing", "rolling-back"
  std::string started;  // RFC 3339
  std::string holder;
  std::string written;  // RFC 3339
  std::string error;    // code and message of what ended the run, sanitised
};

// What an operation leaves on the machine it ran on. Nothing here is needed to recover: that rests on the
// records in the cluster. A failure is told and changes nothing else.
class LocalFiles {
 public:
  virtual ~LocalFiles() = default;

  // Stores what was seen of a failed release, readable by the user only. `title` names it: release, revision
  // and time. Returns where it is.
  virtual Result<std::string> save_evidence(const std::string& title,
                                            const std::vector<EvidenceFile>& files) = 0;
  // Stores, readable by the user only, that work was left behind; replaces what was stored of that release.
  // Returns where it is.
  virtual Result<std::string> save_state(const UnfinishedState& state) = 0;
  // The work is done: removes what save_state stored, if anything.
  virtual void forget_state(const std::string& release, const std::string& ns) = 0;
};

}  // namespace instantexec::engine
