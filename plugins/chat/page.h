#pragma once

#include <Quern/application.h>

/// Serves the page for browsers and what belongs to it, below /chat.
void installPage(Quern::Application &app);
