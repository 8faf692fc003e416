#include "harness/runtime/controlled/object_table.h"

#include "harness/model/model_factory.h"

namespace heddle {

void ObjectTable::Grow(Pool& pool, ObjectKind kind) {
  pool.models.push_back(MakeModel(kind));
  pool.models.back()->kind = kind;
  objects_.emplace_back();
}

}  // namespace heddle
