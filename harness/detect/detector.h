// Detector: looks at the events of one execution and raises suspicions.
//
// A detector knows operations and events only, never primitives or engines. It runs silently in the
// search as well as in the loud replay, so it is cheap: nothing is allocated once it has seen an
// execution of the same size, Begin forgets the last execution in constant time, and what few
// programs need is asked for by WantsChanged when the program first shows a sign of it.
// A suspicion's key is made of program counters and kinds, not of ids, which depend on the
// schedule. Threading: none; the engine runs one program thread at a time.
#ifndef HEDDLE_HARNESS_DETECT_DETECTOR_H_
#define HEDDLE_HARNESS_DETECT_DETECTOR_H_

#include "harness/core/event.h"
#include "harness/core/finding.h"

namespace heddle {

class Detector : public EventSink {
 public:
  // Before an execution; it may follow one that was cut off anywhere. The sink outlives it.
  virtual void Begin(SuspicionSink* sink) = 0;
  // After an execution, also a failed one.
  virtual void End() {}
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_DETECTOR_H_
