"""Part I: layers, and what can be counted and differentiated about them."""
