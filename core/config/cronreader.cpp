#include "config/cronreader.h"

#include "config/cronkeys.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

const QString tableName = QStringLiteral("cron");

/// Reads one [[cron]] entry after the other.
class CronReader
{
public:
    CronReader(const QString &fileName, Settings &settings, Problems &problems)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    void read(const TomlValue &table)
    {
        CronSettings cron;
        m_lines.clear();
        for (const TomlEntry &entry : table.entries)
            readEntry(entry, cron);
        checkWork(table.line);
        checkSchedule(table.line);
        if (line(u"overlap_max"_s) > 0 && line(u"overlap"_s) == 0 && !isTold(u"overlap"_s))
            refuse(u"overlap_max"_s,
                   Text::tr("holds for runs that overlap, and these do not; write overlap = true beside it"));
        addNamed(cron, table);
    }

private:
    void readEntry(const TomlEntry &entry, CronSettings &cron)
    {
        const QString path = tableName + u'.' + tomlKey(entry.key);
        const CronKey *key = findCronKey(entry.key);
        if (!key) {
            m_problems.addUnknownKey(entry.line, path, entry.key, cronKeyNames());
            return;
        }
        m_lines.insert(entry.key, entry.line);
        const Reading reading{tableName, entry.key, entry.value, m_settings.directory, m_problems};
        // A variable in it could not be read: that has been told.
        if (!m_problems.concern(path, entry.value.line))
            key->read(reading, cron);
        const QString origin = cronPath(m_settings.crons.size(), key->name);
        m_settings.origins.insert(origin, originText(m_fileName, entry));
        collectSecrets(entry.value, origin, m_settings.secrets);
    }

    void checkWork(int tableLine)
    {
        const int job = line(u"job"_s);
        const int command = line(u"command"_s);
        if (job == 0 && command == 0)
            m_problems.add(tableLine, tableName,
                           Text::tr("runs nothing; write job = \"cleanup\", a name that a plugin registers with "
                                    "app.cron(), or command = [\"/usr/bin/backup\"]"));
        else if (job > 0 && command > 0)
            refuse(job > command ? u"job"_s : u"command"_s, Text::tr("an entry runs a job or a command; remove one"));
        if (command > 0 && line(u"parameters"_s) > 0)
            refuse(u"parameters"_s, Text::tr("are for a job, and a command has its arguments; remove them"));
    }

    void checkSchedule(int tableLine)
    {
        const int interval = line(u"interval"_s);
        const int expression = line(u"expression"_s);
        if (interval > 0 && expression > 0)
            refuse(interval > expression ? u"interval"_s : u"expression"_s,
                   Text::tr("an entry has an interval or an expression; remove one"));
        else if (interval == 0 && expression == 0 && line(u"command"_s) > 0)
            m_problems.add(tableLine, tableName,
                           Text::tr("is never due; write interval = 60000 or expression = \"0 3 * * *\""));
        if (line(u"timezone"_s) > 0 && expression == 0)
            refuse(u"timezone"_s, Text::tr("is that of an expression, and there is none; write expression = "
                                           "\"0 3 * * *\" beside it, or remove it"));
    }

    void addNamed(CronSettings &cron, const TomlValue &table)
    {
        QString key = u"name"_s;
        if (line(key) == 0) {
            cron.name = defaultCronName(cron);
            key = cron.job.isEmpty() ? u"command"_s : u"job"_s;
            if (cron.name.isEmpty() && !cron.command.isEmpty())
                refuse(key, Text::tr("gives the entry no name of letters, digits, \"_\" and \"-\"; write name = "
                                     "\"cron-%1\" beside it")
                                .arg(m_settings.crons.size() + 1));
        }
        const bool isTwice = std::any_of(m_settings.crons.cbegin(), m_settings.crons.cend(),
                                         [&cron](const auto &other) { return other.name == cron.name; });
        const TomlValue *value = table.find(key);
        if (isTwice && value && !cron.name.isEmpty())
            refuse(key, Text::tr("another cron job is called %1 already; write name = \"%2-%3\"")
                            .arg(quotedOrMask(*value, cron.name), isSecret(*value) ? u"cron"_s : cron.name.left(50))
                            .arg(m_settings.crons.size() + 1));
        m_settings.crons.append(cron);
    }

    void refuse(const QString &key, const QString &text) { m_problems.add(line(key), tableName + u'.' + key, text); }
    int line(const QString &key) const { return m_lines.value(key); }
    bool isTold(const QString &key) const
    {
        return line(key) > 0 && m_problems.concern(tableName + u'.' + key, line(key));
    }

    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys of the entry that is read
};

} // namespace

void readCrons(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems)
{
    if (!value.isArray()) {
        problems.add(
            value.line, tableName,
            Text::tr("must be a list of tables, not %1; write [[cron]], in double brackets").arg(value.shown()));
        return;
    }
    CronReader reader(fileName, settings, problems);
    for (const TomlValue &element : value.elements) {
        if (settings.crons.size() >= mostCronJobs) {
            problems.add(element.line, tableName,
                         Text::tr("there are more than %1 cron jobs; remove some").arg(mostCronJobs));
            return;
        }
        if (element.isTable()) {
            reader.read(element);
        } else {
            problems.add(element.line, tableName,
                         Text::tr("must be a list of tables, not of %1; write [[cron]], in double brackets")
                             .arg(element.shown()));
        }
    }
}

} // namespace Quern::config
