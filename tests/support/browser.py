"""Headless Chromium, and what a page asked for and complained of."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """The browser; without one the test is skipped, and fails where `ANENAS_CI` is 1."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        missing = "there is no chromium with chromedriver (Debian: apt-get install chromium-driver)"
        pytest.fail(missing) if os.environ.get("ANENAS_CI") == "1" else pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(programs[1])))
    try:
        yield driver
    finally:
        driver.quit()


def opened(driver: webdriver.Chrome, page: Path, *, width: int = 1280, theme: str = "light") -> None:
    """Open a page as a window of that width and a user who prefers that theme have it."""
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get(page.as_uri())


def asked_for(driver: webdriver.Chrome) -> set[str]:
    """The addresses that pages have asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"}
