import os

import setuptools

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "requirements.txt")) as lines:
    REQUIREMENTS = lines.read().splitlines()

setuptools.setup(install_requires=REQUIREMENTS)
