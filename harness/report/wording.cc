#include "harness/report/wording.h"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>

namespace heddle {
namespace {

// As few digits as tell it from all others of its type.
template <typename T>
std::string Floating(T value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

// What its bits are as a number of that size in two's complement.
int64_t Signed(uint64_t value, uint32_t size) {
  const uint32_t unused = 64 - 8 * size;
  return static_cast<int64_t>(value << unused) >> unused;
}

// Where the type is not known, a number is negative if it then is a small one. What is large is a
// pointer, shown by what it points to, or else bits.
std::string Value(uint64_t value, uint32_t size, ValueType type, const Names& names) {
  constexpr int64_t kSmallNegative = -(1 << 16);
  if (size > sizeof(value)) return "value #" + std::to_string(value);
  if (type == ValueType::kBool && value <= 1) return value == 1 ? "true" : "false";
  if (type == ValueType::kFloating && size == sizeof(double)) {
    return Floating(std::bit_cast<double>(value));
  }
  if (type == ValueType::kFloating && size == sizeof(float)) {
    return Floating(std::bit_cast<float>(static_cast<uint32_t>(value)));
  }
  if (type == ValueType::kSigned) return std::to_string(Signed(value, size));
  if (type == ValueType::kUnknown && size >= 4) {
    const int64_t number = Signed(value, size);
    if (number < 0 && number >= kSmallNegative) return std::to_string(number);
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
  const auto shown = [&](uint64_t value) {
    return Value(value, op.size, names.TypeOf(op.object), names);
  };
  switch (op.kind) {
    case OpKind::kLoad:
      return "load " + object + " -> " + shown(event.value) + Order(op.order);
    case OpKind::kStore:
      return "store " + object + " = " + shown(op.operand) + Order(op.order);
    case OpKind::kRmw: {
      // Pure functions of the atomic's door.
      const uint64_t result = op.rmw != nullptr ? op.rmw(event.value, op.operand) : op.operand;
      return "update " + object + ": " + shown(event.value) + " -> " + shown(result) +
             Order(op.order);
    }
    case OpKind::kCompareExchange:
      if (event.by.outcome == Outcome::kDone) {
        return "exchange " + object + ": " + shown(event.value) + " -> " + shown(op.operand) +
               Order(op.order);
      }
      return "exchange " + object + " fails: is " + shown(event.value) + ", not " +
             shown(op.expected);
    default:  // kAtomicWait
      if (event.by.outcome == Outcome::kDone) {
        return "wait on " + object + " ends: " + shown(event.value);
      }
      return "wait on " + object + " while " + shown(op.expected);
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
      if (!event.has_value || size > sizeof(event.value)) return DescribeIntent(op, names);
      const std::string value = Value(event.value, size, names.TypeOf(op.object), names);
      return op.kind == OpKind::kWrite ? object + " = " + value : "read " + object + " -> " + value;
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
