#pragma once

#include <QCoreApplication>

namespace Quern::config {

/// The translation context of everything this folder tells people.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::config)
};

} // namespace Quern::config
