// Two accesses of one thread to one variable or atomic with another thread's access between them,
// so that no serial order of the pair and the third explains what was seen: R-W-R, W-W-R, R-W-W,
// W-R-W.
//
// AVIO (Lu, Tucek, Qin, Zhou, ASPLOS 2006). AVIO learns from runs that went well which pairs of
// instructions are never torn apart; a search runs few schedules that are like each other, so that
// here any pair counts that looks like one activity: consecutive accesses, the second further on in
// the code, and no start or join of a thread between. Further on is what the thread came to later
// the first time: addresses of code tell nothing, a compiler may outline an access or turn it into
// a jump. Correct programs may be reported (two critical sections that need not be one): low
// confidence, off by default.
// A read-modify-write counts as a write; a comparison that failed ends the pair.
// Cost: every access of the program becomes an event; O(threads at the object + sites of the
// thread) each.
#ifndef HEDDLE_HARNESS_DETECT_AVIO_H_
#define HEDDLE_HARNESS_DETECT_AVIO_H_

#include <cstdint>
#include <vector>

#include "harness/detect/detector.h"
#include "harness/detect/stamped_table.h"

namespace heddle {

class AvioDetector final : public Detector {
 public:
  EventMask Wants() const override;
  void Begin(SuspicionSink* sink) override;
  void OnEvent(const Event& event) override;

 private:
  struct Access {
    EventSeq seq = 0;  // 0: none
    uintptr_t pc = 0;
    size_t rank = 0;  // of the site, by its first execution in the thread
    ThreadId thread = kNoThread;
    bool is_write = false;
  };
  // A thread's last access to an object, and the first of others since.
  struct Pair {
    Access local;
    uint32_t phase = 0;
    Access remote_read;
    Access remote_write;
  };

  size_t RankOf(uintptr_t pc, ThreadId thread);
  void ReportPair(const Pair& pair, const Access& remote, const Access& now, ObjectId object);

  SuspicionSink* sink_ = nullptr;
  StampedTable<uint32_t> phases_;               // by thread: starts and joins made
  StampedTable<std::vector<uintptr_t>> sites_;  // by thread: in order of first execution
  StampedTable<std::vector<Pair>> pairs_;       // by object; one a thread
  std::vector<uint64_t> reported_;              // keys
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_AVIO_H_
