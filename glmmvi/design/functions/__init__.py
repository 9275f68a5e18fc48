"""R's functions, as far as formulas use them."""
