#pragma once

#include "model/change.h"

namespace instantexec::analyze {

// The fourteen change features of Kamei et al., "A large-scale empirical study of just-in-time quality
// assurance" (IEEE TSE 2013), table 1.
struct ChangeFeatures {
  // Diffusion.
  double ns = 0;       // subsystems: distinct top-level folders
  double nd = 0;       // distinct folders
  double nf = 0;       // files
  double entropy = 0;  // of the changed lines over the files, normalised to 0-1 by log2(files)
  // Size, in lines.
  double la = 0;  // added
  double ld = 0;  // deleted
  double lt = 0;  // mean length of the touched files before the change
  // Purpose.
  bool fix = false;  // the message says that it repairs something
  // History of the touched files.
  double ndev = 0;  // most distinct authors of one file
  double age = 0;   // mean days since a touched file last changed
  double nuc = 0;   // mean earlier changes per touched file
  // Experience of the newest commit's author, in commits.
  double exp = 0;
  double rexp = 0;  // weighted by recency
  double sexp = 0;  // within the touched subsystems
};

// Features of a change. An empty change has all features zero.
[[nodiscard]] ChangeFeatures compute_features(const model::Change& change,
                                              const model::ChangeHistory& history);

}  // namespace instantexec::analyze
