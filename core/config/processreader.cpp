#include "config/processreader.h"

#include "config/processkeys.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QMap>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

const QString tableName = QStringLiteral("process");

/// Reads one [[process]] entry after the other.
class ProcessReader
{
public:
    ProcessReader(const QString &fileName, Settings &settings, Problems &problems)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    void read(const TomlValue &table)
    {
        ProcessSettings process;
        m_lines.clear();
        for (const TomlEntry &entry : table.entries)
            readEntry(entry, process);
        if (!m_lines.contains(u"handler"_s)) {
            m_problems.add(table.line, tableName,
                           Text::tr("names no handler; write handler = \"…\", as a plugin registers it with "
                                    "app.process()"));
        }
        if (process.redirect && process.pipe != PipeMode::Stream) {
            m_problems.add(m_lines.value(u"redirect"_s), tableName + u".redirect"_s,
                           Text::tr("needs a pipe whose bytes run together; write pipe = \"stream\" beside it"));
        }
        addNamed(process, table);
    }

private:
    void readEntry(const TomlEntry &entry, ProcessSettings &process)
    {
        const QString path = tableName + u'.' + tomlKey(entry.key);
        const ProcessKey *key = findProcessKey(entry.key);
        if (!key) {
            m_problems.addUnknownKey(entry.line, path, entry.key, processKeyNames());
            return;
        }
        m_lines.insert(entry.key, entry.line);
        // A variable in it could not be read: that has been told.
        if (!m_problems.concern(path, entry.value.line))
            key->read({tableName, entry.key, entry.value, m_settings.directory, m_problems}, process);
        const QString origin = processPath(m_settings.processes.size(), key->name);
        m_settings.origins.insert(origin, originText(m_fileName, entry));
        collectSecrets(entry.value, origin, m_settings.secrets);
    }

    void addNamed(ProcessSettings &process, const TomlValue &table)
    {
        QString key = u"name"_s;
        if (!m_lines.contains(key)) {
            process.name = process.handler;
            key = u"handler"_s;
        }
        const bool isTwice = std::any_of(m_settings.processes.cbegin(), m_settings.processes.cend(),
                                         [&process](const auto &other) { return other.name == process.name; });
        const TomlValue *value = table.find(key);
        if (isTwice && value && !process.name.isEmpty()) {
            m_problems.add(m_lines.value(key), tableName + u'.' + key,
                           Text::tr("another process is called %1 already; write name = \"process-%2\"")
                               .arg(quotedOrMask(*value, process.name))
                               .arg(m_settings.processes.size() + 1));
        }
        m_settings.processes.append(process);
    }

    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys of the entry that is read
};

const ProcessSettings *find(const Settings &settings, const QString &name)
{
    const auto it = std::find_if(settings.processes.begin(), settings.processes.end(),
                                 [&name](const ProcessSettings &process) { return process.name == name; });
    return it == settings.processes.end() ? nullptr : &*it;
}

} // namespace

void readProcesses(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems)
{
    if (!value.isArray()) {
        problems.add(
            value.line, tableName,
            Text::tr("must be a list of tables, not %1; write [[process]], in double brackets").arg(value.shown()));
        return;
    }
    ProcessReader reader(fileName, settings, problems);
    for (const TomlValue &element : value.elements) {
        if (element.isTable()) {
            reader.read(element);
        } else {
            problems.add(element.line, tableName,
                         Text::tr("must be a list of tables, not of %1; write [[process]], in double brackets")
                             .arg(element.shown()));
        }
    }
}

QStringList changedProcessKeys(const Settings &running, const Settings &loaded)
{
    QStringList changed;
    for (const ProcessSettings &before : running.processes) {
        const ProcessSettings *after = find(loaded, before.name);
        const QString label = u"process "_s + before.name;
        if (!after)
            changed += label;
        for (const ProcessKey &key : processKeys()) {
            if (after && key.text(before) != key.text(*after))
                changed += label + u": "_s + key.name;
        }
    }
    for (const ProcessSettings &after : loaded.processes) {
        if (!find(running, after.name))
            changed += u"process "_s + after.name;
    }
    return changed;
}

} // namespace Quern::config
