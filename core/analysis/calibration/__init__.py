"""How far a judge can be trusted: each judge against people, on the same responses.

Pure, as all of `core.analysis`. `items` brings people's and a judge's scores together; `ranks`,
`on_scale` and `pairs` compute over all draws of a bootstrap (`resampling`) at once; `statistics`
puts them into one table; `bounds` holds people against people (the ceiling) and judges that read
nothing against people (the floor); `evidence` and `standing` decide by a stated rule whether a
judge finds the bad models; `biases`, `choices`, `repeats`, `injections` and `unscored` look at one
weakness each; `panels` makes one judge of several; `disagreements` lists what to read. `card` is
all of it.
"""
