#include "base/span.h"
