#pragma once

#include <QString>

namespace Quern::console {

/// A sentence of the server in the user's language: how it is, or a step of a long action. What is not known stays as
/// the server has said it, in English.
QString serverText(const QString &text);

} // namespace Quern::console
