#include "harness/report/symbol_calls.h"

#include <cstring>

namespace heddle::internal {

#if defined(__x86_64__)

namespace {

constexpr uint8_t kCall = 0xE8;
constexpr uint8_t kJump = 0xE9;
constexpr uint8_t kIndirect = 0xFF;
constexpr uint8_t kIndirectCall = 0x15;  // call *disp32(%rip)
constexpr uint8_t kIndirectJump = 0x25;  // jmp *disp32(%rip)

uintptr_t Relative(const uint8_t* operand) {
  int32_t displacement;
  std::memcpy(&displacement, operand, sizeof(displacement));
  return reinterpret_cast<uintptr_t>(operand) + sizeof(displacement) +
         static_cast<intptr_t>(displacement);
}

std::optional<DirectCall> Decode(std::span<const uint8_t> code) {
  if (code.size() >= 5 && (code[0] == kCall || code[0] == kJump)) {
    return DirectCall{reinterpret_cast<uintptr_t>(code.data() + 5), Relative(code.data() + 1),
                      false};
  }
  if (code.size() >= 6 && code[0] == kIndirect &&
      (code[1] == kIndirectCall || code[1] == kIndirectJump)) {
    return DirectCall{reinterpret_cast<uintptr_t>(code.data() + 6), Relative(code.data() + 2),
                      true};
  }
  return std::nullopt;
}

}  // namespace

std::vector<DirectCall> FindDirectCalls(std::span<const uint8_t> code) {
  std::vector<DirectCall> calls;
  for (size_t i = 0; i < code.size(); ++i) {
    if (const auto call = Decode(code.subspan(i))) calls.push_back(*call);
  }
  return calls;
}

std::vector<DirectCall> CallsEndingAt(uintptr_t next, size_t readable) {
  std::vector<DirectCall> calls;
  for (const size_t length : {size_t{5}, size_t{6}}) {
    if (length > readable) continue;
    const auto call = Decode({reinterpret_cast<const uint8_t*>(next - length), length});
    if (call && call->next == next) calls.push_back(*call);
  }
  return calls;
}

std::optional<uintptr_t> LinkageStubSlot(std::span<const uint8_t> code) {
  constexpr uint8_t kEndBranch[] = {0xF3, 0x0F, 0x1E, 0xFA};
  constexpr uint8_t kBoundPrefix = 0xF2;
  if (code.size() >= 4 && std::memcmp(code.data(), kEndBranch, 4) == 0) code = code.subspan(4);
  if (!code.empty() && code[0] == kBoundPrefix) code = code.subspan(1);
  if (code.size() < 6 || code[0] != kIndirect || code[1] != kIndirectJump) return std::nullopt;
  return Relative(code.data() + 2);
}

#else

std::vector<DirectCall> FindDirectCalls(std::span<const uint8_t>) { return {}; }
std::vector<DirectCall> CallsEndingAt(uintptr_t, size_t) { return {}; }
std::optional<uintptr_t> LinkageStubSlot(std::span<const uint8_t>) { return std::nullopt; }

#endif

}  // namespace heddle::internal
