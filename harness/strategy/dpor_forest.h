// The search of source-dpor divided: its parts, whose points cover all that is left.
//
// A race adds a branch to a point anywhere above it, unless one that will do is there, so each
// point belongs to one part, and parts are explored in rounds: within a round each knows of the
// others what it knew at its beginning, and when all have ended, the branches that they found for
// each other's points are added by whoever owns those. What is below a branch is complete by itself
// but for what sleeps, whoever comes first (Abdulla, Aronis, Jonsson, Sagonas, J. ACM 64(4), 2017,
// section 5); the branches of a point have an order, that in which they were begun, and each sleeps
// on those before.
//
// A part is a range of the points of its path. One below whose last point others have parts is
// called their parent; it is explored a point at a time, because its points must last as long as
// they. A function of what the parts of the rounds return, and of nothing else.
// Threading: one. Memory: a path and its trees for each part, of which there are few more than a
// round has.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_FOREST_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_FOREST_H_

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_part.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class DporForest final : public SearchRounds {
 public:
  // Before the first round there is the whole tree, as a part that has been handed out.
  DporForest();

  bool Next(std::span<const std::string> left, size_t most,
            std::vector<std::string>* next) override;
  std::string Recount(double share_done) const override;
  std::string ToBytes() const override;
  bool Restore(std::string_view bytes) override;

 private:
  struct Entry {
    DporPart part;
    Entry* parent;          // null: its first point is the root
    uint32_t children = 0;  // below its last point
    bool is_out = false;    // in the round
  };

  bool IsLeft(const Entry& entry) const;
  Entry* CutOff(Entry* entry, uint32_t depth);
  void Isolate(Entry* entry, uint32_t depth);
  void GoOnAtOnePoint();
  void DivideInto(size_t most);
  void DropWhatIsDone();

  std::vector<ThreadPlace> places_;  // of the threads of all parts, by name
  std::list<Entry> entries_;         // in the order of the search, children before their parents
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_FOREST_H_
