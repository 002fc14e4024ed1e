#pragma once

#include <QCoreApplication>

namespace Quern::app::doctor {

/// The translation context of everything that the doctor tells.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::doctor)
};

} // namespace Quern::app::doctor
