#include "harness/explore/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace heddle {
namespace {

// The length 0 stands for all of it.
struct flock WholeFile() {
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return whole;
}

// " (process 4711)"; empty where it is not known: it may have ended, or be on another machine.
std::string OwnerOf(int fd) {
  struct flock held = WholeFile();
  if (::fcntl(fd, F_GETLK, &held) != 0 || held.l_type == F_UNLCK || held.l_pid <= 0) return {};
  return " (process " + std::to_string(held.l_pid) + ")";
}

// Whoever had the lock before may have removed the file that was opened.
bool IsStillThere(int fd, const std::string& file) {
  struct stat opened = {};
  struct stat named = {};
  return ::fstat(fd, &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

std::unique_ptr<FolderLock> FolderLock::Take(const std::string& folder, std::string* error) {
  const std::string file = folder + "/.lock";
  while (true) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
      *error = "cannot open '" + file + "': " + std::strerror(errno);
      return nullptr;
    }
    const struct flock whole = WholeFile();
    if (::fcntl(fd, F_SETLK, &whole) != 0 && (errno == EAGAIN || errno == EACCES)) {
      *error = "another run" + OwnerOf(fd) + " writes to '" + folder +
               "', and the results would mix: wait for its end, or choose another folder";
      ::close(fd);
      return nullptr;
    }
    if (IsStillThere(fd, file)) return std::unique_ptr<FolderLock>(new FolderLock(file, fd));
    ::close(fd);
  }
}

FolderLock::~FolderLock() {
  ::unlink(file_.c_str());  // first: afterwards it may be another's
  ::close(fd_);
}

}  // namespace heddle
