"""Compile repos given as texts, with whichever ``ai.chronon`` the interpreter has; the results go out as JSON.

Run as a script: a list of ``{"files": {path: text}, "runs": [[flag, ...], ...]}`` comes in.
"""

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path


def forget(before):
    """Let the next run import the repo anew, as a new process would."""
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("group_bys", "joins", "staging_queries", "sources"):
            del sys.modules[name]


def compile_repo(repo):
    """What each run of ``compile.py`` did: exit code, exception, and the compiled files after all of them."""
    from click.testing import CliRunner

    from ai.chronon.repo.compile import extract_and_convert

    with tempfile.TemporaryDirectory() as root:
        for path, text in repo["files"].items():
            file = Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        before, here = set(sys.modules), Path.cwd()
        sys.path.insert(0, root)
        os.chdir(root)
        try:
            runs = []
            for flags in repo["runs"]:
                done = CliRunner().invoke(extract_and_convert, [f"--chronon_root={root}", *flags])
                error = done.exception if not isinstance(done.exception, SystemExit) else None
                runs.append(
                    {
                        "exit": done.exit_code,
                        "kinds": [cls.__name__ for cls in type(error).__mro__] if error is not None else [],
                        "said": f"{error or ''}\n{done.output}".replace(root, "ROOT"),
                    }
                )
                forget(before)
        finally:
            os.chdir(here)
            sys.path.remove(root)
        out = Path(root, "production")
        files = {f.relative_to(out).as_posix(): f.read_text() for f in sorted(out.rglob("*")) if f.is_file()}
    return {"runs": runs, "files": files}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump([compile_repo(repo) for repo in json.load(sys.stdin)], sys.stdout)
