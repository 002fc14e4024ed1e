#pragma once

#include <QDialog>

class QTextBrowser;

namespace Quern::console {

/// The pages of help, one for each view.
class HelpWindow final : public QDialog
{
    Q_OBJECT
public:
    /// \a language: "zh_CN"; pages that there are not in it are shown in English.
    HelpWindow(const QString &language, QWidget *parent);

    /// \a page: the name of a view.
    void showPage(const QString &page);

private:
    const QString m_language;
    QTextBrowser *m_text;
};

} // namespace Quern::console
