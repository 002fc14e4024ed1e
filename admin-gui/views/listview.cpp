#include "admin-gui/views/listview.h"

#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"

namespace Quern::console {

namespace {

const QString filterWord = QStringLiteral("filter");

} // namespace

void ListView::setPanel(RecordPanel *panel)
{
    m_panel = panel;
    m_panel->table()->setAccessibleName(title());
    setFirstFocus(m_panel->table());
}

void ListView::setActive(bool isActive)
{
    View::setActive(isActive);
    if (isActive)
        refresh();
}

QLineEdit *ListView::filterField() const
{
    return m_panel->filterField();
}

QVariantMap ListView::place() const
{
    return {{filterWord, m_panel->filterText()}};
}

QVariantMap ListView::placeWith(const QVariantMap &more) const
{
    QVariantMap place = ListView::place();
    place.insert(more);
    return place;
}

void ListView::goTo(const QVariantMap &place)
{
    m_panel->setFilterText(place.value(filterWord).toString());
}

void ListView::updateActions()
{
    m_panel->updateActions();
}

} // namespace Quern::console
