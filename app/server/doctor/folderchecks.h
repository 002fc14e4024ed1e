#pragma once

#include "app/server/doctor/check.h"
#include "config/settings.h"

namespace Quern::app::doctor {

/// What a file system has left for this user.
struct Space
{
    qint64 bytes = 0;
    qint64 files = 0; ///< new ones; -1 where the file system has no such limit
};

/// What to say of \a space at \a path, which the setting \a key names: a warning or an error if it is short.
Check spaceCheck(const QString &name, const QString &found, const QString &path, const Space &space);

/// Whether the folders and files that the settings name can be used, and have room: runtime_dir, log_file, access_log,
/// upload_tmp_dir, document_root and, if there are task workers, tasks.database. Those that a start would make are not made.
Checks folderChecks(const config::ServerSettings &server);

} // namespace Quern::app::doctor
