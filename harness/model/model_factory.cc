#include "harness/model/model_factory.h"

#include "harness/core/check.h"
#include "harness/model/atomic_model.h"
#include "harness/model/barrier_model.h"
#include "harness/model/condvar_model.h"
#include "harness/model/mutex_model.h"
#include "harness/model/once_model.h"
#include "harness/model/semaphore_model.h"
#include "harness/model/shared_count_model.h"
#include "harness/model/shared_mutex_model.h"
#include "harness/model/thread_model.h"
#include "harness/model/var_model.h"

namespace heddle {

std::unique_ptr<SyncModel> MakeModel(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kMutex: return std::make_unique<MutexModel>();
    case ObjectKind::kSharedMutex: return std::make_unique<SharedMutexModel>();
    case ObjectKind::kCondVar: return std::make_unique<CondVarModel>();
    case ObjectKind::kSemaphore: return std::make_unique<SemaphoreModel>();
    case ObjectKind::kBarrier: return std::make_unique<BarrierModel>();
    case ObjectKind::kOnce: return std::make_unique<OnceModel>();
    case ObjectKind::kSharedCount: return std::make_unique<SharedCountModel>();
    case ObjectKind::kAtomic: return std::make_unique<AtomicModel>();
    case ObjectKind::kVar: return std::make_unique<VarModel>();
    case ObjectKind::kThread: return std::make_unique<ThreadModel>();
    case ObjectKind::kNone: break;
  }
  HEDDLE_CHECK(false, "an object kind without a model");
  return nullptr;
}

}  // namespace heddle
