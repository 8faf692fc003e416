#include "harness/explore/coverage.h"

#include <algorithm>

namespace heddle {

void Coverage::Add(const Coverage& other) {
  executions += other.executions;
  classes.Add(other.classes);
  pairs.Add(other.pairs);
}

void Coverage::Clear() {
  executions = 0;
  classes.Clear();
  pairs.Clear();
}

CoverageCounts Coverage::Counts() const {
  return {executions, std::min(classes.distinct(), executions),
          std::min(classes.once(), executions), pairs.distinct(), classes.exact() && pairs.exact()};
}

void Coverage::Put(ByteWriter* writer) const {
  writer->Put(executions);
  classes.Put(writer);
  pairs.Put(writer);
}

bool Coverage::Get(ByteReader* reader) {
  return reader->Get(&executions) && classes.Get(reader) && pairs.Get(reader);
}

}  // namespace heddle
