// A new folder that is removed with what is in it.
#ifndef HEDDLE_TESTS_SUPPORT_SCRATCH_FOLDER_H_
#define HEDDLE_TESTS_SUPPORT_SCRATCH_FOLDER_H_

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace heddle::testing {

class ScratchFolder {
 public:
  ScratchFolder() {
    // mkdtemp replaces the last six letters.
    std::string name = (std::filesystem::temp_directory_path() / "heddle_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::filesystem::filesystem_error(
          "mkdtemp", name, std::error_code(errno, std::generic_category()));
    }
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_SCRATCH_FOLDER_H_
