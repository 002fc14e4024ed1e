#include "config/pluginreader.h"

#include "config/rules.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QDir>
#include <QRegularExpression>

#include <algorithm>

namespace Quern::config {

namespace {

const QString tableName = QStringLiteral("plugin");

/// Reads one [[plugin]] entry after the other.
class PluginReader
{
public:
    PluginReader(const QString &fileName, Settings &settings, Problems &problems)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    void read(const TomlValue &table)
    {
        PluginSettings plugin;
        int nameLine = 0;
        int fileLine = 0;
        for (const TomlEntry &entry : table.entries) {
            const Reading reading{tableName, entry.key, entry.value, m_settings.directory, m_problems};
            // A variable in it could not be read: that has been told.
            const bool isTold = m_problems.concern(tableName + u'.' + tomlKey(entry.key), entry.value.line);
            if (isTold && (entry.key == u"name" || entry.key == u"file" || entry.key == u"enabled")) {
                nameLine = entry.key == u"name" ? entry.line : nameLine;
                fileLine = entry.key == u"file" ? entry.line : fileLine;
            } else if (entry.key == u"name") {
                nameLine = entry.line;
                readName(reading, plugin.name);
            } else if (entry.key == u"file") {
                fileLine = entry.line;
                readFile(reading, plugin.file);
            } else if (entry.key == u"enabled") {
                readFlag(reading, plugin.enabled);
            } else if (entry.key == u"settings") {
                readSettings(reading, plugin.settings);
            } else {
                m_problems.addUnknownKey(entry.line, tableName + u'.' + tomlKey(entry.key), entry.key,
                                         {QStringLiteral("name"), QStringLiteral("file"), QStringLiteral("enabled"),
                                          QStringLiteral("settings")});
            }
            noteOrigin(entry);
        }
        if (nameLine > 0 && fileLine > 0) {
            m_problems.add(
                std::max(nameLine, fileLine), tableName,
                Text::tr("has both name and file; keep one: name for an installed plugin, file for another"));
        } else if (nameLine == 0 && fileLine == 0) {
            m_problems.add(table.line, tableName,
                           Text::tr("names no plugin; write name = \"welcome\" or file = \"/path/libwelcome.so\""));
        }
        m_settings.plugins.append(plugin);
        checkTwice(std::max(nameLine, fileLine));
    }

private:
    static void readName(const Reading &reading, QString &name)
    {
        // It becomes the file name lib<name>.so in the plugin folder.
        static const QRegularExpression permitted(QStringLiteral("\\A[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\\z"));
        const QString text = reading.value.scalar.toString();
        if (reading.value.isString() && permitted.match(text).hasMatch())
            name = text;
        else
            reading.refuse(Text::tr("a name of letters, digits, \"_\" and \"-\""), QStringLiteral("\"welcome\""));
    }

    static void readFile(const Reading &reading, QString &file)
    {
        const QString text = reading.value.scalar.toString();
        if (reading.value.isString() && !text.isEmpty() && !hasControlCharacter(text))
            file = QDir::cleanPath(QDir(reading.directory).absoluteFilePath(text));
        else
            reading.refuse(Text::tr("a path in quotes"), QStringLiteral("\"/path/libwelcome.so\""));
    }

    static void readSettings(const Reading &reading, QVariantMap &settings)
    {
        if (reading.value.isTable())
            settings = reading.value.toVariant().toMap();
        else
            reading.refuse(Text::tr("a table"), QStringLiteral("{ greeting = \"hello\" }"));
    }

    void noteOrigin(const TomlEntry &entry)
    {
        const QString key = QStringLiteral("plugin[%1].%2").arg(m_settings.plugins.size()).arg(entry.key);
        m_settings.origins.insert(key, originText(m_fileName, entry));
        collectSecrets(entry.value, key, m_settings.secrets);
    }

    /// Whether the last plugin is one of those before.
    void checkTwice(int line)
    {
        const PluginSettings &plugin = m_settings.plugins.constLast();
        const qsizetype index = m_settings.plugins.size() - 1;
        const bool isTwice =
            std::any_of(m_settings.plugins.cbegin(), m_settings.plugins.cend() - 1, [&](const PluginSettings &other) {
                return (!plugin.name.isEmpty() && other.name == plugin.name) ||
                       (!plugin.file.isEmpty() && other.file == plugin.file);
            });
        if (isTwice) {
            m_problems.add(line, tableName,
                           Text::tr("%1 is listed twice; remove one").arg(quotedToml(shownPlugin(m_settings, index))));
        }
    }

    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
};

} // namespace

void readPlugins(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems)
{
    if (!value.isArray()) {
        problems.add(
            value.line, tableName,
            Text::tr("must be a list of tables, not %1; write [[plugin]], in double brackets").arg(value.shown()));
        return;
    }
    settings.plugins.clear();
    settings.defaultPlugin = false;
    PluginReader reader(fileName, settings, problems);
    for (const TomlValue &element : value.elements) {
        if (element.isTable()) {
            reader.read(element);
        } else {
            problems.add(element.line, tableName,
                         Text::tr("must be a list of tables, not of %1; write [[plugin]], in double brackets")
                             .arg(element.shown()));
        }
    }
}

} // namespace Quern::config
