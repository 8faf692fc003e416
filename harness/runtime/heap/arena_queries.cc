// What the arena tells about addresses and faults: see arena.h.
#include <algorithm>

#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

uint32_t Arena::Find(const void* pointer) const { return Locate(pointer).number; }

BlockInfo Arena::Info(uint32_t number, const void* pointer) const {
  const Record& record = records_[number];
  BlockInfo info;
  info.start = AddressOf(record);
  info.size = record.size;
  info.offset = static_cast<size_t>(static_cast<const char*>(pointer) - info.start);
  info.number = number;
  info.serial = record.serial;
  info.allocation_index = record.alloc_index;
  info.allocated_by = {record.alloc_thread, record.alloc_pc};
  if (record.next_freed != kLive) {
    info.state = BlockState::kFreed;
    info.freed_by = {record.free_thread, record.free_pc};
  }
  return info;
}

std::optional<BlockInfo> Arena::Describe(const void* pointer) const {
  const uint32_t number = Find(pointer);
  if (number == kNone) return std::nullopt;
  return Info(number, pointer);
}

bool Arena::IsFreed(const void* pointer) const {
  const uint32_t number = Find(pointer);
  return number != kNone && records_[number].next_freed != kLive;
}

size_t Arena::UsableSize(const void* pointer) const {
  const uint32_t number = Find(pointer);
  if (number == kNone || records_[number].next_freed != kLive) return 0;
  if (AddressOf(records_[number]) != pointer) return 0;
  return SlabOf(records_[number]).block_size;
}

std::vector<BlockInfo> Arena::LiveBlocks() const {
  std::vector<BlockInfo> live;
  live.reserve(live_blocks_);
  for (uint32_t s = 1; s < slab_count_ && live.size() < live_blocks_; ++s) {
    const Slab& slab = slabs_[s];
    const Bin& bin = bins_[slab.bin];
    const uint32_t end = bin.slab == s ? bin.next_record : slab.first_record + slab.capacity;
    for (uint32_t n = slab.first_record; n < end; ++n) {
      if (records_[n].next_freed == kLive) live.push_back(Info(n, AddressOf(records_[n])));
    }
  }
  std::sort(live.begin(), live.end(),
            [](const BlockInfo& a, const BlockInfo& b) { return a.serial < b.serial; });
  return live;
}

void Arena::ReportFailure(HeapFaultKind kind, size_t size, HeapSite site) {
  if (sink_ == nullptr) return;
  HeapFault fault;
  fault.kind = kind;
  fault.size = size;
  fault.site = site;
  const HarnessScope harness;
  sink_->OnHeapFault(fault);
}

void Arena::ReportAt(HeapFaultKind kind, const void* pointer, uint32_t number, HeapSite site) {
  if (sink_ == nullptr) return;
  HeapFault fault;
  fault.kind = kind;
  fault.address = pointer;
  fault.site = site;
  if (number != kNone) fault.block = Info(number, pointer);
  const HarnessScope harness;
  sink_->OnHeapFault(fault);
}

}  // namespace heddle
