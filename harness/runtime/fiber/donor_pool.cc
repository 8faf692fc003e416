#include "harness/runtime/fiber/donor_pool.h"

#include <errno.h>

#include <memory>

namespace heddle {

Donor* DonorPool::Create() {
  RetireDiscarded();  // they count, and the system's limits count them
  if (limit_reached()) {
    error_ = EAGAIN;
    return nullptr;
  }
  auto donor = std::make_unique<Donor>();
  error_ = donor->Start(options_.donor);
  if (error_ != 0) return nullptr;
  ++size_;
  return donor.release();
}

void DonorPool::RetireList(Donor** list) {
  while (*list != nullptr) {
    std::unique_ptr<Donor> donor(*list);
    *list = donor->next_;
    donor->Retire();
    --size_;
  }
}

void DonorPool::RetireAll() {
  RetireList(&discarded_);
  RetireList(&free_);
}

}  // namespace heddle
