#include "worker/pluginspec.h"

#include "base/pluginname.h"

#include <Quern/handlerplugin.h>

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonObject>
#include <QPluginLoader>
#include <QRegularExpression>

namespace Quern::worker {

namespace {

constexpr QLatin1String iidStem("org.quern.HandlerPlugin/");

} // namespace

PluginSpec PluginSpec::read(const QString &file, const QVariantMap &settings)
{
    PluginSpec spec;
    // QPluginLoader looks for a relative name in Qt's own folders.
    spec.file = QFileInfo(file).absoluteFilePath();
    spec.settings = settings;
    spec.name = base::pluginNameOf(file);

    spec.error = spec.errorOfFile();
    if (!spec.error.isEmpty())
        return spec;

    const QPluginLoader loader(spec.file);
    const QJsonObject all = loader.metaData();
    if (all.isEmpty()) {
        spec.error = tr("it is not a plugin for this server (%1). Build it with quern_add_plugin() and Qt %2, and see "
                        "that the JSON file which its Q_PLUGIN_METADATA names can be read.")
                         .arg(loader.errorString(), QString::fromLatin1(qVersion()));
        return spec;
    }
    const QString metaDataError = spec.errorOfMetaData(all.value(u"MetaData").toObject());
    const QString iidError = spec.errorOfIid(all.value(u"IID").toString());
    spec.error = iidError.isEmpty() ? metaDataError : iidError;
    return spec;
}

QLibrary::LoadHints PluginSpec::loadHints() const
{
    // All symbols are resolved at once: a missing one refuses the plugin instead of killing the worker at its first
    // use.
    QLibrary::LoadHints hints = QLibrary::ResolveAllSymbolsHint | QLibrary::PreventUnloadHint;
    hints.setFlag(QLibrary::ExportExternalSymbolsHint, exportSymbols);
    return hints;
}

QString PluginSpec::errorOfFile() const
{
    const QFileInfo info(file);
    if (!info.exists())
        return tr("the file does not exist. Correct its path, or build and install it.");
    QFile device(file);
    if (!info.isFile() || !device.open(QIODevice::ReadOnly))
        return tr("the file cannot be read: %1. Let the server's user read it.")
            .arg(info.isFile() ? device.errorString() : tr("it is not a regular file"));
    if (device.read(4) != "\x7f"
                          "ELF")
        return tr("the file is not a shared library. Name the .so file that quern_add_plugin() builds.");
    return QString();
}

QString PluginSpec::errorOfIid(const QString &iid)
{
    bool numbered = false;
    if (iid.startsWith(iidStem))
        abi = QStringView(iid).sliced(iidStem.size()).toInt(&numbered);
    if (!numbered)
        return tr("it is a plugin for another program: its IID is \"%1\", not \"%2\". Name QuernHandlerPlugin_iid in "
                  "its Q_PLUGIN_METADATA.")
            .arg(iid, QStringLiteral(QuernHandlerPlugin_iid));
    if (abi != QUERN_ABI_VERSION)
        return tr("it is built for version %1 of the plugin interface, and this server speaks version %2. Build it "
                  "again with the SDK of this server.")
            .arg(abi)
            .arg(QUERN_ABI_VERSION);
    return QString();
}

QString PluginSpec::errorOfMetaData(const QJsonObject &metaData)
{
    static const QRegularExpression wellFormed(QStringLiteral("\\A[A-Za-z0-9][A-Za-z0-9._-]*\\z"));
    const QString given = metaData.value(u"name").toString();
    if (!wellFormed.match(given).hasMatch())
        return tr(
            "its metadata have no usable \"name\". Give its JSON file a \"name\" of letters, digits, '.', '_' and "
            "'-'.");
    name = given;

    const QJsonValue givenVersion = metaData.value(u"version");
    if (!givenVersion.isUndefined() && !givenVersion.isString())
        return tr("\"version\" in its metadata is not a string. Write it in quotes: \"1.0.0\".");
    version = givenVersion.toString();

    const QJsonValue givenAbi = metaData.value(u"abi");
    if (!givenAbi.isUndefined() && givenAbi.toInteger(-1) < 0)
        return tr("\"abi\" in its metadata is not a whole number. Write \"abi\": %1.").arg(QUERN_ABI_VERSION);
    if (givenAbi.toInteger(QUERN_ABI_VERSION) != QUERN_ABI_VERSION)
        return tr("its metadata say that it is written for version %1 of the plugin interface, and this server speaks "
                  "version %2. Look into the changelog for what is new, write \"abi\": %2, and build it again.")
            .arg(givenAbi.toInteger())
            .arg(QUERN_ABI_VERSION);

    const QJsonValue givenHint = metaData.value(u"exportSymbols");
    if (!givenHint.isUndefined() && !givenHint.isBool())
        return tr("\"exportSymbols\" in its metadata is not a boolean. Write true or false.");
    exportSymbols = givenHint.toBool();

    const QJsonValue givenDependencies = metaData.value(u"dependencies");
    const QString mend = tr("\"dependencies\" in its metadata is not a list of names. Write [\"first\", \"second\"].");
    if (!givenDependencies.isUndefined() && !givenDependencies.isArray())
        return mend;
    const QJsonArray names = givenDependencies.toArray();
    for (const QJsonValue &dependency : names) {
        if (!dependency.isString())
            return mend;
        dependencies.append(dependency.toString());
    }
    return QString();
}

} // namespace Quern::worker
