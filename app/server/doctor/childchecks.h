#pragma once

#include "app/server/doctor/check.h"
#include "config/settings.h"

#include <QStringList>

namespace Quern::app::doctor {

/// Whether the child processes can become the user that the settings name, with the root folder and the limits that are
/// wanted, and whether that user could change \a files, by which the master goes. Nothing to say where the settings say
/// nothing. Makes nothing.
Checks childChecks(const config::ServerSettings &server, const QStringList &files);

} // namespace Quern::app::doctor
