// The two kinds of memory on which each case of this folder exists.
//
// A case's body is a template over the kind: with heddle::Var the accesses are checked by Heddle
// itself; with Plain they are the compiler's own, which only ThreadSanitizer sees.
//
// What it does not see: clang 19 leaves out accesses to a member of a local object where the member
// is not itself passed on, even if the object is. Objects with such members are made on the heap.
#ifndef HEDDLE_CASES_RACE_PLAIN_H_
#define HEDDLE_CASES_RACE_PLAIN_H_

namespace heddle::cases {

template <typename T>
using Plain = T;

}  // namespace heddle::cases

#endif  // HEDDLE_CASES_RACE_PLAIN_H_
