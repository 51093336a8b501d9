// The same for tests.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "precompiled_room.h"
