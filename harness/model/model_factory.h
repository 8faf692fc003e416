// Makes the model of each kind of object.
#ifndef HEDDLE_HARNESS_MODEL_MODEL_FACTORY_H_
#define HEDDLE_HARNESS_MODEL_MODEL_FACTORY_H_

#include <memory>

#include "harness/model/sync_model.h"

namespace heddle {

std::unique_ptr<SyncModel> MakeModel(ObjectKind kind);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_MODEL_FACTORY_H_
