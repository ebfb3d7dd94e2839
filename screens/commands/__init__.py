"""The commands of the command line, by what they are for; ``devolution.py`` puts them together."""
