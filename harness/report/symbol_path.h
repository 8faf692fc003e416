// Which source files are the user's, and how a file is written in a report.
//
// A report must read the same from every checkout on every machine, so no absolute path of a user's
// file is shown:
//   1. files of the system (/usr/...) stay as they are: they are the same everywhere;
//   2. a file below the source root is shown relative to it;
//   3. any other file is shown relative to the deepest folder that contains both it and the folder
//      it was compiled in (with a build folder inside the source tree: the top of that tree);
//   4. failing that (nothing in common but "/"), its last three components.
// The current directory plays no part, because it depends on where the command was started.
//
// A file is the user's unless it is the system's, below primitives/, harness/ or tools/ of the
// source root, below an installed include/heddle/, or contains one of the extra fragments. Without
// a known source root, primitives/, harness/ and tools/ count wherever they are.
//
// Immutable after construction; any thread.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOL_PATH_H_
#define HEDDLE_HARNESS_REPORT_SYMBOL_PATH_H_

#include <string>
#include <string_view>
#include <vector>

namespace heddle::internal {

// Without "." and "..", by text alone.
std::string NormalizePath(std::string_view path);

// The root of Heddle's own sources, as its build recorded it; empty if unknown.
std::string BuiltSourceRoot();

class SourcePaths {
 public:
  SourcePaths(std::string_view source_root, std::vector<std::string> internal_fragments);

  // `path` is a file as recorded; `compiled_in` is the folder its unit was compiled in.
  std::string Display(std::string_view path, std::string_view compiled_in) const;
  bool IsUser(std::string_view path) const;

  // The same question about a loaded file (an executable or a library).
  static bool IsSystem(std::string_view path);

 private:
  std::string root_;  // ends in '/', or empty
  std::vector<std::string> fragments_;
};

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_SYMBOL_PATH_H_
