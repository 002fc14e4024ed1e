#include "config/tomldocument.h"

#include "config/text.h"

#include <algorithm>
#include <string_view>

// The one place that includes toml++: it takes seconds to compile.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace Quern::config {

namespace {

QString fromUtf8(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

int lineOf(const toml::source_region &region)
{
    return int(region.begin.line);
}

QString isoText(const toml::date &date)
{
    return QString::asprintf("%04d-%02d-%02d", int(date.year), int(date.month), int(date.day));
}

QString isoText(const toml::time &time)
{
    QString text = QString::asprintf("%02d:%02d:%02d", int(time.hour), int(time.minute), int(time.second));
    if (time.nanosecond > 0) {
        text += QString::asprintf(".%09u", unsigned(time.nanosecond));
        while (text.endsWith(u'0'))
            text.chop(1);
    }
    return text;
}

QString isoText(const toml::date_time &moment)
{
    QString text = isoText(moment.date) + u'T' + isoText(moment.time);
    if (moment.offset) {
        const int minutes = moment.offset->minutes;
        const int distance = std::abs(minutes);
        text += minutes == 0 ? QStringLiteral("Z")
                             : QString::asprintf("%c%02d:%02d", minutes < 0 ? '-' : '+', distance / 60, distance % 60);
    }
    return text;
}

bool isKeyByte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '"' || c == '\'';
}

/// toml++ bounds the depth of values but not of dotted keys, and walks its tree by recursion: a key of very many parts
/// would overflow the stack. Returns the line of the first such key, or 0. Dots in comments do not count.
int lineOfTooDeepKey(const QByteArray &bytes)
{
    constexpr int mostDots = 32;
    int line = 1;
    int dots = 0;
    char before = '\n'; // the last byte that is no blank
    bool afterBlank = false;
    bool inComment = false;
    for (const char c : bytes) {
        inComment = c != '\n' && (inComment || c == '#');
        if (inComment)
            continue;
        if (c == ' ' || c == '\t') {
            afterBlank = true;
            continue;
        }
        if (c == '.' && isKeyByte(before))
            ++dots;
        else if (!isKeyByte(c) || (afterBlank && before != '.'))
            dots = 0;
        if (dots > mostDots)
            return line;
        if (c == '\n')
            ++line;
        before = c;
        afterBlank = false;
    }
    return 0;
}

TomlValue convert(const toml::node &node)
{
    TomlValue value;
    value.line = lineOf(node.source());
    if (const toml::table *table = node.as_table()) {
        value.type = TomlValue::Type::Table;
        for (const auto &[key, child] : *table)
            value.entries.push_back({fromUtf8(key.str()), lineOf(key.source()), convert(child)});
        // toml++ sorts by name; people expect the order in which they wrote.
        std::stable_sort(value.entries.begin(), value.entries.end(),
                         [](const TomlEntry &a, const TomlEntry &b) { return a.line < b.line; });
    } else if (const toml::array *array = node.as_array()) {
        value.type = TomlValue::Type::Array;
        for (const toml::node &element : *array)
            value.elements.push_back(convert(element));
    } else if (const auto *text = node.as_string()) {
        value.type = TomlValue::Type::String;
        value.scalar = fromUtf8(text->get());
    } else if (const auto *integer = node.as_integer()) {
        value.type = TomlValue::Type::Integer;
        value.scalar = qlonglong(integer->get());
    } else if (const auto *number = node.as_floating_point()) {
        value.type = TomlValue::Type::Float;
        value.scalar = number->get();
    } else if (const auto *boolean = node.as_boolean()) {
        value.type = TomlValue::Type::Boolean;
        value.scalar = boolean->get();
    } else {
        value.type = TomlValue::Type::DateTime;
        if (const auto *date = node.as_date())
            value.scalar = isoText(date->get());
        else if (const auto *time = node.as_time())
            value.scalar = isoText(time->get());
        else if (const auto *moment = node.as_date_time())
            value.scalar = isoText(moment->get());
    }
    return value;
}

} // namespace

Result<TomlValue> parseToml(const QByteArray &bytes, const QString &fileName)
{
    if (const int line = lineOfTooDeepKey(bytes)) {
        return Error(Error::Invalid,
                     Text::tr("%1:%2: a key of too many parts; nest less deeply").arg(fileName, QString::number(line)));
    }
    const toml::parse_result parsed = toml::parse(std::string_view(bytes.constData(), size_t(bytes.size())));
    if (!parsed) {
        const toml::source_position &place = parsed.error().source().begin;
        return Error(Error::Invalid, Text::tr("%1:%2:%3: not valid TOML: %4; correct it there (text stands in quotes)")
                                         .arg(fileName, QString::number(place.line), QString::number(place.column),
                                              fromUtf8(parsed.error().description()).simplified()));
    }
    return convert(parsed.table());
}

} // namespace Quern::config
