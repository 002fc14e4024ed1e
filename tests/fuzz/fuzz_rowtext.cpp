#include "fuzzsupport.h"

#include "admin-gui/models/rowtext.h"

#include <QSet>

using namespace Quern;
using console::RowText;
using fuzz::fail;

/// The input is what somebody pastes into a table.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    using Type = admin::TableColumn::Type;
    static const QList<admin::TableColumn> columns = {{QStringLiteral("price"), Type::Float, 8},
                                                      {QStringLiteral("stock"), Type::Int, 2},
                                                      {QStringLiteral("title"), Type::String, 16}};
    const QByteArrayView bytes(data, qsizetype(size));
    const RowText text = RowText::parse(QString::fromUtf8(bytes), columns);
    if (text.rows.size() > RowText::MostRows || text.mistakes.size() > RowText::MostMistakes ||
        text.mistakeCount < text.mistakes.size())
        fail("more than there may be", bytes);
    QSet<QByteArray> keys;
    for (const admin::TableRow &row : text.rows) {
        if (row.values.size() != text.columns.size())
            fail("a row without all its columns", bytes);
        if (keys.contains(row.key.bytes))
            fail("a key twice", bytes);
        keys.insert(row.key.bytes);
        for (const admin::TableColumn &column : text.columns) {
            if (!row.values.contains(column.name))
                fail("a row without a column", bytes, column.name.toUtf8());
        }
        if (!admin::TableRowChange::fromJson(
                admin::TableRowChange{QStringLiteral("goods"), row.key, row.values}.toJson()))
            fail("a row that the protocol has no words for", bytes);
    }
    for (const RowText::Mistake &mistake : text.mistakes) {
        if (mistake.line < 1 || mistake.text.isEmpty())
            fail("a mistake without its place or its words", bytes);
    }
    return 0;
}
