#pragma once

#include "admin/protocol/configmessages.h"
#include "config/settings.h"

namespace Quern::app {

/// The settings in effect, as the management protocol tells them.
admin::ConfigReport configReport(const config::Settings &settings);

/// Whether \a candidate could hold in place of \a running, whose tables have \a tableMemory bytes, and what it would
/// change.
admin::ConfigVerdict checkCandidate(const Result<config::Settings> &candidate, const config::Settings &running,
                                    quint64 tableMemory);

} // namespace Quern::app
