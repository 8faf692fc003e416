// A thread that leaves without telling the barrier that it was counted on.
//
// Two threads compute in phases and meet at a barrier after each. One finds an error in its part
// and returns; the other waits for it at the next meeting, and nothing says who is missing. MPI
// programs hang in MPI_Barrier after the failure of one rank, POSIX barriers have no way to leave
// at all.
//
// The twin leaves with arrive_and_drop: the barrier counts one fewer from then on.
#include "harness/explore/case.h"
#include "primitives/barrier.h"
#include "primitives/thread.h"

namespace {

using heddle::Barrier;
using heddle::Thread;

constexpr int kPhases = 2;

void Compute(Barrier<>& meeting, int failing_phase) {
  for (int phase = 0; phase < kPhases; ++phase) {
    if (phase == failing_phase) return;
    meeting.arrive_and_wait();
  }
}

void ComputeOrDrop(Barrier<>& meeting, int failing_phase) {
  for (int phase = 0; phase < kPhases; ++phase) {
    if (phase == failing_phase) {
      meeting.arrive_and_drop();  // fix
      return;
    }
    meeting.arrive_and_wait();
  }
}

template <void (*kCompute)(Barrier<>&, int)>
void OneFailsInPhase1() {
  Barrier<> meeting(2);
  Thread other([&] { kCompute(meeting, 1); });
  kCompute(meeting, -1);
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "models/barrier_party_leaves",
     .body = OneFailsInPhase1<Compute>,
     .expect = {heddle::FindingKind::kStuck},
     .about = "a thread returns early and the other waits at the barrier"}};
const heddle::RegisterCase kFixed{{.name = "models/barrier_party_leaves_fixed",
                                   .body = OneFailsInPhase1<ComputeOrDrop>,
                                   .about = "it drops out of the barrier before it returns"}};

}  // namespace
