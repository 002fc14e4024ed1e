#include "app/server/restartcheck.h"

#include "app/server/addresscheck.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/plugininspector.h"
#include "app/server/settingscheck.h"

namespace Quern::app {

Result<void> checkRestart(const config::Settings &settings)
{
    const Result<qint64> running = PidFile::holder(Master::pidPath(settings));
    if (!running)
        return running.error();
    if (*running == 0)
        return {};
    if (const Result<void> free = checkAddresses(settings, *running); !free)
        return free;
    const Result<QList<ipc::BootMessage::Plugin>> files = pluginFiles(settings);
    const Result<ipc::HelloMessage> manifest = files ? inspectPlugins(*files, settings) : files.error();
    return manifest ? Result<void>() : manifest.error();
}

} // namespace Quern::app
