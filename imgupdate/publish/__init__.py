"""From what the policies chose to commits and pull requests (design, section 6).

publication  a whole run                              ports     what it needs of Git and GitHub
targets      which branches, from what, into what     branches  commits on them
groups       a pull request for each part             pulls     their pull requests
steps        what a branch needs                      messages  what commits say, who makes and signs them
trees        trees with edits, parts of trees         trailers  what tells our commits from those of others
ownership    whose commits a branch holds             sources   where images come from
settings     what people say about how to publish
"""
