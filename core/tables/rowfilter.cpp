#include "tables/rowfilter.h"

#include <algorithm>
#include <array>

namespace Quern::tables {

using namespace Qt::Literals::StringLiterals;

/// Reads one filter from its beginning to its end. Lives on the stack of RowFilter::parse().
class FilterParser
{
public:
    FilterParser(const QString &text, const Table &table) : m_text(text), m_table(table.info().name)
    {
        m_filter.m_columns = ColumnReader::of(table);
    }

    Result<RowFilter> parse()
    {
        while (!m_error && skipSpaces()) {
            if (++m_words > RowFilter::MaxWords)
                refuse(u"has more than %1 words; leave some out"_s.arg(RowFilter::MaxWords));
            else
                readWord();
        }
        if (m_error)
            return *m_error;
        return m_filter;
    }

private:
    using Comparison = RowFilter::Comparison;
    struct Operator
    {
        QLatin1StringView sign;
        Comparison comparison;
    };
    /// The longer ones first.
    static constexpr std::array operators = {
        Operator{"!="_L1, Comparison::NotEqual},
        Operator{"<="_L1, Comparison::LessOrEqual},
        Operator{">="_L1, Comparison::GreaterOrEqual},
        Operator{"="_L1, Comparison::Equal},
        Operator{"<"_L1, Comparison::Less},
        Operator{">"_L1, Comparison::Greater},
    };

    bool atEnd() const { return m_at >= m_text.size(); }
    bool atWordEnd() const { return atEnd() || m_text[m_at].isSpace(); }
    QStringView rest() const { return QStringView(m_text).sliced(m_at); }

    bool skipSpaces()
    {
        while (!atEnd() && m_text[m_at].isSpace())
            ++m_at;
        return !atEnd();
    }

    void refuse(const QString &mistake)
    {
        if (!m_error)
            m_error = Error(Error::Invalid, u"the filter "_s + mistake);
    }

    const Operator *operatorHere() const
    {
        const auto found = std::find_if(operators.begin(), operators.end(),
                                        [this](const Operator &each) { return rest().startsWith(each.sign); });
        return found == operators.end() ? nullptr : &*found;
    }

    void readWord()
    {
        if (const QLatin1StringView key("key:"); rest().startsWith(key)) {
            m_at += key.size();
            readKey();
            return;
        }
        const QString word = m_text[m_at] == u'"' ? readQuoted() : readUntil(true);
        if (m_error)
            return;
        if (const Operator *found = operatorHere()) {
            m_at += found->sign.size();
            readCondition(word, *found);
        } else if (!atWordEnd()) {
            refuse(u"goes on behind the closing quote of \"%1\"; put a space there"_s.arg(word));
        } else if (word.isEmpty()) {
            refuse(u"has \"\", which every row contains; leave it out"_s);
        } else {
            m_filter.m_texts.append(word.toUtf8());
        }
    }

    /// Up to a space, or to an operator if those end it.
    QString readUntil(bool operatorsEndIt)
    {
        const qsizetype begin = m_at;
        while (!atWordEnd() && !(operatorsEndIt && operatorHere()))
            ++m_at;
        return m_text.sliced(begin, m_at - begin);
    }

    QString readQuoted()
    {
        QString word;
        for (++m_at; !atEnd(); ++m_at) {
            if (m_text[m_at] == u'"') {
                ++m_at;
                return word;
            }
            if (m_text[m_at] == u'\\' && m_at + 1 < m_text.size())
                ++m_at;
            word += m_text[m_at];
        }
        refuse(u"has an opening quote and no closing one: write \\\" for a quote in a text"_s);
        return word;
    }

    void readKey()
    {
        const bool isQuoted = !atEnd() && m_text[m_at] == u'"';
        QString key = isQuoted ? readQuoted() : readUntil(false);
        bool isPrefix = false;
        if (isQuoted && !atEnd() && m_text[m_at] == u'*') {
            isPrefix = true;
            ++m_at;
        } else if (!isQuoted && key.endsWith(u'*')) {
            isPrefix = true;
            key.chop(1);
        }
        if (!atWordEnd())
            refuse(u"goes on behind the key \"%1\"; put a space there"_s.arg(key));
        else if (key.isEmpty() && !isPrefix)
            refuse(u"has key: without a key; write key:tea, or key:tea* for those that begin with it"_s);
        else if (isPrefix)
            m_filter.m_keyPrefixes.append(key.toUtf8());
        else
            wantKey(key.toUtf8());
    }

    void wantKey(const QByteArray &key)
    {
        m_filter.m_isImpossible = m_filter.m_isImpossible || (m_filter.m_onlyKey && *m_filter.m_onlyKey != key);
        m_filter.m_onlyKey = key;
    }

    void readCondition(const QString &column, const Operator &found)
    {
        const bool isQuoted = !atEnd() && m_text[m_at] == u'"';
        const QString value = isQuoted ? readQuoted() : readUntil(false);
        const QString word = column + found.sign + value;
        if (!atWordEnd())
            refuse(u"goes on behind the closing quote of %1; put a space there"_s.arg(word));
        else if (value.isEmpty() && !isQuoted)
            refuse(
                u"has %1 without a value; an empty string is written \"\", and the text is looked for as \"%1\""_s.arg(
                    word));
        else
            addCondition(column, found.comparison, value, word);
    }

    void addCondition(const QString &name, Comparison comparison, const QString &value, const QString &word)
    {
        const QList<ColumnReader> &columns = m_filter.m_columns;
        const auto column = std::find_if(columns.cbegin(), columns.cend(),
                                         [&name](const ColumnReader &each) { return each.info().name == name; });
        if (column == columns.cend()) {
            QStringList known;
            for (const ColumnReader &each : columns)
                known.append(each.info().name);
            refuse(u"asks for the column \"%1\", which table \"%2\" has not; it has: %3; put \"%4\" in quotes to look "
                   "for that text"_s.arg(name, m_table, known.join(u", "), word));
            return;
        }
        RowFilter::Condition condition;
        condition.column = column - columns.cbegin();
        condition.comparison = comparison;
        bool isNumber = true;
        switch (column->info().type) {
        case ColumnInfo::Type::Int:
            condition.value = value.toLongLong(&isNumber);
            break;
        case ColumnInfo::Type::Float:
            condition.value = value.toDouble(&isNumber);
            break;
        case ColumnInfo::Type::String:
            condition.value = value.toUtf8();
            break;
        }
        if (!isNumber)
            refuse(u"has %1, and the column \"%2\" holds %3"_s.arg(word, name,
                                                                   column->info().type == ColumnInfo::Type::Int
                                                                       ? u"integers of 64 bits; write %1>5"_s.arg(name)
                                                                       : u"numbers; write %1>0.5"_s.arg(name)));
        m_filter.m_conditions.append(condition);
    }

    const QString m_text;
    const QString m_table;
    qsizetype m_at = 0;
    qsizetype m_words = 0;
    RowFilter m_filter;
    std::optional<Error> m_error;
};

Result<RowFilter> RowFilter::parse(const QString &text, const Table &table)
{
    if (text.size() > MaxLength)
        return Error(
            Error::Invalid,
            u"the filter has %1 characters, and %2 are read; make it shorter"_s.arg(text.size()).arg(MaxLength));
    return FilterParser(text, table).parse();
}

template <typename Value>
bool RowFilter::compare(const Value &value, Comparison comparison, const Value &other)
{
    switch (comparison) {
    case Comparison::Equal:
        return value == other;
    case Comparison::NotEqual:
        return value != other;
    case Comparison::Less:
        return value < other;
    case Comparison::LessOrEqual:
        return value <= other;
    case Comparison::Greater:
        return value > other;
    case Comparison::GreaterOrEqual:
        break;
    }
    return value >= other;
}

bool RowFilter::isTrue(const Condition &condition, const Row &row) const
{
    const ColumnReader &column = m_columns[condition.column];
    if (const auto *integer = std::get_if<qint64>(&condition.value))
        return compare(column.integer(row), condition.comparison, *integer);
    if (const auto *number = std::get_if<double>(&condition.value))
        return compare(column.number(row), condition.comparison, *number);
    return compare(column.bytes(row), condition.comparison, QByteArrayView(*std::get_if<QByteArray>(&condition.value)));
}

bool RowFilter::contains(const QByteArray &key, const Row &row, const QByteArray &text) const
{
    return key.contains(text) ||
           std::any_of(m_columns.cbegin(), m_columns.cend(), [&row, &text](const ColumnReader &column) {
               return column.info().type == ColumnInfo::Type::String ? column.bytes(row).contains(text)
                                                                     : column.text(row).contains(text);
           });
}

bool RowFilter::matches(const QByteArray &key, const Row &row) const
{
    if (m_isImpossible || (m_onlyKey && key != *m_onlyKey))
        return false;
    return std::all_of(m_keyPrefixes.cbegin(), m_keyPrefixes.cend(),
                       [&key](const QByteArray &prefix) { return key.startsWith(prefix); }) &&
           std::all_of(m_conditions.cbegin(), m_conditions.cend(),
                       [&](const Condition &condition) { return isTrue(condition, row); }) &&
           std::all_of(m_texts.cbegin(), m_texts.cend(),
                       [&](const QByteArray &text) { return contains(key, row, text); });
}

} // namespace Quern::tables
