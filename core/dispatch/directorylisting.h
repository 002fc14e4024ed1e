#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <dirent.h>
#include <functional>

namespace Quern::dispatch {

/// Calls \a visit for each entry of the folder open as \a folder, "." and ".." included, until it returns false. False
/// if the folder cannot be read. Blocks for the disk.
bool visitFolder(int folder, const std::function<bool(const dirent &entry)> &visit);

/// A listing names this many entries at most.
inline constexpr int MaxListedEntries = 2000;

/// An HTML page (UTF-8) with the names in the folder open as \a folder, folders first, each sorted by bytes, none that
/// begin with a dot, and no symbolic link for which not \a isServed(name). \a path is the folder's as the client sees
/// it, decoded, "/" at both ends. Blocks for the disk.
QByteArray folderListing(int folder, QByteArrayView path, const std::function<bool(QByteArrayView)> &isServed);

} // namespace Quern::dispatch
