#pragma once

#include "base/identity.h"

#include <QString>

#include <optional>

namespace Quern::app {

/// Whether \a user, who is not root, could put something else at a path that root goes by.
enum class Trusted {
    Folder, ///< in the end a folder; what is not there yet is made, and looked at again
    File,   ///< in the end a file; one that is not there must not be made by him
};

/// The file, link or folder on the way to \a path (absolute) that lets \a user change what lies there: he owns it, or
/// may write to it. Null if there is none. Root alone can ask: nobody else looks with another's rights.
std::optional<QString> changeableBy(const base::Identity &user, const QString &path, Trusted what);

} // namespace Quern::app
