#include "config/tablereader.h"

#include "config/rules.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QMap>
#include <QRegularExpression>

#include <algorithm>
#include <limits>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

const QString tableName = QStringLiteral("table");
const QString atomicName = QStringLiteral("atomic");

bool isName(const TomlValue &value)
{
    static const QRegularExpression permitted(u"\\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\\z"_s);
    return value.isString() && permitted.match(value.scalar.toString()).hasMatch();
}

/// "int", "int:4", "float", "string:64"; nullopt for anything else.
std::optional<ColumnSettings> parseColumn(const TomlValue &value)
{
    static const QRegularExpression form(u"\\A(int|float|string)(?::([1-9][0-9]{0,5}))?\\z"_s);
    const QRegularExpressionMatch match = form.match(value.scalar.toString());
    if (!value.isString() || !match.hasMatch())
        return std::nullopt;
    ColumnSettings column;
    const QString type = match.captured(1);
    const int number = match.captured(2).toInt();
    if (type == u"int" && (number == 0 || number == 1 || number == 2 || number == 4 || number == 8)) {
        column.bytes = number == 0 ? 8 : number;
        return column;
    }
    if (type == u"float" && number == 0) {
        column.type = ColumnSettings::Type::Float;
        return column;
    }
    if (type == u"string" && number >= 1 && number <= longestColumn) {
        column.type = ColumnSettings::Type::String;
        column.bytes = number;
        return column;
    }
    return std::nullopt;
}

/// Reads the entries of one kind, one after the other.
class EntryReader
{
public:
    EntryReader(const QString &kind, const QString &fileName, Settings &settings, Problems &problems)
        : m_kind(kind)
        , m_fileName(fileName)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    template <typename ReadKey>
    void read(const TomlValue &table, qsizetype index, const QStringList &keys, ReadKey readKey)
    {
        m_lines.clear();
        for (const TomlEntry &entry : table.entries) {
            const QString shown = m_kind + u'.' + tomlKey(entry.key);
            if (!keys.contains(entry.key)) {
                m_problems.addUnknownKey(entry.line, shown, entry.key, keys);
                continue;
            }
            m_lines.insert(entry.key, entry.line);
            const QString path = u"%1[%2].%3"_s.arg(m_kind).arg(index).arg(entry.key);
            m_settings.origins.insert(path, originText(m_fileName, entry));
            if (holdsSecret(entry.value))
                m_settings.secrets.insert(path);
            // A variable in it could not be read: that has been told.
            if (!m_problems.concern(shown, entry.value.line))
                readKey(Reading{m_kind, entry.key, entry.value, m_settings.directory, m_problems});
        }
    }

    void readName(const Reading &reading, QString &name) const
    {
        if (isName(reading.value))
            name = reading.value.scalar.toString();
        else
            reading.refuse(Text::tr("a name of letters, digits, \"_\", \"-\" and \".\""), u"\"prices\""_s);
    }

    /// That it has a name, which none of \a others has.
    template <typename Entries>
    void checkName(const TomlValue &table, const QString &name, const Entries &others) const
    {
        if (!m_lines.contains(u"name"_s)) {
            m_problems.add(table.line, m_kind, Text::tr("has no name; write name = \"prices\""));
            return;
        }
        const TomlValue *value = table.find(u"name");
        const bool isTwice =
            std::any_of(others.cbegin(), others.cend(), [&name](const auto &other) { return other.name == name; });
        if (isTwice && value && !name.isEmpty()) {
            m_problems.add(
                m_lines.value(u"name"_s), m_kind + u".name"_s,
                Text::tr("another one is called %1 already; give it another name").arg(quotedOrMask(*value, name)));
        }
    }

    bool has(const QString &key) const { return m_lines.contains(key); }

private:
    const QString m_kind;
    const QString &m_fileName;
    Settings &m_settings;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys of the entry that is read
};

void readColumns(const Reading &reading, QList<ColumnSettings> &columns)
{
    const QString mend = u"{ price = \"int\", title = \"string:64\" }"_s;
    if (!reading.value.isTable() || reading.value.entries.empty()) {
        reading.refuse(Text::tr("a table with a type for each column"), mend);
        return;
    }
    if (qsizetype(reading.value.entries.size()) > mostColumns) {
        reading.refuseAt(reading.value.line, Text::tr("has %1 columns, and %2 are possible; make two tables")
                                                 .arg(reading.value.entries.size())
                                                 .arg(mostColumns));
        return;
    }
    for (const TomlEntry &entry : reading.value.entries) {
        const QString name = reading.name + u'.' + tomlKey(entry.key);
        const Reading column{reading.table, name, entry.value, reading.directory, reading.problems};
        std::optional<ColumnSettings> parsed = parseColumn(entry.value);
        if (entry.key.isEmpty() || entry.key.toUtf8().size() > 64) {
            column.refuseAt(entry.line, Text::tr("is no name of a column; it has 1 to 64 bytes"));
        } else if (!parsed) {
            column.refuse(Text::tr("a type: \"int\", \"int:1\", \"int:2\", \"int:4\", \"float\", or \"string:N\" for N "
                                   "bytes, 1 to %1")
                              .arg(longestColumn),
                          entry.value.scalar.toString().startsWith(u"str") ? u"\"string:64\""_s : u"\"int\""_s);
        } else {
            parsed->name = entry.key;
            columns.append(*parsed);
        }
    }
    // The order of the file is none that counts, and is not known of a table in one line.
    std::sort(columns.begin(), columns.end(), [](const auto &one, const auto &other) { return one.name < other.name; });
}

/// Calls \a read with each table of the list \a value.
template <typename Read>
void readEach(const TomlValue &value, const QString &kind, qsizetype most, Problems &problems, Read read)
{
    if (!value.isArray()) {
        problems.add(
            value.line, kind,
            Text::tr("must be a list of tables, not %1; write [[%2]], in double brackets").arg(value.shown(), kind));
        return;
    }
    if (qsizetype(value.elements.size()) > most) {
        problems.add(value.elements[std::size_t(most)].line, kind,
                     Text::tr("there are %1, and %2 are possible; remove some").arg(value.elements.size()).arg(most));
        return;
    }
    for (const TomlValue &element : value.elements) {
        if (element.isTable()) {
            read(element);
        } else {
            problems.add(element.line, kind,
                         Text::tr("must be a list of tables, not of %1; write [[%2]], in double brackets")
                             .arg(element.shown(), kind));
        }
    }
}

} // namespace

void readTables(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems)
{
    EntryReader reader(tableName, fileName, settings, problems);
    const QStringList keys = {u"name"_s, u"size"_s, u"columns"_s};
    readEach(value, tableName, mostTables, problems, [&](const TomlValue &entry) {
        TableSettings table;
        reader.read(entry, settings.tables.size(), keys, [&](const Reading &reading) {
            if (reading.name == u"name")
                reader.readName(reading, table.name);
            else if (reading.name == u"columns")
                readColumns(reading, table.columns);
            else if (const auto rows = readInteger(reading, 1, mostRows, table.size))
                table.size = quint32(*rows);
        });
        reader.checkName(entry, table.name, settings.tables);
        if (!reader.has(u"columns"_s)) {
            problems.add(entry.line, tableName,
                         Text::tr("has no columns; write columns = { price = \"int\", title = \"string:64\" }"));
        }
        settings.tables.append(table);
    });
}

void readAtomics(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems)
{
    EntryReader reader(atomicName, fileName, settings, problems);
    const QStringList keys = {u"name"_s, u"value"_s};
    readEach(value, atomicName, mostAtomics, problems, [&](const TomlValue &entry) {
        AtomicSettings atomic;
        reader.read(entry, settings.atomics.size(), keys, [&](const Reading &reading) {
            if (reading.name == u"name")
                reader.readName(reading, atomic.name);
            else if (const auto number = readInteger(reading, std::numeric_limits<qint64>::min(),
                                                     std::numeric_limits<qint64>::max(), atomic.value))
                atomic.value = *number;
        });
        reader.checkName(entry, atomic.name, settings.atomics);
        settings.atomics.append(atomic);
    });
}

} // namespace Quern::config
