#pragma once

#include <QStringList>

namespace Quern::app {

/// Where the parts of this installation lie, all found from where the running program lies, so that a tree works from
/// any prefix and the build tree works, too. Any thread.
namespace installation {

/// Absolute path of the running program, without symbolic links.
QString program();
/// The folder that the program's bin stands in: /usr, or a build tree.
QString prefix();
/// Absolute path of quern-worker.
QString workerProgram();
/// Absolute path of the console's module, which may not be installed.
QString consoleModule();
/// Absolute path of the folder that holds the installed plugins.
QString pluginDirectory();
/// The file of the installed plugin \a name: `<plugin folder>/lib<name>.so`.
QString pluginFile(const QString &name);
/// The names of the installed plugins.
QStringList pluginNames();

} // namespace installation

} // namespace Quern::app
