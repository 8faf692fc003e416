// Evidence: a suspicion with everything that is known about it, and the words for its parts. What
// the sentences, sides and interleaving of a report are made from.
//
// Refers to the recording, suspicion and symbolizer it was made with. Not thread-safe.
#ifndef HEDDLE_HARNESS_REPORT_EVIDENCE_H_
#define HEDDLE_HARNESS_REPORT_EVIDENCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/core/recording.h"
#include "harness/report/history.h"
#include "harness/report/names.h"
#include "harness/report/symbolizer.h"

namespace heddle {

class Evidence {
 public:
  Evidence(const Recording& recording, const Suspicion& suspicion, Symbolizer& symbolizer);

  const Recording& recording() const { return recording_; }
  const Suspicion& suspicion() const { return suspicion_; }
  const History& history() const { return history_; }
  const Names& names() const { return names_; }
  Symbolizer& symbolizer() const { return symbolizer_; }

  // The event of each witness of the suspicion, null where there is none.
  const std::vector<const RecordedEvent*>& witnesses() const { return witnesses_; }
  // The return addresses that locate a witness; may be empty.
  Stack StackOf(const Witness& witness) const;

  std::vector<Frame> Frames(const Stack& stack) const;
  // Where the user's code did it: "cases/race/x.cc:12"; empty if unknown.
  std::string Place(const Stack& stack) const;
  // " (cases/race/x.cc:12)", empty if unknown.
  std::string At(const Stack& stack) const;
  // " (taken at cases/race/x.cc:12)", empty if unknown.
  std::string TakenAt(const RecordedEvent& taken) const;
  std::vector<HeldLock> Describe(const std::vector<LockHold>& holds) const;

  // "main", "T1"; "m", "mutex #2".
  const std::string& Thread(ThreadId thread) const { return names_.Thread(thread); }
  const std::string& Object(ObjectId object) const { return names_.Object(object); }

 private:
  const RecordedEvent* Resolve(const Witness& witness) const;

  const Recording& recording_;
  const Suspicion& suspicion_;
  Symbolizer& symbolizer_;
  History history_;
  Names names_;
  std::vector<const RecordedEvent*> witnesses_;
};

// The user's part of a stack. A frame that is followed by equal ones stands for them too.
std::vector<Frame> ReportFrames(Symbolizer& symbolizer, std::span<const uintptr_t> stack);

// "a", "a and b", "a, b and c".
std::string JoinWords(const std::vector<std::string>& words);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_EVIDENCE_H_
