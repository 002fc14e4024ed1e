#include "config/dotenv.h"

#include "config/text.h"

#include <QStringDecoder>

#include <algorithm>
#include <optional>

namespace Quern::config {

namespace {

bool isBlank(QChar c)
{
    return c == u' ' || c == u'\t';
}

bool isLetter(QChar c)
{
    return (c >= u'A' && c <= u'Z') || (c >= u'a' && c <= u'z') || c == u'_';
}

bool isDigit(QChar c)
{
    return c >= u'0' && c <= u'9';
}

QStringView withoutBlanks(QStringView text)
{
    while (!text.isEmpty() && isBlank(text.front()))
        text = text.sliced(1);
    while (!text.isEmpty() && isBlank(text.back()))
        text.chop(1);
    return text;
}

/// The character that a backslash and \a c stand for within double quotes.
std::optional<QChar> escaped(QChar c)
{
    switch (c.unicode()) {
    case u'n':
        return u'\n';
    case u'r':
        return u'\r';
    case u't':
        return u'\t';
    case u'"':
    case u'\\':
    case u'$':
        return c;
    default:
        return std::nullopt;
    }
}

Error mistake(const QString &text)
{
    return Error(Error::Invalid, text);
}

/// \a text begins with the quote.
Result<QString> quotedValue(QStringView text)
{
    const QChar quote = text.front();
    QString value;
    qsizetype at = 1;
    for (; at < text.size() && text[at] != quote; ++at) {
        const auto meant =
            quote == u'"' && text[at] == u'\\' && at + 1 < text.size() ? escaped(text[at + 1]) : std::nullopt;
        if (meant)
            ++at;
        value += meant.value_or(text[at]);
    }
    if (at >= text.size()) {
        return mistake(quote == u'"' ? Text::tr("the quote is not closed in its line; close it, and write \\n for a "
                                                "line end within the value")
                                     : Text::tr("the quote is not closed in its line; close it, or use double quotes "
                                                "and write \\n for a line end within the value"));
    }
    const QStringView rest = text.sliced(at + 1);
    const QStringView behind = withoutBlanks(rest);
    if (!behind.isEmpty() && !(behind.startsWith(u'#') && isBlank(rest.front())))
        return mistake(Text::tr("something follows the closing quote; put all of the value into the quotes, or a blank "
                                "and \"#\" before a comment"));
    return value;
}

Result<QString> valueOf(QStringView text)
{
    const QStringView begun = withoutBlanks(text);
    if (begun.startsWith(u'"') || begun.startsWith(u'\''))
        return quotedValue(begun);
    qsizetype end = 0;
    while (end < text.size() && !(text[end] == u'#' && end > 0 && isBlank(text[end - 1])))
        ++end;
    return withoutBlanks(text.first(end)).toString();
}

/// Nullopt for an empty line or a comment.
Result<std::optional<DotenvEntry>> entryOf(QStringView line)
{
    QStringView text = withoutBlanks(line);
    if (text.isEmpty() || text.startsWith(u'#'))
        return std::optional<DotenvEntry>();
    if (text.contains(QChar(0)))
        return mistake(Text::tr("holds a NUL character, which no variable can have; remove it"));
    const QStringView word = u"export";
    if (text.startsWith(word) && text.size() > word.size() && isBlank(text[word.size()]))
        text = withoutBlanks(text.sliced(word.size()));
    const qsizetype equals = text.indexOf(u'=');
    if (equals < 0)
        return mistake(Text::tr("has no \"=\"; write NAME=value"));
    DotenvEntry entry;
    entry.name = withoutBlanks(text.first(equals)).toString();
    if (!isVariableName(entry.name))
        return mistake(Text::tr("what stands before \"=\" is no name; write letters, digits and \"_\", and no digit "
                                "first"));
    Result<QString> value = valueOf(text.sliced(equals + 1));
    if (!value)
        return value.error();
    entry.value = *value;
    return std::optional(entry);
}

} // namespace

bool isVariableName(const QString &name)
{
    return !name.isEmpty() && isLetter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](QChar c) { return isLetter(c) || isDigit(c); });
}

Result<QList<DotenvEntry>> parseDotenv(const QByteArray &bytes, const QString &fileName)
{
    QList<DotenvEntry> entries;
    QStringList problems;
    int number = 0;
    const auto refuse = [&](const QString &text) {
        problems += QStringLiteral("%1:%2: %3").arg(fileName, QString::number(number), text);
    };
    const QByteArray bom("\xef\xbb\xbf");
    const QList<QByteArray> lines = (bytes.startsWith(bom) ? bytes.sliced(bom.size()) : bytes).split('\n');
    for (QByteArray line : lines) {
        ++number;
        if (line.endsWith('\r'))
            line.chop(1);
        QStringDecoder decode(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
        const QString text = decode(line);
        if (decode.hasError()) {
            refuse(Text::tr("is not UTF-8; save the file in that encoding"));
            continue;
        }
        const Result<std::optional<DotenvEntry>> entry = entryOf(text);
        if (!entry) {
            refuse(entry.error().message());
        } else if (*entry) {
            entries.append(**entry);
            entries.last().line = number;
        }
    }
    if (!problems.isEmpty())
        return mistake(problems.join(u'\n'));
    return entries;
}

} // namespace Quern::config
