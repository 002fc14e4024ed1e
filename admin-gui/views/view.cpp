#include "admin-gui/views/view.h"

namespace Quern::console {

View::View(const ViewContext &context, const QString &name, const QString &title) : m_context(context), m_title(title)
{
    setObjectName(name);
    setAccessibleName(title);
    connect(&context.session, &Session::stateChanged, this, &View::updateActions);
    connect(&context.session, &Session::connected, this, [this] {
        if (m_isActive && !m_isPaused)
            refresh();
    });
}

std::function<bool()> View::allows(QLatin1StringView method) const
{
    return [this, method] { return session().may(method); };
}

} // namespace Quern::console
