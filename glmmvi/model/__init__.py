"""Model layer: what a mixed model is, as TFP distributions.

Modules that say so in their first lines load TensorFlow when they are imported; this package
does not import them. The arrays (`gaussian_surrogate`) and the priors (`priors`) are free of it.
"""
