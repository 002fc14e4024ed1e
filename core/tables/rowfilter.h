#pragma once

#include "tables/columnreader.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

#include <optional>
#include <variant>

namespace Quern::tables {

/// Which rows of a table are wanted, as somebody has written it: words with spaces between them, all of which have to
/// be true of a row. A value type; valid as long as its table.
///
///     tea             the key or any value, numbers in decimal digits, contains "tea"; upper and lower case differ
///     key:tea         the key is "tea"
///     key:tea*        the key begins with "tea"
///     stock>5         so the column "stock" is; also =, !=, <, <= and >=. Strings are compared by their bytes
///
/// In double quotes stands what has spaces in it, or is not to be read like that: "green tea", title="green tea",
/// key:"a b"*, "list price"<3, "stock>5". Within them \" is a quote and \\ a backslash.
class RowFilter
{
public:
    /// More is not read, in characters.
    static constexpr qsizetype MaxLength = 1000;
    static constexpr qsizetype MaxWords = 32;

    /// Error::Invalid names the word and the mend. An empty \a text means all rows.
    static Result<RowFilter> parse(const QString &text, const Table &table);

    bool matches(const QByteArray &key, const Row &row) const;
    /// The one key that a row can have; nullopt: any.
    const std::optional<QByteArray> &onlyKey() const { return m_onlyKey; }

private:
    friend class FilterParser;

    enum class Comparison { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual };
    struct Condition
    {
        qsizetype column = 0; ///< among m_columns
        Comparison comparison = Comparison::Equal;
        std::variant<qint64, double, QByteArray> value; ///< of the column's type
    };

    template <typename Value>
    static bool compare(const Value &value, Comparison comparison, const Value &other);
    bool contains(const QByteArray &key, const Row &row, const QByteArray &text) const;
    bool isTrue(const Condition &condition, const Row &row) const;

    QList<ColumnReader> m_columns;
    std::optional<QByteArray> m_onlyKey;
    bool m_isImpossible = false; ///< two different keys are wanted
    QList<QByteArray> m_keyPrefixes;
    QList<QByteArray> m_texts;
    QList<Condition> m_conditions;
};

} // namespace Quern::tables
