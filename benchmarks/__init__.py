"""What `make bench` measures: our work beside a reference that runs in the same minute on the same machine."""
