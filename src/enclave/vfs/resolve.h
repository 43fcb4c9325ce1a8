// SPDX-License-Identifier: Apache-2.0
// Path resolution. Trusted, kernel storey.
//
// The walk happens inside, over names that we trust, as long as there are nodes. Where a directory has no such child
// but is host-backed, the walk leaves the tree and the rest of the path goes to the host in one call. Only ".." out
// there needs a look first: what it would leave must be a directory and no link, or the host could lead the walk where
// it likes.
#pragma once
#include "src/enclave/vfs/node.h"

namespace cloister::vfs {
enum class LastLink { follow, keep };

struct Resolved {
  std::string path;   // absolute, in the tree's terms
  NodeRef node;       // null: nothing there, or only the host knows
  NodeRef parent;     // in-enclave directory that holds or would hold it; null for the root and beyond the tree
  std::string name;   // its name there
  FileRef file;       // the end of a magic link
  bool host = false;  // the host has a say: it has the object, or (with `node`, a directory) more of its contents
  std::size_t names_outside = 0;  // how many of the path's last names lie beyond the tree
  bool must_be_directory = false;

  std::string host_path() const& { return must_be_directory ? path + "/" : path; }
  std::string host_path() && {
    if (must_be_directory) path += '/';
    return std::move(path);
  }
  bool exists_inside() const { return node != nullptr && !host; }
};

// `base` is absolute: where a relative path starts. A missing last component is no error here.
Result<Resolved> resolve_path(Task& task, const NodeRef& root, const std::string& base, const std::string& path,
                              LastLink last);
// A directory of the host by its own name, if the tree shows it under that, and not by that of a link which leads
// there.
std::string own_name(Task& task, const NodeRef& root, const Resolved& directory);
}  // namespace cloister::vfs
