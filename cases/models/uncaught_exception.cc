// An exception that leaves a thread's function.
//
// Nobody is there to catch it: the standard ends the whole process with std::terminate. A parser
// that throws on bad input is called from a worker, the try block stayed behind in the thread that
// started it, and one malformed message takes the server down.
//
// The twin checks the input before it parses.
#include <stdexcept>
#include <string>

#include "harness/explore/case.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Thread;
using heddle::Var;

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

void ParseUnchecked(const std::string& text, Var<int>* total) { *total += std::stoi(text); }

void ParseChecked(const std::string& text, Var<int>* total) {
  if (!IsNumber(text)) return;  // fix
  *total += std::stoi(text);
}

template <void (*kParse)(const std::string&, Var<int>*)>
void ParseMessages() {
  Var<int> total = 0;
  try {
    Thread worker([&] {
      kParse("17", &total);
      kParse("seventeen", &total);
    });
    worker.join();
  } catch (const std::invalid_argument&) {
    // Looks as if it handled the worker's exception; it never sees it.
  }
}

const heddle::RegisterCase kBug{{.name = "models/uncaught_exception",
                                 .body = ParseMessages<ParseUnchecked>,
                                 .expect = {heddle::FindingKind::kException},
                                 .about = "a worker throws past its thread's function"}};
const heddle::RegisterCase kFixed{{.name = "models/uncaught_exception_fixed",
                                   .body = ParseMessages<ParseChecked>,
                                   .about = "bad input is refused before it is parsed"}};

}  // namespace
