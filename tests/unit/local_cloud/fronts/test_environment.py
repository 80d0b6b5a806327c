"""What a started process gets, and above all what it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.fronts.environment import clean_environment

DEVELOPERS = {
    "PATH": "/bin",
    "LANG": "de_DE.UTF-8",
    "TMPDIR": "/scratch",
    "HOME": "/home/ann",
    "USER": "ann",
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/ann/key.json",
    "GOOGLE_CLOUD_PROJECT": "real-project",
    "CLOUDSDK_CONFIG": "/home/ann/.config/gcloud",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": "ya29.real",
    "GCE_METADATA_HOST": "metadata.google.internal",
    "NO_GCE_CHECK": "true",
    "AWS_SECRET_ACCESS_KEY": "real",
    "GITHUB_TOKEN": "real",
    "SSH_AUTH_SOCK": "/run/agent",
    "XDG_CONFIG_HOME": "/home/ann/.config",
    "PYTHONPATH": "/home/ann/lib",
    "https_proxy": "http://proxy.example:3128",
}
HOME = Path("/empty")


def test_only_what_a_process_needs_to_start_is_passed_on():
    environment = clean_environment({}, home=HOME, inherited=DEVELOPERS, internet=True)

    assert environment == {
        "PATH": "/bin",
        "LANG": "de_DE.UTF-8",
        "TMPDIR": "/scratch",
        "HOME": "/empty",
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }


def test_nothing_of_the_developers_is_left_when_the_way_out_is_closed_either():
    environment = clean_environment({}, home=HOME, inherited=DEVELOPERS)

    given = {name: environment[name] for name in DEVELOPERS if name in environment}
    assert given == {
        "PATH": "/bin",
        "LANG": "de_DE.UTF-8",
        "TMPDIR": "/scratch",
        "HOME": "/empty",
        "https_proxy": "http://127.0.0.1:9",
    }


def test_what_is_given_explicitly_wins():
    extra = {"GOOGLE_CLOUD_PROJECT": "barq-staging", "HTTPS_PROXY": "", "PATH": "/mine"}

    environment = clean_environment(extra, home=HOME, inherited=DEVELOPERS)

    assert {name: environment[name] for name in extra} == extra


def test_an_empty_environment_gets_a_path_and_a_unicode_locale():
    environment = clean_environment({}, home=HOME, inherited={})

    assert (environment["PATH"], environment["LANG"]) == (os.defpath, "C.UTF-8")


@pytest.mark.processes
def test_a_real_process_cannot_reach_beyond_loopback_but_can_reach_it(tmp_path):
    program = (
        "import requests\n"
        "for url in ('http://127.0.0.1:1/', 'https://run.googleapis.com/v2/x'):\n"
        "    try:\n"
        "        requests.get(url, timeout=5)\n"
        "    except requests.exceptions.ProxyError:\n"
        "        print('closed')\n"
        "    except requests.exceptions.ConnectionError:\n"
        "        print('direct')\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment({}, home=tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert ran.stdout.split() == ["direct", "closed"]
