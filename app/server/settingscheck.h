#pragma once

#include "config/settings.h"
#include "dispatch/staticfiles.h"
#include "ipc/messages.h"
#include "protocol/http/proxytrust.h"

#include <Quern/result.h>

#include <QList>
#include <QStringList>

namespace Quern::app {

// What the settings say about this machine, as far as it shows without doing anything. An error names the line of the
// settings and the mend, one line a problem.

/// Everything below, and whether the folders of sockets and logs and the runtime directory are there or can be made.
/// Ports are not tried: a server may run. The tables may take \a leavingMemory as well: bytes that those of this server
/// have, which goes before one with \a settings comes.
Result<void> checkSettings(const config::Settings &settings, quint64 leavingMemory = 0);

/// The paths of the plugins that are to be loaded, whether they are there or not.
QStringList pluginPaths(const config::Settings &settings);

/// The files of the plugins that are to be loaded.
Result<QList<ipc::BootMessage::Plugin>> pluginFiles(const config::Settings &settings);

/// Opens the document root.
Result<dispatch::StaticFiles> openStaticFiles(const config::Settings &settings);

Result<protocol::http::ProxyTrust> proxyTrust(const config::Settings &settings);

/// What the master reads, runs and writes: the settings, their .env files, the plugins, the programs, logs and the
/// database of tasks. Absolute.
QStringList filesOfMaster(const config::Settings &settings);

/// Whether the children can become who they are to be, and reach what they must, and no more; see childProblem() and
/// trustProblem().
Result<void> checkChildren(const config::Settings &settings);

/// Whether upload_tmp_dir, unless it is "", can be written to.
Result<void> checkUploadDirectory(const config::Settings &settings);

/// The error of opening \a settings' access log, with its mend.
Error accessLogError(const config::Settings &settings, const Error &error);

/// \a error with the line that the server's setting \a key stands in: "quern.toml:7: server.document_root: …"
Error errorAt(const config::Settings &settings, const char *key, const Error &error);
/// The same at any setting: \a path is as in Settings::origins, "socket[0].listen", and named as "socket.listen".
Error errorAtPath(const config::Settings &settings, const QString &path, const Error &error);

} // namespace Quern::app
