"""Loggers."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import logging

from chronon.repo.logs import LOG_FORMAT, get_logger
