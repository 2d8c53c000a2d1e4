"""Go's `text/template` with the Sprig functions that Flux allows (spec/flux.md 5.9)."""
