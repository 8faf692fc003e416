// The donors that an engine lends out and takes back.
//
// Last in, first out: the donor that comes next is the one whose stack is still in the cache. An
// engine that releases in the reverse order of its acquisitions gets the same donors for the same
// acquisitions next time, so that addresses on stacks repeat from one execution to the next.
//
// Threading: one thread at a time, as harness code (making a donor allocates).
// Cost: Acquire, Release and Discard are O(1), about 1 ns; Acquire makes a thread (60 us) when none
// is free.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_POOL_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_POOL_H_

#include <cstddef>

#include "harness/runtime/fiber/donor.h"

namespace heddle {

struct DonorPoolOptions {
  DonorOptions donor;
  // A donor takes two of a process's 65,530 memory mappings (Linux's default).
  size_t max_donors = 20'000;
};

class DonorPool {
 public:
  explicit DonorPool(const DonorPoolOptions& options) : options_(options) {}
  ~DonorPool() { RetireAll(); }
  DonorPool(const DonorPool&) = delete;
  DonorPool& operator=(const DonorPool&) = delete;

  // A started donor, to be Reset before use. Null if there is none to be had; then error() says
  // why, and a later call may succeed.
  Donor* Acquire() {
    Donor* donor = free_;
    if (donor == nullptr) [[unlikely]]
      return Create();
    free_ = donor->next_;
    return donor;
  }

  // Takes back a donor whose fiber has ended.
  void Release(Donor* donor) {
    if (!donor->Reusable()) [[unlikely]]
      return Discard(donor);
    donor->next_ = free_;
    free_ = donor;
  }

  // Takes back a donor whose fiber was abandoned: it serves no other. Its thread ends at the next
  // RetireDiscarded.
  void Discard(Donor* donor) {
    donor->next_ = discarded_;
    discarded_ = donor;
  }

  // Ends the threads of discarded donors; costs nothing if there are none. To be called between
  // executions.
  void RetireDiscarded() { RetireList(&discarded_); }

  // Ends all threads that are not lent out.
  void RetireAll();

  // Donors alive: free, lent and discarded.
  size_t size() const { return size_; }

  // Why the last Acquire that returned null did: an errno value. EAGAIN: no more threads, from the
  // system or by max_donors (then limit_reached()); ENOMEM: no more memory or mappings.
  int error() const { return error_; }
  bool limit_reached() const { return size_ >= options_.max_donors; }

 private:
  Donor* Create();
  void RetireList(Donor** list);

  const DonorPoolOptions options_;
  Donor* free_ = nullptr;
  Donor* discarded_ = nullptr;
  size_t size_ = 0;
  int error_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_POOL_H_
