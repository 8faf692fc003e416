#include "harness/runtime/controlled/object_table.h"

#include "harness/model/model_factory.h"

namespace heddle {

SyncModel& ObjectTable::Add(const ObjectInit& init, ThreadId creator) {
  Pool& pool = pools_[static_cast<size_t>(init.kind)];
  if (pool.used == pool.models.size()) pool.models.push_back(MakeModel(init.kind));
  SyncModel& model = *pool.models[pool.used++];
  model.Reset(init);
  model.id = ObjectId{static_cast<uint32_t>(objects_.size())};
  model.kind = init.kind;
  model.address = init.address;
  model.size = init.size;
  model.name = init.name;
  model.creator = creator;
  model.first_waiter = SyncModel::kNoWaiter;
  model.destroyed = false;
  objects_.push_back(&model);
  return model;
}

}  // namespace heddle
