#pragma once

#include "config/rules.h"

namespace Quern::config {

/// What the file says, or null, and told to \a reading, unless it fits \a rule.
template <typename Number>
std::optional<QList<Number>> readNumbers(const NumberListRule<Number> &rule, const Reading &reading,
                                         const QList<Number> &present);

/// "[0.25, 1.0]"
template <typename Number>
QString numbersText(const QList<Number> &numbers);

} // namespace Quern::config
