#include "admin-gui/models/rowtext.h"

#include "admin-gui/models/celltext.h"
#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QHash>
#include <QStringList>

#include <algorithm>
#include <optional>

namespace Quern::console {

namespace {

using admin::TableColumn;
using admin::TableRow;

constexpr qsizetype longestQuoted = 40;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::RowText)
};

/// One line, or several if a cell in quotes has line ends.
struct Record
{
    qsizetype line = 0;
    QStringList cells;
    QString mistake;
};

/// Takes the records off a text, one after the other.
class RecordReader
{
public:
    explicit RecordReader(QStringView text) : m_text(text)
    {
        if (m_text.startsWith(QChar::ByteOrderMark))
            m_text = m_text.sliced(1);
        const QStringView header = m_text.trimmed();
        const qsizetype end = header.indexOf(u'\n');
        m_isCsv = !header.first(end < 0 ? header.size() : end).contains(u'\t');
    }

    std::optional<Record> next()
    {
        while (m_at < m_text.size()) {
            Record record;
            record.line = m_line;
            if (m_isCsv)
                readCsv(record);
            else
                record.cells = takeLine().toString().split(u'\t');
            const bool isBlank =
                record.mistake.isEmpty() && record.cells.size() == 1 && record.cells.constFirst().trimmed().isEmpty();
            if (!isBlank)
                return record;
        }
        return std::nullopt;
    }

private:
    QStringView takeLine()
    {
        const qsizetype end = m_text.indexOf(u'\n', m_at);
        QStringView line = m_text.sliced(m_at, (end < 0 ? m_text.size() : end) - m_at);
        m_at = end < 0 ? m_text.size() : end + 1;
        ++m_line;
        return line.endsWith(u'\r') ? line.chopped(1) : line;
    }

    void readCsv(Record &record)
    {
        for (;;) {
            const bool isQuoted = m_at < m_text.size() && m_text[m_at] == u'"';
            record.cells.append(isQuoted ? takeQuoted(record) : takePlain());
            if (m_at < m_text.size() && m_text[m_at] == u',') {
                ++m_at;
                continue;
            }
            const QStringView rest = takeLine();
            if (!rest.isEmpty() && record.mistake.isEmpty())
                record.mistake = Text::tr("something stands between the closing quote of a cell and the next comma");
            return;
        }
    }

    /// Up to the comma or the end of the line.
    QString takePlain()
    {
        const qsizetype begin = m_at;
        while (m_at < m_text.size() && m_text[m_at] != u',' && m_text[m_at] != u'\n')
            ++m_at;
        const QStringView cell = m_text.sliced(begin, m_at - begin);
        const bool isLineEnd = m_at == m_text.size() || m_text[m_at] == u'\n';
        return (isLineEnd && cell.endsWith(u'\r') ? cell.chopped(1) : cell).toString();
    }

    QString takeQuoted(Record &record)
    {
        QString cell;
        for (++m_at; m_at < m_text.size(); ++m_at) {
            if (m_text[m_at] == u'"' && (m_at + 1 == m_text.size() || m_text[m_at + 1] != u'"')) {
                ++m_at;
                return cell;
            }
            if (m_text[m_at] == u'"')
                ++m_at;
            if (m_text[m_at] == u'\n')
                ++m_line;
            cell += m_text[m_at];
        }
        record.mistake = Text::tr("a quote is opened here, and not closed any more");
        return cell;
    }

    QStringView m_text;
    qsizetype m_at = 0;
    qsizetype m_line = 1;
    bool m_isCsv = false;
};

class Filler
{
public:
    Filler(const QList<TableColumn> &columns, RowText &out) : m_columns(columns), m_out(out) {}

    void read(const QString &text)
    {
        RecordReader reader(text);
        const std::optional<Record> header = reader.next();
        if (!header || !readHeader(*header))
            return;
        while (const std::optional<Record> record = reader.next()) {
            if (m_out.rows.size() == RowText::MostRows) {
                refuse(record->line, Text::tr("more than %1 rows are too much for one go; leave out those from here on")
                                         .arg(format::count(RowText::MostRows)));
                return;
            }
            readRow(*record);
        }
    }

private:
    void refuse(qsizetype line, const QString &mistake)
    {
        if (++m_out.mistakeCount <= RowText::MostMistakes)
            m_out.mistakes.append({line, mistake});
    }

    bool readHeader(const Record &record)
    {
        QStringList names = record.cells;
        for (QString &name : names)
            name = name.trimmed();
        if (!record.mistake.isEmpty())
            refuse(record.line, record.mistake);
        else if (names.constFirst() != QStringLiteral("key"))
            refuse(record.line, Text::tr("the first line has to be “key” and names of columns, with tabs or commas "
                                         "between them"));
        for (qsizetype i = 1; m_out.mistakeCount == 0 && i < names.size(); ++i)
            readName(record.line, names.at(i));
        return m_out.mistakeCount == 0;
    }

    void readName(qsizetype line, const QString &name)
    {
        const auto isNamed = [&name](const TableColumn &column) { return column.name == name; };
        const auto found = std::find_if(m_columns.cbegin(), m_columns.cend(), isNamed);
        if (found == m_columns.cend()) {
            QStringList known;
            for (const TableColumn &column : m_columns)
                known.append(column.name);
            refuse(line, Text::tr("the table has no column “%1”; it has: %2")
                             .arg(format::oneLine(name, longestQuoted), known.join(QStringLiteral(", "))));
        } else if (std::any_of(m_out.columns.cbegin(), m_out.columns.cend(), isNamed)) {
            refuse(line, Text::tr("the column “%1” stands there twice").arg(name));
        } else {
            m_out.columns.append(*found);
        }
    }

    void readRow(const Record &record)
    {
        const qsizetype wanted = m_out.columns.size() + 1;
        if (!record.mistake.isEmpty())
            return refuse(record.line, record.mistake);
        if (record.cells.size() != wanted) {
            return refuse(
                record.line,
                Text::tr("has %n cell(s), and the first line has %1", nullptr, int(record.cells.size())).arg(wanted));
        }
        const Result<QByteArray> key = celltext::toKey(record.cells.constFirst());
        if (!key)
            return refuse(record.line, Text::tr("the key %1").arg(key.error().message()));
        // Several requests are under way at a time: which of two would be the last is not known.
        if (const auto before = m_lines.constFind(*key); before != m_lines.constEnd())
            return refuse(record.line, Text::tr("the key stands in line %1 already").arg(*before));
        m_lines.insert(*key, record.line);
        TableRow row{{*key}, {}};
        for (qsizetype i = 1; i < wanted; ++i) {
            const TableColumn &column = m_out.columns.at(i - 1);
            const Result<QJsonValue> value = celltext::toValue(record.cells.at(i), column);
            if (!value) {
                return refuse(record.line, Text::tr("%1 %2, not “%3”")
                                               .arg(column.name, value.error().message(),
                                                    format::oneLine(record.cells.at(i), longestQuoted)));
            }
            row.values.insert(column.name, *value);
        }
        m_out.rows.append(row);
    }

    const QList<TableColumn> &m_columns;
    RowText &m_out;
    QHash<QByteArray, qsizetype> m_lines;
};

} // namespace

RowText RowText::parse(const QString &text, const QList<TableColumn> &columns)
{
    RowText out;
    Filler(columns, out).read(text);
    return out;
}

} // namespace Quern::console
