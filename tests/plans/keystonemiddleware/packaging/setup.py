import setuptools

with open("requirements.txt") as requirements:
    setuptools.setup(install_requires=requirements.read().splitlines())
