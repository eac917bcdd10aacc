"""How hypothesis works here: a few examples each; ``HYPOTHESIS_PROFILE=quick`` does not make failures smaller."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "quick", settings.get_profile("default"), phases=[Phase.explicit, Phase.generate], print_blob=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
