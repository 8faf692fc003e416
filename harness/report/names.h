// Names of threads and objects in reports, independent of the schedule as far as possible.
//
// A thread is the path of spawn indices from main: main, T1, T2, and T1.1 for the first child of
// T1; a declared name follows in brackets. An object is its declared name, else the static variable
// that holds it, else its kind and its place among the unnamed objects of that kind in order of
// address ("mutex #2"), because the order of first use belongs to the schedule. Objects that share
// a name are told apart in the same way ("fork #1").
#ifndef HEDDLE_HARNESS_REPORT_NAMES_H_
#define HEDDLE_HARNESS_REPORT_NAMES_H_

#include <string>
#include <vector>

#include "harness/core/recording.h"
#include "harness/report/pointers.h"
#include "harness/report/symbolizer.h"

namespace heddle {

class Names {
 public:
  Names(const Recording& recording, Symbolizer& symbolizer);

  const std::string& Thread(ThreadId thread) const;
  const std::string& Object(ObjectId object) const;
  // With its kind before it: "mutex m", "mutex #2", "thread T1".
  std::string KindAndName(ObjectId object) const;
  // For fingerprints: the declared name or that of the static variable; else empty.
  const std::string& Declared(ObjectId object) const;
  // Of the object's value.
  ValueType TypeOf(ObjectId object) const;
  const Pointers& pointers() const { return pointers_; }

 private:
  void NameThreads();
  void NameObjects(Symbolizer& symbolizer);

  const Recording& recording_;
  std::vector<std::string> threads_;
  std::vector<std::string> objects_;
  std::vector<std::string> declared_;
  Pointers pointers_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_NAMES_H_
