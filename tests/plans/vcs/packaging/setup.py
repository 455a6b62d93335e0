import pathlib

import setuptools

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")

setuptools.setup(install_requires=REQUIREMENTS.read_text().splitlines())
