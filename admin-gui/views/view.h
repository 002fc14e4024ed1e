#pragma once

#include "admin-gui/actions/actionrunner.h"

#include <QVariantMap>
#include <QWidget>

class QLineEdit;

namespace Quern::console {

class ServerStore;

/// What every view of the window works with. All of it outlives the views.
struct ViewContext
{
    Session &session;
    ActionRunner &actions;
    ServerStore &store;
};

/// One page of the window. It asks the server only while it is shown.
class View : public QWidget
{
    Q_OBJECT
public:
    /// \a name: in English, of the page, of its help and of its icon: "connections".
    View(const ViewContext &context, const QString &name, const QString &title);

    QString name() const { return objectName(); }
    const QString &title() const { return m_title; }

    /// Keys go there when it comes to be seen.
    void focusFirst() { (m_firstFocus ? m_firstFocus : this)->setFocus(); }
    /// Asks the server anew for what it shows.
    virtual void refresh() {}
    /// It is about to be seen, or no longer.
    virtual void setActive(bool isActive) { m_isActive = isActive; }
    /// Nothing that comes by itself changes what is seen, until it goes on.
    virtual void setPaused(bool isPaused) { m_isPaused = isPaused; }
    /// What "/" goes to; null if there is none.
    virtual QLineEdit *filterField() const { return nullptr; }
    /// What is needed to come back to what is seen now: filter, selection, and what it is about.
    virtual QVariantMap place() const { return {}; }
    virtual void goTo(const QVariantMap &place) { Q_UNUSED(place) }
    /// The role or the connection is another: what may be done now?
    virtual void updateActions() {}

Q_SIGNALS:
    /// Another view is to be shown, at that place.
    void goRequested(const QString &view, const QVariantMap &place);

protected:
    Session &session() const { return m_context.session; }
    ActionRunner &actions() const { return m_context.actions; }
    ServerStore &store() const { return m_context.store; }
    bool isActive() const { return m_isActive; }
    bool isPaused() const { return m_isPaused; }

    /// No focus proxy: Tab would not find what stands before that.
    void setFirstFocus(QWidget *widget) { m_firstFocus = widget; }
    /// For RecordPanel::addAction().
    std::function<bool()> allows(QLatin1StringView method) const;

private:
    ViewContext m_context;
    QString m_title;
    QWidget *m_firstFocus = nullptr;
    bool m_isActive = false;
    bool m_isPaused = false;
};

} // namespace Quern::console
