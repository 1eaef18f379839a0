"""The tests of the template: they bake projects and use them."""
