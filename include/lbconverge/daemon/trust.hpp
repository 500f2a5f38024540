// Which files a program with the daemon's rights may believe: those that nobody else can write. Used before a command
// of the configuration is run, before a file with secrets is read, and by `check` where it can see them.
#pragma once

#include <optional>
#include <string>

namespace lbconverge::daemon {

/// Why the file must not be used on behalf of this user: somebody who is neither root, nor that user, nor the user of
/// this process, may write it, its directory or one above. A directory above may be sticky, as /tmp is: there nobody
/// replaces what is another's. nullopt: nothing speaks against it. `missing`: there is no such file to look at.
struct Distrust {
    bool missing = false;
    std::string why;  ///< "/opt/hook may be written by its group"
};
std::optional<Distrust> distrust(const std::string& path, unsigned user);
/// The same for a user by name, where this machine knows one; else on behalf of root.
std::optional<Distrust> distrust(const std::string& path, const std::string& user);
/// The same, on behalf of root, for a file with a secret: nor may others read it.
std::optional<Distrust> distrust_secret(const std::string& path);
/// Why a file that nobody named must not be used beside one that was named, on behalf of that one's owner: somebody may
/// write it who may not write the named one.
std::optional<Distrust> distrust_beside(const std::string& path, const std::string& named);

}  // namespace lbconverge::daemon
