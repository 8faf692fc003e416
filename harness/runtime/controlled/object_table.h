// The modelled objects of the running execution. Models are pooled by kind and reused from
// execution to execution, so that registering one costs a few nanoseconds and no allocation.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_

#include <array>
#include <memory>
#include <vector>

#include "harness/core/ids.h"
#include "harness/core/object.h"
#include "harness/model/atomic_model.h"
#include "harness/model/mutex_model.h"
#include "harness/model/sync_model.h"

namespace heddle {

class ObjectTable {
 public:
  // Forgets all objects.
  void Clear() {
    size_ = 0;
    for (Pool& pool : pools_) pool.used = 0;
  }

  SyncModel& Add(const ObjectInit& init, ThreadId creator) {
    switch (init.kind) {
      case ObjectKind::kMutex:
        return AddAs<MutexModel>(init, creator);
      case ObjectKind::kAtomic:
        return AddAs<AtomicModel>(init, creator);
      default:
        return AddAs<SyncModel>(init, creator);
    }
  }

  // The same for a kind that is known: a final class's Reset is inlined.
  template <typename Model>
  Model& AddAs(const ObjectInit& init, ThreadId creator) {
    Pool& pool = pools_[static_cast<size_t>(init.kind)];
    if (pool.used == pool.models.size()) [[unlikely]] Grow(pool, init.kind);
    auto& model = static_cast<Model&>(*pool.models[pool.used++]);
    model.Reset(init);
    model.id = ObjectId{size_};
    model.address = reinterpret_cast<uintptr_t>(init.address);
    model.size = init.size;
    model.name = init.name;
    model.noun = init.noun;
    model.creator = creator;
    model.first_waiter = SyncModel::kNoWaiter;
    model.pending = 0;
    model.order.Clear();
    model.changed_by = 0;
    model.destroyed = false;
    objects_[size_++] = &model;
    return model;
  }

  SyncModel& operator[](ObjectId id) { return *objects_[Index(id)]; }
  const SyncModel& operator[](ObjectId id) const { return *objects_[Index(id)]; }
  uint32_t size() const { return size_; }

 private:
  struct Pool {
    std::vector<std::unique_ptr<SyncModel>> models;
    size_t used = 0;
  };
  void Grow(Pool& pool, ObjectKind kind);

  std::array<Pool, kObjectKinds> pools_;
  std::vector<SyncModel*> objects_;  // the first size_; with room for every model of the pools
  uint32_t size_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_
