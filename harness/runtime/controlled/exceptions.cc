#include "harness/runtime/controlled/exceptions.h"

#include <cxxabi.h>
#include <unwind.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <typeinfo>

#include "harness/core/finding.h"

extern "C" _Unwind_Reason_Code __gxx_personality_v0(int, _Unwind_Action, _Unwind_Exception_Class,
                                                    _Unwind_Exception*, _Unwind_Context*);

namespace heddle::internal {
namespace {

constexpr size_t kMaxFrames = 64;

std::string TypeName(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : type.name();
}

// The unwinder's part of the exception that is being handled. The Itanium C++ ABI (exception
// handling, 2.2) lays out what lies before a thrown object, and the list that leads there.
const _Unwind_Exception* HandledException() {
  struct Header {
    void* of_the_runtime[10];
    _Unwind_Exception unwind;
  };
  const Header* header;
  std::memcpy(&header, abi::__cxa_get_globals(), sizeof(header));
  return header == nullptr ? nullptr : &header->unwind;
}

struct Search {
  uintptr_t frame;             // as the unwinder has identified it
  bool met_personality = false;
  bool met_frame = false;
  std::vector<uintptr_t> stack = {};
};

_Unwind_Reason_Code Visit(_Unwind_Context* context, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  const uintptr_t pc = _Unwind_GetIP(context);
  search.met_frame =
      search.met_frame || (search.met_personality && _Unwind_GetCFA(context) == search.frame);
  if (search.met_frame) {
    search.stack.push_back(pc);
  } else if (_Unwind_FindEnclosingFunction(reinterpret_cast<void*>(pc - 1)) ==
             reinterpret_cast<void*>(&__gxx_personality_v0)) {
    search.met_personality = true;
  }
  return search.stack.size() < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

}  // namespace

std::string DescribeCurrentException() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return {};
  if (type == nullptr) return "an exception of another language";
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& error) {
    return TypeName(*type) + " (\"" + error.what() + "\")";
  } catch (...) {
    return WithArticle(TypeName(*type));
  }
}

// The unwinder has searched for a handler and found the frame that forbids to be left, whose
// identity it keeps in the exception (private_2). It then unwinds up to there, and the personality
// routine of that frame calls std::terminate: on top of the throw's stack, so that the frame is
// still there.
std::vector<uintptr_t> StackOfNoexceptFunction() {
  const _Unwind_Exception* const handled = HandledException();
  if (handled == nullptr) return {};
  Search search{.frame = static_cast<uintptr_t>(handled->private_2)};
  _Unwind_Backtrace(&Visit, &search);
  return std::move(search.stack);
}

}  // namespace heddle::internal
