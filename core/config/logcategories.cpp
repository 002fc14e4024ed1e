#include "config/logcategories.h"

#include "base/loglevels.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

namespace Quern::config {

namespace {

void readElement(const TomlValue &element, const Reading &reading, base::LogLevels &levels)
{
    if (!element.isString()) {
        reading.refuseAt(element.line,
                         Text::tr("%1 is no string; write it such as \"quern.http=debug\"").arg(element.shown()));
        return;
    }
    const QString text = element.scalar.toString();
    const qsizetype before = levels.categories.size();
    if (const Result<void> added = base::addCategoryLevel(text, levels); !added) {
        reading.refuseAt(
            element.line,
            isSecret(element)
                ? Text::tr("%1 is no category with a level; write it such as \"quern.http=debug\"").arg(element.shown())
                : added.error().message());
    } else if (levels.categories.size() == before) {
        reading.refuseAt(element.line,
                         Text::tr("the category of %1 is listed twice; remove one").arg(quotedOrMask(element, text)));
    }
}

} // namespace

QStringList readLogCategories(const Reading &reading, const QStringList &present)
{
    const TomlValue &value = reading.value;
    if (!value.isArray() && !value.isString()) {
        reading.refuse(Text::tr("a list of strings such as \"quern.http=debug\""),
                       toTomlText(QVariantList(present.cbegin(), present.cend())));
        return present;
    }
    base::LogLevels levels;
    if (value.isArray()) {
        for (const TomlValue &element : value.elements)
            readElement(element, reading, levels);
    } else {
        readElement(value, reading, levels);
    }
    return levels.categoryTexts();
}

} // namespace Quern::config
