"""From what the policies chose to commits and pull requests.

ports   what this needs of Git and GitHub
"""
