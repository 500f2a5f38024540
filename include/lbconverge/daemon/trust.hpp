// Decides which files a program with the daemon's rights may trust: those that nobody else can write. Used before a
// command of the configuration is run, before a file with secrets or a file in conf.d is read, and by `check` for the
// files that it can see.
#pragma once

#include <optional>
#include <string>

namespace lbconverge::daemon {

/// Why a file must not be used on behalf of a user: somebody other than root, that user and the user of this process
/// may write the file, its directory or a directory above. (A sticky directory above, like /tmp, may be writable: there
/// nobody can replace a file of another user.) `missing`: the file does not exist. nullopt: the file can be trusted.
struct Distrust {
    bool missing = false;
    std::string why;  ///< "/opt/hook may be written by its group"
};
std::optional<Distrust> distrust(const std::string& path, unsigned user);
/// The same for a user by name. If this machine does not know the name, the file is used on behalf of root.
std::optional<Distrust> distrust(const std::string& path, const std::string& user);
/// The same, on behalf of root, for a file with a secret: nor may others read it.
std::optional<Distrust> distrust_secret(const std::string& path);
/// The same for a file that is used only because it lies beside `named`, a file that the user has named: why it must
/// not be used on behalf of the owner of `named`. nullopt also if others may write `named` itself.
std::optional<Distrust> distrust_beside(const std::string& path, const std::string& named);

}  // namespace lbconverge::daemon
