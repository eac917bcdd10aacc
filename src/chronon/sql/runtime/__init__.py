"""What compiled row functions call: small total functions, one meaning each, that never raise on a value.

A name here is the name in a function's Python form. Arguments are never null unless a docstring says so.
"""

from chronon.sql.runtime.calendars import *  # noqa: F403
from chronon.sql.runtime.choices import *  # noqa: F403 - the namespace of compiled functions
from chronon.sql.runtime.containers import *  # noqa: F403
from chronon.sql.runtime.documents import *  # noqa: F403
from chronon.sql.runtime.encodings import *  # noqa: F403
from chronon.sql.runtime.hashing import *  # noqa: F403
from chronon.sql.runtime.lambdas import *  # noqa: F403
from chronon.sql.runtime.lists import *  # noqa: F403
from chronon.sql.runtime.mathematics import *  # noqa: F403
from chronon.sql.runtime.moments import *  # noqa: F403
from chronon.sql.runtime.numbers import *  # noqa: F403
from chronon.sql.runtime.texts import *  # noqa: F403
from chronon.sql.runtime.writing import *  # noqa: F403

NAMES = tuple(name for name in globals() if not name.startswith("_"))
