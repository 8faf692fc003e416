// A semaphore released more often than it was acquired.
//
// The connection limiter takes a permit, and gives it back at its end; an error path has given it
// back already. Each such error makes one permit too many, and the limit that the semaphore stands
// for rises quietly. std::counting_semaphore makes it undefined behaviour to pass its maximum; .NET
// throws SemaphoreFullException for it, Java's Semaphore lets the count grow.
//
// The twin returns where it has given the permit back.
#include "harness/explore/case.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"

namespace {

using heddle::BinarySemaphore;
using heddle::Thread;

void Request(BinarySemaphore& permits, bool refused) {
  permits.acquire();
  if (refused) permits.release();
  permits.release();
}

void RequestOnce(BinarySemaphore& permits, bool refused) {
  permits.acquire();
  if (refused) {
    permits.release();
    return;  // fix
  }
  permits.release();
}

template <void (*kRequest)(BinarySemaphore&, bool)>
void OneRefusedRequest() {
  BinarySemaphore permits(1, "permits");
  Thread refused([&] { kRequest(permits, true); });
  kRequest(permits, false);
  refused.join();
}

const heddle::RegisterCase kBug{{.name = "models/semaphore_over_release",
                                 .body = OneRefusedRequest<Request>,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .about = "an error path gives back a permit twice"}};
const heddle::RegisterCase kFixed{{.name = "models/semaphore_over_release_fixed",
                                   .body = OneRefusedRequest<RequestOnce>,
                                   .about = "the error path returns after giving it back"}};

}  // namespace
