#include "harness/report/symbol_path.h"

#include <algorithm>

namespace heddle::internal {
namespace {

constexpr std::string_view kThisFile = "/harness/report/symbol_path.cc";

// What `path` has after its last `count` slashes.
std::string_view LastComponents(std::string_view path, int count) {
  size_t slash = path.size();
  for (int i = 0; i < count && slash != std::string_view::npos && slash > 0; ++i)
    slash = path.rfind('/', slash - 1);
  return slash == std::string_view::npos || slash == path.size() ? path : path.substr(slash + 1);
}

}  // namespace

std::string NormalizePath(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !absolute) {
      kept.push_back(part);
    }
  }
  std::string result;
  for (const std::string_view part : kept) {
    if (absolute || !result.empty()) result += '/';
    result += part;
  }
  return result;
}

std::string BuiltSourceRoot() {
#ifdef HEDDLE_SOURCE_ROOT
  return HEDDLE_SOURCE_ROOT;
#else
  const std::string_view file = __FILE__;
  return file.starts_with('/') && file.ends_with(kThisFile)
             ? std::string(file.substr(0, file.size() - kThisFile.size()))
             : "";
#endif
}

SourcePaths::SourcePaths(std::string_view source_root, std::vector<std::string> internal_fragments)
    : root_(NormalizePath(source_root)), fragments_(std::move(internal_fragments)) {
  if (!root_.empty()) root_ += '/';
  fragments_.push_back("/include/heddle/");
}

std::string SourcePaths::Display(std::string_view path, std::string_view compiled_in) const {
  const std::string file = NormalizePath(path);
  if (!file.starts_with('/') || IsSystem(file)) return file;
  if (!root_.empty() && file.starts_with(root_)) return file.substr(root_.size());
  const std::string folder = NormalizePath(compiled_in) + "/";
  size_t common = 0;
  for (size_t i = 0; i < std::min(file.size(), folder.size()) && file[i] == folder[i]; ++i) {
    if (file[i] == '/') common = i;
  }
  if (common > 0) return file.substr(common + 1);
  return std::string(LastComponents(file, 3));
}

bool SourcePaths::IsUser(std::string_view path) const {
  if (path.empty()) return false;
  std::string file = NormalizePath(path);
  if (IsSystem(file)) return false;
  // Recorded relative, when the build maps its prefix away; a leading slash lets the fragments
  // match.
  const bool relative = !file.starts_with('/');
  const std::string slashed = relative ? "/" + file : file;
  for (const std::string_view folder : {"/primitives/", "/harness/", "/tools/"}) {
    if (relative || root_.empty()
            ? slashed.find(folder) != std::string::npos
            : slashed.starts_with(root_) && slashed.substr(root_.size() - 1).starts_with(folder)) {
      return false;
    }
  }
  return std::none_of(fragments_.begin(), fragments_.end(), [&](const std::string& fragment) {
    return slashed.find(fragment) != std::string::npos;
  });
}

bool SourcePaths::IsSystem(std::string_view path) {
  return path.starts_with("/usr/") || path.starts_with("/lib/") || path.starts_with("/lib64/");
}

}  // namespace heddle::internal
