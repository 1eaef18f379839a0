"""The middleware modules of the template, called as the functions call them."""
