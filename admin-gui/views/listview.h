#pragma once

#include "admin-gui/views/view.h"

namespace Quern::console {

class RecordPanel;

/// A view whose main part is one table of records.
class ListView : public View
{
    Q_OBJECT
public:
    using View::View;

    void setActive(bool isActive) override;
    QLineEdit *filterField() const override;
    /// "filter"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;
    void updateActions() override;

protected:
    /// To be called once, in the constructor. It belongs to the view's layout.
    void setPanel(RecordPanel *panel);
    /// ListView::place(), and \a more.
    QVariantMap placeWith(const QVariantMap &more) const;

private:
    RecordPanel *m_panel = nullptr;
};

} // namespace Quern::console
