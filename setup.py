"""Builds the compiled kernel; everything else about the project is in pyproject.toml."""

from collections.abc import Iterator
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

MEND = """
The aggregation kernel needs a C compiler and the Python headers. Install them and try again:
  Debian, Ubuntu   apt-get install gcc python3-dev
  Fedora, RHEL     dnf install gcc python3-devel
  macOS            xcode-select --install
"""


class BuildKernel(build_ext):
    """Says what to install when the compiler is missing."""

    def run(self) -> None:
        """Build, or name the missing compiler."""
        try:
            super().run()
        except CompileError as error:
            raise CompileError(f"{error}\n{MEND}") from error


def extensions() -> Iterator[Extension]:
    """One extension for each .pyx file of the package."""
    # no fused multiply-add: the pairs of doubles need the exact rounding of IEEE 754;
    # words are read as doubles and back; whole numbers wrap
    flags = ["-O3", "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv"]
    for path in sorted(Path("src").rglob("*.pyx")):
        name = ".".join(path.relative_to("src").with_suffix("").parts)
        yield Extension(name, [str(path)], extra_compile_args=flags)


setup(
    ext_modules=cythonize(list(extensions()), build_dir="build/cython", include_path=["src"]),
    cmdclass={"build_ext": BuildKernel},
)
