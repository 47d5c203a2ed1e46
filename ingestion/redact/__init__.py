"""
Takes personal data out of a text before anything is stored, and keeps equality while doing so.

The promise: a text leaves here with every finding replaced by a typed pseudonym, or it does not
leave at all. Nothing is downloaded, nothing about one text changes the result of another.

Reading order, which is the order of the data: `windows` cuts a long text, `recognizers` (with
`words`, `people`, `places`, `addresses`, `contacts`, `vocabulary`) and `engine` find spans,
`plausible` doubts those of the model, `overlap` makes them disjoint, `pseudonyms` replaces them,
`presidio` is the whole path, and `pool` runs it in several processes (`worker`, `frames`).
`settings` names versions and limits.

Importing this package, `settings` or `pool` costs next to nothing: the recognizer libraries are
imported by `engine` and `places` alone, and the gazetteers are read on first use.
"""
