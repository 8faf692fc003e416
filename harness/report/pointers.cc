#include "harness/report/pointers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "harness/report/evidence.h"

namespace heddle {
namespace {

constexpr uint32_t kPointerSize = sizeof(void*);

std::string Offset(uint64_t bytes) { return bytes == 0 ? "" : "+" + std::to_string(bytes); }

bool IsMapped(uintptr_t address) {
  const auto page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  return ::mincore(reinterpret_cast<void*>(address & ~(page_size - 1)), page_size, &resident) == 0;
}

const RecordedMemory* Containing(const std::vector<RecordedMemory>& memory, uint64_t address) {
  const auto found = std::find_if(memory.begin(), memory.end(), [=](const RecordedMemory& range) {
    return address >= range.begin && address < range.end;
  });
  return found == memory.end() ? nullptr : &*found;
}

}  // namespace

std::vector<uint64_t> PointerSizedValues(const RecordedEvent& event, const Recording& recording) {
  const Operation& op = event.op;
  const size_t index = Index(op.object);
  const RecordedObject* const object =
      index < recording.objects.size() ? &recording.objects[index] : nullptr;
  if (object != nullptr && !MayBePointer(object->value_type)) return {};
  switch (op.kind) {
    case OpKind::kRead:
    case OpKind::kWrite: {
      const bool wide = object != nullptr && object->size == kPointerSize;
      return wide && event.has_value ? std::vector<uint64_t>{event.value} : std::vector<uint64_t>{};
    }
    case OpKind::kLoad:
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
    case OpKind::kAtomicWait:
      if (op.size != kPointerSize) return {};
      // An update's function is pure.
      return {event.value, op.operand, op.expected,
              op.rmw != nullptr ? op.rmw(event.value, op.operand) : 0};
    default:
      return {};
  }
}

class Pointers::Builder {
 public:
  Builder(const Recording& recording, const std::vector<std::string>& threads,
          const std::vector<std::string>& objects, const std::vector<std::string>& declared,
          Symbolizer& symbolizer)
      : recording_(recording),
        threads_(threads),
        objects_(objects),
        declared_(declared),
        symbolizer_(symbolizer) {
    for (const RecordedEvent& event : recording.events) {
      for (const uint64_t value : PointerSizedValues(event, recording)) Add(WithoutTag(value));
    }
  }

  // The blocks that are pointed into, in the order in which their places were first allocated.
  std::vector<Block> Blocks() const {
    std::vector<const RecordedMemory*> uses;
    for (const RecordedMemory& memory : recording_.memory) {
      if (!memory.stack) uses.push_back(&memory);
    }
    std::sort(uses.begin(), uses.end(), [](const RecordedMemory* a, const RecordedMemory* b) {
      return a->serial < b->serial;
    });
    std::vector<Block> blocks;
    for (const RecordedMemory* use : uses) {
      const auto same = std::find_if(blocks.begin(), blocks.end(),
                                     [&](const Block& block) { return block.begin == use->begin; });
      if (same != blocks.end()) {
        same->meaning += "; again by " + Allocation(*use);
        continue;
      }
      blocks.push_back({use->begin, use->end,
                        std::to_string(use->size) + (use->size == 1 ? " byte" : " bytes") +
                            ", allocated by " + Allocation(*use)});
    }
    return blocks;
  }

  std::map<uint64_t, std::string> Names() const {
    std::map<uint64_t, std::string> names;
    std::map<size_t, int> locals;
    // The stack grows down: from its outermost frame is from the highest address.
    for (auto at = addresses_.rbegin(); at != addresses_.rend(); ++at) {
      std::string name = NameOfObject(*at);
      const RecordedMemory* const memory = Containing(recording_.memory, *at);
      if (name.empty() && memory != nullptr && memory->stack) {
        const size_t thread = Index(memory->thread);
        name = "local " + std::to_string(++locals[thread]) + " of " +
               (thread < threads_.size() ? threads_[thread] : "?");
      }
      if (name.empty() && memory == nullptr) name = NameOfSymbol(*at);
      if (!name.empty()) names[*at] = std::move(name);
    }
    int unknown = 0;
    for (const uint64_t address : in_order_) {
      if (names.contains(address) || Containing(recording_.memory, address) != nullptr) continue;
      if (IsMapped(address)) names[address] = "address " + std::to_string(++unknown);
    }
    return names;
  }

 private:
  void Add(uint64_t address) {
    if (address <= UINT32_MAX) return;
    if (addresses_.insert(address).second) in_order_.push_back(address);
  }

  std::string Allocation(const RecordedMemory& block) const {
    const size_t thread = Index(block.thread);
    std::string text = thread < threads_.size() ? threads_[thread] : "?";
    for (const Frame& frame : ReportFrames(symbolizer_, block.allocated_at)) {
      if (!frame.file.empty()) return text + " at " + frame.file + ":" + std::to_string(frame.line);
    }
    return text;
  }

  std::string NameOfObject(uint64_t address) const {
    for (size_t i = 0; i < recording_.objects.size(); ++i) {
      if (recording_.objects[i].address == address && !declared_[i].empty()) {
        return "&" + objects_[i];
      }
    }
    return {};
  }

  std::string NameOfSymbol(uint64_t address) const {
    if (std::string data = symbolizer_.DataSymbol(address); !data.empty()) return "&" + data;
    // A function is found by what follows its first byte, as if that were a call's end.
    const std::vector<SourceFrame> frames = symbolizer_.Frames(address + 1);
    if (frames.empty() || frames.back().function == "??") return {};
    return "&" + frames.back().function;
  }

  const Recording& recording_;
  const std::vector<std::string>& threads_;
  const std::vector<std::string>& objects_;
  const std::vector<std::string>& declared_;
  Symbolizer& symbolizer_;
  std::set<uint64_t> addresses_;
  std::vector<uint64_t> in_order_;
};

Pointers::Pointers(const Recording& recording, const std::vector<std::string>& threads,
                   const std::vector<std::string>& objects,
                   const std::vector<std::string>& declared, Symbolizer& symbolizer) {
  const Builder builder(recording, threads, objects, declared, symbolizer);
  blocks_ = builder.Blocks();
  names_ = builder.Names();
}

const Pointers::Block* Pointers::BlockOf(uint64_t value, size_t* number) const {
  const uint64_t address = WithoutTag(value);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (address < blocks_[i].begin || address >= blocks_[i].end) continue;
    *number = i + 1;
    return &blocks_[i];
  }
  return nullptr;
}

std::string Pointers::NameOf(uint64_t value) const {
  if (value <= UINT32_MAX) return {};
  const uint64_t address = WithoutTag(value);
  size_t number = 0;
  std::string name;
  if (const auto known = names_.find(address); known != names_.end()) {
    name = known->second;
  } else if (const Block* const block = BlockOf(value, &number)) {
    name = "block " + std::to_string(number) + Offset(address - block->begin);
  } else {
    return {};
  }
  return address == value ? name : name + " tagged " + std::to_string(value >> 48);
}

std::vector<FindingPointer> Pointers::Legend(const std::vector<uint64_t>& values) const {
  std::set<size_t> shown;
  for (const uint64_t value : values) {
    size_t number = 0;
    if (value <= UINT32_MAX || names_.contains(WithoutTag(value))) continue;
    if (BlockOf(value, &number) != nullptr) shown.insert(number);
  }
  std::vector<FindingPointer> legend;
  for (const size_t number : shown) {
    legend.push_back({"block " + std::to_string(number), blocks_[number - 1].meaning});
  }
  return legend;
}

}  // namespace heddle
