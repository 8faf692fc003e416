// A snapshot of two cells that reads one after the other. What it returns may never have been: the
// first cell before an update of it, the second after a later update of the other.
//
// Where: statistics and progress read counter by counter, backups taken file by file.
//
// The twin collects again until nothing has changed in between, as in Afek and others, "Atomic
// snapshots of shared memory" (JACM 1993); each cell counts its updates, so that a value that comes
// back is a change.
#include <utility>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"

namespace {

class Cells {
 public:
  void Update(int cell, int value) {
    Cell now = cells_[cell].load();
    while (!cells_[cell].compare_exchange_strong(now, Cell{value, now.updates + 1})) {
    }
  }
  std::pair<int, int> Scan() {
    const Both seen = Collect();
    return {seen.first.value, seen.second.value};
  }
  std::pair<int, int> ScanFixed() {
    Both seen = Collect();
    for (Both again = Collect(); again != seen; again = Collect()) seen = again;  // fix
    return {seen.first.value, seen.second.value};
  }

 private:
  struct Cell {
    int value;
    int updates;
    bool operator==(const Cell&) const = default;
  };
  using Both = std::pair<Cell, Cell>;

  Both Collect() {
    const Cell first = cells_[0].load();
    return {first, cells_[1].load()};
  }

  heddle::Atomic<Cell> cells_[2] = {Cell{0, 0}, Cell{0, 0}};
};

struct CellsSpec {
  void Update(int cell, int value) { (cell == 0 ? cells.first : cells.second) = value; }
  std::pair<int, int> Scan() { return cells; }
  std::pair<int, int> ScanFixed() { return cells; }
  bool operator==(const CellsSpec&) const = default;
  std::pair<int, int> cells{0, 0};
};

void SingleCollectSnapshot() {
  Cells cells;
  heddle::Linearizable<CellsSpec>(cells)
      .Operation("update", [](auto& c, int cell, int value) { c.Update(cell, value); }, {0, 1}, {1})
      .Operation("scan", [](auto& c) { return c.Scan(); })
      .Run({.threads = 2, .calls = 2});
}

void SingleCollectSnapshotFixed() {
  Cells cells;
  heddle::Linearizable<CellsSpec>(cells)
      .Operation("update", [](auto& c, int cell, int value) { c.Update(cell, value); }, {0, 1}, {1})
      .Operation("scan", [](auto& c) { return c.ScanFixed(); })
      .Run({.threads = 2, .calls = 2});
}

const heddle::RegisterCase kBug{{
    .name = "linearizability/single_collect_snapshot",
    .body = SingleCollectSnapshot,
    .expect = {heddle::FindingKind::kNotLinearizable},
    .preemptions = 1,
    .about = "a snapshot reads cell by cell, and sees a state that never was",
}};
const heddle::RegisterCase kTwin{{
    .name = "linearizability/single_collect_snapshot_fixed",
    .body = SingleCollectSnapshotFixed,
    .about = "collected again until nothing has changed",
}};

}  // namespace
