#pragma once

#include <QCoreApplication>

namespace Quern::cron {

/// The translation context of everything this folder tells people.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::cron)
};

} // namespace Quern::cron
