#pragma once

#include "config/rules.h"

#include <QStringList>

namespace Quern::config {

/// A list such as ["quern.http=debug"], or one string, as base::LogLevels::categoryTexts() writes it. Tells \a reading
/// what is wrong, and leaves that out; \a present is the mend for what is no list at all, and then the result.
QStringList readLogCategories(const Reading &reading, const QStringList &present);

} // namespace Quern::config
