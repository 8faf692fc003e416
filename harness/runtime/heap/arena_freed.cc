// What becomes of freed blocks: see arena.h.
#include "harness/core/check.h"
#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

void Arena::Offer(uint32_t number, uint32_t owner, uint32_t size_class) {
  if (owner == kShared) {
    NoteSharedUse();
  } else {
    UseHome(owner - 1, size_class);
  }
  Insert(size_class, &used_classes_);
  Record& record = records_[number];
  Bin& bin = BinOf(owner, size_class);
  record.next_freed = bin.freed;
  bin.freed = number;
  FreedBlocks& freed = freed_[size_class];
  record.newer = kNone;
  record.older = freed.offered;
  if (freed.offered != kNone) records_[freed.offered].newer = number;
  freed.offered = number;
}

void Arena::SetAside(uint32_t number, uint32_t size_class) {
  if (size_class != kOverAligned) Insert(size_class, &used_classes_);
  records_[number].next_freed = freed_[size_class].aside;
  freed_[size_class].aside = number;
}

uint32_t Arena::TakeWanted(uint32_t owner, uint32_t size_class, HeapSite site) {
  if (owner == kShared) NoteSharedUse();
  if (reuse_decision_ == nullptr) return kNone;
  const uint32_t latest_owner =
      ThreadOf(records_[freed_[size_class].offered].free_thread).owner;
  const uint32_t own = BinOf(owner, size_class).freed == kNone ? 1 : 2;
  const uint32_t all = own + (latest_owner == owner ? 0 : 1);
  uint32_t answer;
  {
    const HarnessScope harness;
    answer = reuse_decision_(reuse_context_, own, all);
  }
  HEDDLE_CHECK(answer < all, "an allocation was told to take memory that is not offered");
  if (answer == 0) return kNone;
  return TakeOffered(answer < own ? owner : latest_owner, size_class, site);
}

uint32_t Arena::TakeAnyFreed(uint32_t owner, uint32_t size_class, HeapSite site) {
  if (use_ != nullptr) use_->everything = true;
  if (BinOf(owner, size_class).freed != kNone) return TakeOffered(owner, size_class, site);
  FreedBlocks& freed = freed_[size_class];
  if (freed.offered != kNone) {
    return TakeOffered(ThreadOf(records_[freed.offered].free_thread).owner, size_class, site);
  }
  const uint32_t number = freed.aside;
  if (number == kNone) return kNone;
  VerifyFreed(number, site);
  freed.aside = records_[number].next_freed;
  return number;
}

uint32_t Arena::TakeOffered(uint32_t owner, uint32_t size_class, HeapSite site) {
  Bin& bin = BinOf(owner, size_class);
  const uint32_t number = bin.freed;
  VerifyFreed(number, site);
  const Record& record = records_[number];
  NoteUse(record);
  bin.freed = record.next_freed;
  if (record.older != kNone) records_[record.older].newer = record.newer;
  (record.newer != kNone ? records_[record.newer].older : freed_[size_class].offered) =
      record.older;
  return number;
}

void Arena::VerifyFreed(uint32_t number, HeapSite site) {
  const Record& record = records_[number];
  const void* disturbed =
      FindDisturbed(AddressOf(record), FillSize(SlabOf(record).block_size), kFreedByte);
  if (disturbed != nullptr) [[unlikely]] {
    ReportAt(HeapFaultKind::kWriteAfterFree, disturbed, number, site);
  }
}

void Arena::VerifyAllFreed(uint32_t size_class) {
  const FreedBlocks& freed = freed_[size_class];
  for (uint32_t n = freed.offered; n != kNone; n = records_[n].older) VerifyFreed(n, HeapSite{});
  for (uint32_t n = freed.aside; n != kNone; n = records_[n].next_freed) VerifyFreed(n, HeapSite{});
}

}  // namespace heddle
