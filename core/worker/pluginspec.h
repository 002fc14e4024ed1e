#pragma once

#include <QCoreApplication>
#include <QLibrary>
#include <QString>
#include <QStringList>
#include <QVariantMap>

class QJsonObject;

namespace Quern::worker {

/// What a plugin says about itself before any of its code runs: the JSON that Q_PLUGIN_METADATA compiled into it, see
/// Quern/handlerplugin.h. The version of the binary interface is the end of the plugin's IID, so that it comes from the
/// very headers that the plugin was compiled with.
class PluginSpec
{
    Q_DECLARE_TR_FUNCTIONS(Quern::worker::PluginSpec)
public:
    /// Reads the metadata of \a file, which maps it into this process. Never fails: a spec may be wrong, see error.
    static PluginSpec read(const QString &file, const QVariantMap &settings);

    /// How to load the file. A plugin stays mapped until the process ends, since its handlers may still be called.
    QLibrary::LoadHints loadHints() const;

    QString file;   ///< absolute
    QString source; ///< the file that it is a copy of, for messages
    QString name;   ///< the base name of the file, as long as the metadata have not told
    QString version;
    int abi = 0;
    QStringList dependencies;   ///< names of plugins to install before this one
    bool exportSymbols = false; ///< offer its symbols to libraries loaded later, as a plugin with an interpreter needs
    QVariantMap settings;
    QString error; ///< why the plugin cannot be used, and the mend; empty if it can

private:
    QString errorOfFile() const;
    QString errorOfIid(const QString &iid);
    QString errorOfMetaData(const QJsonObject &metaData);
};

} // namespace Quern::worker
