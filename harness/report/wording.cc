#include "harness/report/wording.h"

#include <cstdint>
#include <cstdio>

namespace heddle {
namespace {

// The type of a value is not known: pointers are shown by what they point to, small numbers in
// decimal, negative if their type would be narrow enough to say so, the rest in hexadecimal.
std::string Value(uint64_t value, uint32_t size, const Names& names) {
  constexpr uint64_t kSmallNegative = 1 << 16;
  if (size > sizeof(value)) return "value #" + std::to_string(value);
  if (size >= 4) {
    const uint64_t modulus_minus_one = size == 8 ? UINT64_MAX : (uint64_t{1} << (8 * size)) - 1;
    const uint64_t magnitude = modulus_minus_one - value + 1;
    if (value <= modulus_minus_one && magnitude <= kSmallNegative && magnitude != 0) {
      return "-" + std::to_string(magnitude);
    }
  }
  if (value <= UINT32_MAX) return std::to_string(value);
  if (size == sizeof(void*)) {
    if (std::string pointer = names.pointers().NameOf(value); !pointer.empty()) return pointer;
  }
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string Order(MemoryOrder order) {
  return order == MemoryOrder::seq_cst ? "" : " (" + std::string(NameOf(order)) + ")";
}

std::string WithOutcome(const Transition& by) {
  return by.outcome == Outcome::kDone ? "" : ": " + std::string(NameOf(by.outcome));
}

std::string Bytes(uint32_t size) { return std::to_string(size) + (size == 1 ? " byte" : " bytes"); }

std::string DescribeAtomic(const RecordedEvent& event, const Names& names) {
  const Operation& op = event.op;
  const std::string& object = names.Object(op.object);
  switch (op.kind) {
    case OpKind::kLoad:
      return "load " + object + " -> " + Value(event.value, op.size, names) + Order(op.order);
    case OpKind::kStore:
      return "store " + object + " = " + Value(op.operand, op.size, names) + Order(op.order);
    case OpKind::kRmw: {
      // Pure functions of the atomic's door.
      const uint64_t result = op.rmw != nullptr ? op.rmw(event.value, op.operand) : op.operand;
      return "update " + object + ": " + Value(event.value, op.size, names) + " -> " +
             Value(result, op.size, names) + Order(op.order);
    }
    case OpKind::kCompareExchange:
      if (event.by.outcome == Outcome::kDone) {
        return "exchange " + object + ": " + Value(event.value, op.size, names) + " -> " +
               Value(op.operand, op.size, names) + Order(op.order);
      }
      return "exchange " + object + " fails: is " + Value(event.value, op.size, names) + ", not " +
             Value(op.expected, op.size, names);
    default:  // kAtomicWait
      if (event.by.outcome == Outcome::kDone) {
        return "wait on " + object + " ends: " + Value(event.value, op.size, names);
      }
      return "wait on " + object + " while " + Value(op.expected, op.size, names);
  }
}

}  // namespace

std::string DescribeIntent(const Operation& op, const Names& names) {
  const std::string& object = names.Object(op.object);
  switch (op.kind) {
    case OpKind::kRead:
      return "read " + object;
    case OpKind::kWrite:
      return "write " + object;
    case OpKind::kStart:
      return "begins";
    case OpKind::kExit:
      return "ends";
    case OpKind::kYield:
    case OpKind::kSleep:
      return std::string(TraitsOf(op.kind).name);
    case OpKind::kFence:
      return "fence" + Order(op.order);
    case OpKind::kSpawn:
      return "start " + names.Thread(ThreadId{static_cast<uint32_t>(op.operand)});
    case OpKind::kJoin:
    case OpKind::kDetach:
      return std::string(TraitsOf(op.kind).name) + " " +
             names.Thread(ThreadId{static_cast<uint32_t>(op.operand)});
    case OpKind::kWait:
      return "wait " + object + ", unlock " + names.Object(op.second);
    case OpKind::kWake:
      return "wake from " + object;
    case OpKind::kPhaseWait:
      return "wait at " + object;
    case OpKind::kAtomicWait:
      return "wait on " + object;
    case OpKind::kAtomicNotifyOne:
      return "notify_one " + object;
    case OpKind::kAtomicNotifyAll:
      return "notify_all " + object;
    case OpKind::kRmw:
      return "update " + object;
    case OpKind::kCompareExchange:
      return "exchange " + object;
    case OpKind::kChoose:
      return "choose";
    case OpKind::kAnnotate: {
      const std::string what(NameOf(static_cast<Annotation>(op.operand)));
      return op.object == kNoObject ? what : what + " " + object;
    }
    default:
      return std::string(TraitsOf(op.kind).name) + " " + object;
  }
}

std::string DescribeEvent(const RecordedEvent& event, const Recording& recording,
                          const Names& names) {
  const Operation& op = event.op;
  const std::string& object = names.Object(op.object);
  const uint32_t size =
      Index(op.object) < recording.objects.size() ? recording.objects[Index(op.object)].size : 0;
  switch (op.kind) {
    case OpKind::kRead:
    case OpKind::kWrite: {
      const bool write = op.kind == OpKind::kWrite;
      if (!event.has_value || size > sizeof(event.value)) return DescribeIntent(op, names);
      return write ? object + " = " + Value(event.value, size, names)
                   : "read " + object + " -> " + Value(event.value, size, names);
    }
    case OpKind::kLoad:
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
    case OpKind::kAtomicWait:
      return DescribeAtomic(event, names);
    case OpKind::kWake:
      return event.by.outcome == Outcome::kDone
                 ? "wake from " + object + ", lock " + names.Object(op.second)
                 : "wake from " + object + WithOutcome(event.by);
    case OpKind::kRelease:
      return "release " + object +
             (op.operand > 1 ? " by " + std::to_string(op.operand) : std::string());
    case OpKind::kOnceEnter:
      return "call_once " + object + (event.value == 1 ? ": runs it" : ": has run");
    case OpKind::kChoose:
      return "choose " + std::to_string(event.value) + " of " + std::to_string(op.operand);
    default:
      return DescribeIntent(op, names) + WithOutcome(event.by);
  }
}

std::string DescribeWish(const Operation& op, const Names& names) {
  const std::string object = names.KindAndName(op.object);
  switch (op.kind) {
    case OpKind::kLock:
      return "lock of " + object;
    case OpKind::kLockShared:
      return "shared lock of " + object;
    case OpKind::kWake:
      return "notification of " + object;
    case OpKind::kAcquire:
      return "permit of " + object;
    case OpKind::kPhaseWait:
      return "end of the phase of " + object;
    case OpKind::kOnceEnter:
      return "end of the call under " + object;
    case OpKind::kAtomicWait:
      return "change of " + object;
    case OpKind::kJoin:
      return "end of " + names.Thread(ThreadId{static_cast<uint32_t>(op.operand)});
    case OpKind::kSleep:
      return "end of its sleep";
    default:
      return std::string(TraitsOf(op.kind).name) + " of " + object;
  }
}

std::string_view ArticleOf(std::string_view wish) {
  const bool one_of_many = wish.starts_with("permit ") || wish.starts_with("notification ") ||
                           wish.starts_with("change ") || wish.starts_with("shared lock ");
  return one_of_many ? "a " : "the ";
}

std::string DescribeAccess(const Operation& op, const Names& names) {
  const std::string& object = names.Object(op.object);
  switch (op.kind) {
    case OpKind::kRead:
      return "read of " + Bytes(op.size) + " from " + object;
    case OpKind::kWrite:
      return "write of " + Bytes(op.size) + " to " + object;
    case OpKind::kLoad:
      return "atomic read of " + Bytes(op.size) + " from " + object;
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
      return "atomic write of " + Bytes(op.size) + " to " + object;
    default:
      return DescribeIntent(op, names);
  }
}

}  // namespace heddle
