#pragma once

#include "config/rules.h"

namespace Quern::config {

// How the keys of ChildSettings are read: see readValue() and valueText().

void read(const AccountRule &rule, const Reading &reading, ServerSettings &settings);
void read(const MaskRule &rule, const Reading &reading, ServerSettings &settings);
void read(const ChildLimitsRule &rule, const Reading &reading, ServerSettings &settings);

QString text(const AccountRule &rule, const ServerSettings &settings);
QString text(const MaskRule &rule, const ServerSettings &settings);
QString text(const ChildLimitsRule &rule, const ServerSettings &settings);

} // namespace Quern::config
