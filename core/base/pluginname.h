#pragma once

#include <QFileInfo>
#include <QString>

namespace Quern::base {

/// What a plugin is called as long as nothing is known of it but its file: "shop" for "/srv/libshop.so".
inline QString pluginNameOf(const QString &file)
{
    const QString name = QFileInfo(file).baseName();
    return name.startsWith(u"lib") ? name.sliced(3) : name;
}

} // namespace Quern::base
