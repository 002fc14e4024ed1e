#pragma once

#include "admin-gui/views/view.h"

#include <QList>

namespace Quern::console {

/// One of each, in the order in which the window lists them. They belong to whoever asks.
QList<View *> makeViews(const ViewContext &context);

} // namespace Quern::console
