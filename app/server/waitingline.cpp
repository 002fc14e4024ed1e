#include "app/server/waitingline.h"

#include <QCoreApplication>

#include <cstdio>

#include <unistd.h>

namespace Quern::app {

WaitingLine::WaitingLine() : m_since(std::chrono::steady_clock::now()), m_isTerminal(::isatty(STDERR_FILENO) == 1) {}

WaitingLine::~WaitingLine()
{
    clear();
}

void WaitingLine::tick()
{
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - m_since);
    if (!m_isTerminal || waited.count() < 1)
        return;
    const QString text = QCoreApplication::translate("Quern::app::WaitingLine", "waiting, %1 s").arg(waited.count());
    std::fprintf(stderr, "\r  %s", text.toLocal8Bit().constData());
    std::fflush(stderr);
    m_isShown = true;
}

void WaitingLine::clear()
{
    if (!m_isShown)
        return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    m_isShown = false;
}

} // namespace Quern::app
