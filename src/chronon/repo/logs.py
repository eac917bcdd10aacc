"""Loggers in the form that the original's have."""

from __future__ import annotations

import logging

LOG_FORMAT = "[%(asctime)-11s] %(levelname)s [%(filename)s:%(lineno)d] %(message)s"


def get_logger(log_level: int = logging.INFO) -> logging.Logger:
    """A logger that writes from ``log_level`` on to the standard error."""
    logger = logging.getLogger("ai.chronon")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(LOG_FORMAT))
        logger.addHandler(handler)
    logger.setLevel(log_level)
    return logger
