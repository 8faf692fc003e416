// FolderLock: one run at a time writes to an output folder.
//
// A lock of fcntl on the file `.lock` in it. Such a lock belongs to the process: workers, and what
// programs under test start, do not inherit it with the descriptor, and it goes with the process
// however that ends, so that a run that was killed can be gone on with at once. The file goes with
// the lock, unless its owner was killed; a file without an owner locks nothing.
//
// A process has no lock against itself. Where the file system knows no locks, there is none.
#ifndef HEDDLE_HARNESS_EXPLORE_FOLDER_LOCK_H_
#define HEDDLE_HARNESS_EXPLORE_FOLDER_LOCK_H_

#include <memory>
#include <string>
#include <utility>

namespace heddle {

class FolderLock {
 public:
  // Does not wait. Null, with the reason and what to do in `*error`, where another process has it.
  static std::unique_ptr<FolderLock> Take(const std::string& folder, std::string* error);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  FolderLock(std::string file, int fd) : file_(std::move(file)), fd_(fd) {}

  const std::string file_;
  // Invariant: the only descriptor of the file in this process. The first to be closed would let go
  // of the lock.
  const int fd_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_FOLDER_LOCK_H_
