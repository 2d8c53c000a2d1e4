"""Results as people and programs read them.

text      texts of strangers, made fit for a terminal        rows          one row for each policy
problems  problems in the order in which they are read       updates       one row for each step of an image
diff      the difference that a plan makes                   pull_request  title, body, and what it remembers
document  a run as JSON                                      summary       the summary of a job on GitHub
markdown  texts of strangers, made fit for GitHub            annotations   what GitHub shows at places in files
links     addresses of files and comparisons                 sections      what body and summary have in common
"""
