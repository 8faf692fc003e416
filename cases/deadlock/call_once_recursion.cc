// A one-time initialisation that needs itself.
//
// Loading the settings computes the timeout from the base value, and asks for that through the
// public accessor, which makes sure that the settings are loaded: the thread waits for the
// initialisation that it is running. Go documents it for sync.Once, std::call_once deadlocks, a
// function-local static that is entered again while it is initialised is undefined behaviour
// ([stmt.dcl]) and hangs or throws.
//
// The twin's initialisation reads what it has just stored, not the accessor.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/once.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Thread;
using heddle::Var;

class Settings {
 public:
  template <void (Settings::*kLoad)()>
  int Timeout() {
    heddle::call_once(loaded_, [this] { (this->*kLoad)(); });
    return timeout_;
  }

  void LoadByAccessor() {
    base_ = 21;
    timeout_ = 2 * Base();
  }

  void Load() {
    base_ = 21;
    timeout_ = 2 * base_;  // fix
  }

 private:
  int Base() {
    heddle::call_once(loaded_, [this] { LoadByAccessor(); });
    return base_;
  }

  heddle::OnceFlag loaded_;
  Var<int> base_ = 0;
  Var<int> timeout_ = 0;
};

template <void (Settings::*kLoad)()>
void TwoUsers() {
  Settings settings;
  const auto use = [&] {
    heddle::Assert(settings.Timeout<kLoad>() == 42, "whoever asks gets the loaded value");
  };
  Thread other(use);
  use();
  other.join();
}

const heddle::RegisterCase kBug{{.name = "deadlock/call_once_recursion",
                                 .body = TwoUsers<&Settings::LoadByAccessor>,
                                 .expect = {heddle::FindingKind::kDeadlock},
                                 .about = "the initialisation asks for what it initialises"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/call_once_recursion_fixed",
                                   .body = TwoUsers<&Settings::Load>,
                                   .about = "the initialisation uses the value it has stored"}};

}  // namespace
