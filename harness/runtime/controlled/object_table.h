// The modelled objects of the running execution. Models are pooled by kind and reused from execution
// to execution, so that registering one costs a few nanoseconds and no allocation.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_

#include <array>
#include <memory>
#include <vector>

#include "harness/core/ids.h"
#include "harness/core/object.h"
#include "harness/model/sync_model.h"

namespace heddle {

class ObjectTable {
 public:
  // Forgets all objects.
  void Clear() {
    objects_.clear();
    for (Pool& pool : pools_) pool.used = 0;
  }

  SyncModel& Add(const ObjectInit& init, ThreadId creator);

  SyncModel& operator[](ObjectId id) { return *objects_[Index(id)]; }
  uint32_t size() const { return static_cast<uint32_t>(objects_.size()); }

 private:
  struct Pool {
    std::vector<std::unique_ptr<SyncModel>> models;
    size_t used = 0;
  };
  std::array<Pool, kObjectKinds> pools_;
  std::vector<SyncModel*> objects_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_OBJECT_TABLE_H_
